// Runs a proposal on a snapshot and records what it read and wrote. interop/05 §3, interop/01 §10.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "chaincode/contract/contract.hpp"
#include "chaincode/simulation/definition_cache.hpp"
#include "chaincode/simulation/limits.hpp"
#include "ledger/chain/channel_ledger.hpp"
#include "ledger/channel/bundle.hpp"
#include "ledger/tx/envelope.hpp"
#include "ledger/tx/rwset.hpp"

namespace weft::chaincode {

/// Everything one simulation may look at. Borrowed for the call.
struct simulation_context {
  const ledger::proposal* proposal = nullptr;
  std::shared_ptr<const ledger::state_view> state;
  const ledger::channel_ledger* history = nullptr;  ///< For history queries; null: refused.
  const ledger::channel_bundle* bundle = nullptr;
  std::string local_msp_id;                          ///< The endorsing peer's organization.
  /// Installed contracts by name; null pointer for an unknown one.
  std::function<contract_ptr(std::string_view name)> find_contract;
  /// Package id installed on this peer for a definition (name, or "" if none): what approvals of this organization are checked against.
  std::function<std::string(std::string_view name)> installed_package;
  simulation_limits limits;
  definition_cache* definitions = nullptr;           ///< Optional: remembers approved definitions of this channel between simulations.
  /// Whether collections of a definition may be used. Off while peers do not exchange private data: only `_implicit_org_<MSPID>` exist then.
  bool defined_collections = false;
};

/// What came out. `code` < 400: `results`, `event` are to be endorsed.
struct simulation_result {
  response answer;
  bytes results;                                   ///< pb(TxReadWriteSet)
  bytes event;                                     ///< pb(ChaincodeEvent) or empty
  std::string chaincode_version;                   ///< Of the definition; "syscc" for system contracts.
  std::vector<ledger::private_writes> privates;    ///< Plain private writes, to be kept until commit.
  std::vector<std::string> written_namespaces;     ///< For endorsement plans.
  std::map<std::string, std::vector<bytes>> key_policies;  ///< ns → key-level policies of written keys
};

/// Errors are failures before or during execution (interop/04 §1, form R), with Fabric's text: `not_found` when the contract is not defined,
/// `failed_precondition` when it is not approved by the own organization or not installed, `io` and `corruption` of the state,
/// `invalid_argument` and `internal` when the contract may not be called so, exceeded a bound, or threw.
/// An answer with status ≥ 400 is a result, not an error; it has no event. Thread-safe for distinct contexts.
[[nodiscard]] result<simulation_result> simulate(const simulation_context& context);

/// `_lifecycle`, lscc, cscc and qscc: they need no definition. The host finds those that it has by name (chaincode/system).
[[nodiscard]] bool is_system_contract(std::string_view name);

}  // namespace weft::chaincode
