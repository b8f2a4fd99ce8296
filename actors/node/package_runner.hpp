// Runs what is installed as source code: packages of Node contracts become processes of the network.
#pragma once

#include <mutex>
#include <set>

#include "chaincode/lifecycle/package_store.hpp"
#include "chaincode/process/contract_keeper.hpp"
#include "config/base/executor.hpp"

namespace weft::actors {

/// Thread-safe; does not block: packages are unpacked by the executor. One process serves all peers of the node. The keeper outlives it.
class package_runner : public std::enable_shared_from_this<package_runner> {
 public:
  /// `folder`: packages are unpacked in LABEL.HASH below it.
  package_runner(std::filesystem::path folder, chaincode::contract_keeper& keeper, std::shared_ptr<executor> background)
      : folder_(std::move(folder)), keeper_(keeper), background_(std::move(background)) {}

  [[nodiscard]] static bool runs(const chaincode::installed_package& p);
  /// Starts its process, unless there is one. What goes wrong is in the log; the next one who asks begins anew.
  void start(const chaincode::installed_package& p, std::shared_ptr<const chaincode::package_store> from);
  /// Where its process is, which is started if there is none.
  [[nodiscard]] std::optional<chaincode::connection> connection_of(const chaincode::installed_package& p, const std::shared_ptr<const chaincode::package_store>& from);

 private:
  void begin(const chaincode::installed_package& p, const chaincode::package_store& from);
  [[nodiscard]] result<void> unpack_and_start(const chaincode::installed_package& p, const chaincode::package_store& from);
  [[nodiscard]] std::filesystem::path folder_of(const chaincode::installed_package& p) const;

  const std::filesystem::path folder_;
  chaincode::contract_keeper& keeper_;
  const std::shared_ptr<executor> background_;
  std::mutex mutex_;
  std::set<std::string> starting_;  ///< Package ids.
};

/// The store; what is installed through it is started.
[[nodiscard]] std::shared_ptr<chaincode::package_store> with_runner(std::shared_ptr<chaincode::package_store> store, std::shared_ptr<package_runner> runner);

}  // namespace weft::actors
