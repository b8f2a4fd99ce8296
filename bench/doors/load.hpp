// The clients of a bench over the doors: a process of their own, so that the network's books hold nothing of theirs.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "config/base/result.hpp"

namespace weft::bench {

/// Which services the clients call.
enum class door_kind : std::uint8_t {
  gateway,   ///< Endorse, Submit, CommitStatus of one peer's gateway.
  endorser,  ///< ProcessProposal at one peer of each organization, Broadcast, DeliverFiltered.
  evaluate,  ///< Evaluate only: nothing is committed.
};

/// What the clients must know. Crosses a pipe as JSON.
struct load_plan {
  door_kind via = door_kind::gateway;
  std::string channel;
  std::uint64_t txs = 0, warm_up = 0;
  std::size_t clients = 1, value_bytes = 100;
  unsigned deadline_seconds = 600;
  std::string client_msp_folder, client_msp_id;      ///< Whom they sign for.
  std::vector<std::pair<std::string, std::string>> peers;  ///< Address and TLS root (PEM) of one peer for each organization; the client's own first.
  std::pair<std::string, std::string> orderer;
};

/// What became of it. Crosses a pipe as JSON.
struct load_result {
  std::string failure;                               ///< Not empty: the load did not end.
  std::uint64_t measured = 0, valid = 0, window_nanos = 0, starved = 0, envelopes = 0, envelope_bytes = 0, endorsements_per_tx = 0;
  std::map<std::string, std::uint64_t> others;       ///< At most 32 kinds.
  std::vector<std::uint64_t> latencies;              ///< Nanoseconds, of each transaction in the window.
};

/// A child of this process, forked without a new program: make it while this process has one thread. It ends when this object does.
class load_process {
 public:
  [[nodiscard]] static result<std::unique_ptr<load_process>> start();
  ~load_process();
  load_process(const load_process&) = delete;
  load_process& operator=(const load_process&) = delete;
  /// Runs the plan; blocks. `on_window` is called when the first measured transaction is about to begin. Errors: `io` when the child is gone.
  [[nodiscard]] result<load_result> run(const load_plan& plan, const std::function<void()>& on_window) const;

 private:
  load_process(pid_t pid, int line) : pid_(pid), line_(line) {}
  pid_t pid_;
  int line_;
};

/// In the child: the load itself. `on_window` as above.
[[nodiscard]] load_result run_load(const load_plan& plan, const std::function<void()>& on_window);

[[nodiscard]] std::string to_json(const load_plan& plan);
[[nodiscard]] std::string to_json(const load_result& found);
/// Errors: `invalid_argument`.
[[nodiscard]] result<load_plan> parse_plan(const std::string& json);
[[nodiscard]] result<load_result> parse_result(const std::string& json);

}  // namespace weft::bench
