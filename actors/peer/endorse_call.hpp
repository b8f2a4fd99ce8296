// One Endorse call of a gateway: from the policy to a transaction that the client can sign.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "actors/peer/client_gateway.hpp"
#include "actors/peer/roles.hpp"
#include "chaincode/endorsement/plan.hpp"

namespace weft::actors {

/// Somebody who waits for a transaction to commit.
struct waiting_call {
  caf::typed_response_promise<commit_reply> promise;
  caf::actor_clock::time_point deadline;
};

/// A contract's endorsement policy as it was when `defined_at` was the version of its definition and `bundle` the configuration.
struct known_policy {
  version defined_at;
  std::shared_ptr<const ledger::channel_bundle> bundle;
  crypto::policy_ptr policy;
};

struct submit_call;
using submit_ptr = std::shared_ptr<submit_call>;

struct gateway_state {
  peer_ptr site;
  route<endorser_actor> own_endorser;
  std::map<std::string, route<endorser_actor>> endorsers;        ///< By site name.
  std::map<std::string, bytes> endorser_identities;              ///< By site name, as `whois` told.
  std::map<std::string, known_policy> policies;                  ///< By "channel/contract": reading a definition costs five look-ups.
  std::uint64_t directory_epoch = 0;                             ///< When the endorsers were last listed.
  std::unordered_multimap<std::string, waiting_call> waiting;    ///< By "channel/txid".
  std::shared_ptr<std::size_t> calls;
  std::size_t spread = 0;
  std::map<std::uint64_t, submit_ptr> submits;                   ///< On their way, in the order in which they came.
  std::uint64_t submits_begun = 0;
  bool looks_after_submits = false;                              ///< A timer runs.
  std::set<caf::actor_addr> watched;                             ///< Orderers and endorsers that were asked: when one is gone, so are its answers.
  static inline const char* name = "gateway";
};

using gateway_self = role_self<client_gateway_actor, gateway_state>;

[[nodiscard]] gateway_reply refused(rpc_code code, std::string message, std::vector<error_detail> details = {});
/// A counted call: refuses beyond the limit (null), counts down when the promise's holder is gone.
[[nodiscard]] std::shared_ptr<void> enter(gateway_state& s);
[[nodiscard]] gateway_reply too_many(const gateway_state& s);
// Texts of interop/04 §2.
[[nodiscard]] std::string no_channel(const std::string& id);
[[nodiscard]] std::string no_metadata(const std::string& contract, const std::string& channel_id);
[[nodiscard]] std::string nobody_of(const std::vector<std::string>& msp_ids);

/// Starts the call; `counted` is held until it is over. With `msp_ids` one peer of each endorses and the policy is not asked.
void start_endorse_call(gateway_self self, channel_ptr channel, const signed_proposal& proposal, const std::vector<std::string>& msp_ids,
                        caf::typed_response_promise<gateway_reply> promise, std::shared_ptr<void> counted);

/// The pause before endorsers are asked again is over.
void ask_endorsers_again(const std::shared_ptr<endorse_call>& call);

}  // namespace weft::actors
