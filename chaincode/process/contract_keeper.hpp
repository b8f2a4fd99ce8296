// CONTRACT KEEPER of a node: starts contracts as services on this machine, starts them again when they die, remembers them for the next start of the node,
// and lets none outlive it.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "chaincode/process/launch_plan.hpp"
#include "chaincode/process/lifeline.hpp"

namespace weft::chaincode {

/// A contract that is kept. What is remembered of it.
struct kept_contract {
  std::string label;    ///< Of its package: "basic_1.0".
  std::string path;     ///< Absolute, as it was given: a folder of a Node contract, or an executable.
  service_identity who; ///< Its package's id, and the address in the package.
  bool developed = false;  ///< Started again often: the next process is kept ready. Not remembered.
};

struct kept_report {
  kept_contract contract;
  lifeline::phase phase{};
  int pid = 0;             ///< 0: there is no process now.
  std::size_t starts = 0;
  std::string last_end;    ///< How it ended the last time; empty: it has not.
  std::string log;         ///< File.
};

struct keeper_settings {
  std::filesystem::path folder;  ///< Of the list "contracts.json" and the logs.
  lifeline_options life;
  std::vector<std::string> environment;  ///< What processes inherit, "NAME=value"; PATH among it says where node is.
  std::string msp_id;                    ///< Whose peers call the contracts: the shims' getMspID. Empty: those of several organizations.
};

/// Thread-safe. Has one thread of its own, which starts and hears all processes.
class contract_keeper {
 public:
  static constexpr std::size_t contracts_max = 64, path_bytes_max = 4'096;
  using told = std::function<void(const result<void>&)>;  ///< Called once, from the keeper's thread; it must not wait there.

  /// Starts what is remembered in the folder. A list that cannot be read is an error: contracts would silently be missing.
  /// Errors: `io`, `corruption`.
  [[nodiscard]] static result<std::unique_ptr<contract_keeper>> open(keeper_settings settings);
  virtual ~contract_keeper() = default;  ///< stop_all().

  /// "127.0.0.1:PORT" for a contract with this label and path: the one it has had, else one that nobody uses now.
  /// Ports are 28000 to 31999, below those that the system gives to outgoing connections. Errors: `busy` when there is none.
  [[nodiscard]] virtual result<std::string> address_for(const std::string& label, const std::string& path) = 0;
  /// Starts it, or starts it again when it runs: then it has what lies at the path now. `done` hears when it accepts connections, or why it does
  /// not, with the last lines it said; it goes on being started again. Remembered once this has returned. Errors: those of plan_launch; `busy` for too many; `io`.
  [[nodiscard]] virtual result<void> start(kept_contract what, told done) = 0;
  /// The same for one that is there. Errors: `not_found`.
  [[nodiscard]] virtual result<void> restart(const std::string& package_id, told done) = 0;
  /// Ends it and forgets it. Errors: `not_found`, `io`.
  [[nodiscard]] virtual result<void> stop(const std::string& package_id, told done) = 0;
  [[nodiscard]] virtual std::vector<kept_report> list() const = 0;
  /// Where the process of a package listens, or will; empty for one that is not kept here.
  [[nodiscard]] virtual std::string address_of(const std::string& package_id) const = 0;
  /// What the contract said last, for error texts; empty for one that is not kept here.
  [[nodiscard]] virtual std::string last_lines_of(const std::string& package_id) const = 0;
  /// Ends all processes, which are remembered. Blocks until they are gone: at most the stop timeout. Idempotent.
  virtual void stop_all() = 0;
};

}  // namespace weft::chaincode
