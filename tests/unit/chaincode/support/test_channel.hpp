// A channel for tests of contracts: simulates transactions and applies them, each as a block of its own, with nobody judging them.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "chaincode/lifecycle/package_store.hpp"
#include "chaincode/simulation/simulation.hpp"
#include "tests/unit/chaincode/support/golden_chain.hpp"
#include "tests/unit/chaincode/support/golden_contract.hpp"

namespace weft::chaincode::testing {

/// What a deployment says beyond name and contract.
struct deployment {
  std::string version = "1.0";
  std::int64_t sequence = 1;
  bool init_required = false;
  bytes collections;  ///< pb(CollectionConfigPackage)
};

/// A context with what it borrows.
struct test_context {
  std::shared_ptr<const ledger::channel_bundle> bundle;
  simulation_context value;
};

/// Organizations Org1MSP and Org2MSP, configured as the golden channel is.
class test_channel {
 public:
  test_channel();
  /// Makes a contract known to the host, as installed.
  void install(const std::string& name, contract_ptr code) { contracts_[name] = std::move(code); }
  /// Installs, approves by both organizations, commits.
  void deploy(const std::string& name, contract_ptr code, const deployment& d = {});
  /// Approves for one organization; the package defaults to the installed one.
  [[nodiscard]] result<simulation_result> approve(const std::string& msp_id, const std::string& name, const deployment& d);
  [[nodiscard]] result<simulation_result> approve(const std::string& msp_id, const std::string& name, const deployment& d, const std::string& package);
  [[nodiscard]] result<simulation_result> commit_definition(const std::string& msp_id, const std::string& name, const deployment& d);
  /// Calls a function of `_lifecycle`.
  [[nodiscard]] result<simulation_result> lifecycle(const std::string& msp_id, const std::string& function, const bytes& args);

  [[nodiscard]] result<simulation_result> run(const std::string& name, std::vector<bytes> args) { return run_proposal(make_test_proposal(name, std::move(args)), "Org1MSP"); }
  [[nodiscard]] result<simulation_result> run_proposal(const ledger::proposal& p, const std::string& msp_id);
  /// What a simulation of this proposal sees now. Borrows the proposal and this channel.
  [[nodiscard]] test_context context_of(const ledger::proposal& p, const std::string& msp_id);
  /// The answer of a run that must be executed, whatever it says.
  [[nodiscard]] response answer(const std::string& name, std::vector<bytes> args);
  /// Applies what a simulation wrote, as the next block.
  void apply(const result<simulation_result>& r);
  /// answer() and apply().
  response invoke(const std::string& name, std::vector<bytes> args);

  [[nodiscard]] std::string package_of(std::string_view name) const { return contracts_.contains(std::string(name)) ? std::string(name) + "_1.0:beef" : ""; }
  simulation_limits limits;
  definition_cache* definitions = nullptr;
  bool defined_collections = false;
  std::shared_ptr<const ledger::channel_ledger> history;

 private:
  std::shared_ptr<ledger::state_store> store_;
  std::map<std::string, contract_ptr, std::less<>> contracts_;
  contract_ptr lifecycle_;
};

/// What a transaction's results say about one namespace; empty when it is not there.
[[nodiscard]] ledger::namespace_rwset namespace_of(const simulation_result& r, const std::string& ns);

}  // namespace weft::chaincode::testing
