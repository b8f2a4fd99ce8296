#include <array>

#include "chaincode/simulation/invocation.hpp"
#include "config/base/assert.hpp"
#include "ledger/state/apply.hpp"
#include "ledger/state/metadata_presence.hpp"
#include "peer/chaincode_event.pb.h"
#include "proto/encode.hpp"

namespace weft::chaincode {
namespace {

constexpr std::int32_t first_error_status = 400;

/// cscc and qscc answer about the ledger beside any simulation: they have no read/write set.
bool runs_without_simulator(std::string_view name) { return name == "cscc" || name == "qscc"; }

bytes encode_event(const transaction& tx, const ledger::proposal& p) {
  ::protos::ChaincodeEvent event;
  event.set_chaincode_id(p.chaincode_name);
  event.set_tx_id(p.header.tx_id);
  event.set_event_name(tx.event_name);
  event.set_payload(tx.event_payload);
  return proto::encode(event);
}

/// Key-level policies of what was written, as committed: the endorsers must satisfy them too. Not part of the read set.
result<void> collect_policies(const transaction& tx, simulation_result& out) {
  for (const auto& [ns, keys] : tx.sets.written_keys()) {
    out.written_namespaces.push_back(ns);
    if (!tx.context.bundle || !tx.context.bundle->caps().key_level_endorsement || !ledger::may_have_metadata(tx.sets.state(), ns)) continue;
    std::set<bytes> policies;
    for (const auto& key : keys) {
      WEFT_TRY(const auto value, tx.sets.state().get(ns, key));
      if (!value || value->metadata.empty()) continue;
      WEFT_TRY(const auto entries, ledger::decode_metadata(value->metadata));
      for (const auto& [name, policy] : entries) {
        if (name == "VALIDATION_PARAMETER" && !policy.empty()) policies.insert(policy);
      }
    }
    if (!policies.empty()) out.key_policies[ns] = {policies.begin(), policies.end()};
  }
  return {};
}

/// Fabric's text around what went wrong while running.
error in_simulation(const ledger::proposal& p, error e) {
  const bool by_contract = e.context.rfind("transaction returned with failure", 0) == 0;
  if (!by_contract) e = within("failed to execute transaction " + p.header.tx_id, std::move(e));
  return within("error in simulation", std::move(e));
}

result<void> fill(transaction& tx, simulation_result& out) {
  const auto& p = *tx.context.proposal;
  if (tx.has_event && out.answer.status < first_error_status) {
    WEFT_CHECK(tx.sets.charge(tx.event_name.size() + tx.event_payload.size()));
    out.event = encode_event(tx, p);
  }
  if (auto failure = tx.sets.failure()) return fail(std::move(*failure));
  if (runs_without_simulator(p.chaincode_name)) return {};
  out.results = tx.sets.sets().encode();
  out.privates = tx.sets.privates();
  return collect_policies(tx, out);
}

}  // namespace

bool is_system_contract(std::string_view name) {
  static constexpr std::array<std::string_view, 4> names{"_lifecycle", "cscc", "lscc", "qscc"};
  for (const auto n : names) {
    if (n == name) return true;
  }
  return false;
}

std::string access_denied(std::string_view contract, const std::string& function, const std::string& channel, const std::string& why) {
  if (contract == "_lifecycle") return "Failed to authorize invocation due to failed ACL check: " + why;
  return "access denied for [" + function + "][" + channel + "]: " + (contract == "qscc" ? "[" + why + "]" : why);
}

result<simulation_result> simulate(const simulation_context& context) {
  WEFT_ASSERT(context.proposal && context.state, "a simulation needs a proposal and a state");
  const auto& p = *context.proposal;
  transaction tx(context);
  const auto target = tx.find(p.chaincode_name);
  if (!target) {
    return fail(within("make sure the chaincode " + p.chaincode_name + " has been successfully defined on channel " + p.header.channel_id + " and try again",
                       target.error()));
  }
  auto answer = tx.run(p.chaincode_name, *target, p.args, p.is_init);
  if (!answer) return fail(in_simulation(p, std::move(answer).error()));
  simulation_result out;
  out.answer = std::move(*answer);
  out.chaincode_version = target->version();
  if (auto r = fill(tx, out); !r) return fail(in_simulation(p, std::move(r).error()));
  return out;
}

}  // namespace weft::chaincode
