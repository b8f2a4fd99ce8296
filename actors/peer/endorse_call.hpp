// One Endorse call of a gateway: from the policy to a transaction that the client can sign.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

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

/// A transaction on its way to whichever orderer takes it.
struct submit_call {
  ledger::envelope tx;
  std::string channel;
  std::vector<std::string> orderers;
  std::size_t next = 0, tried = 0;         ///< Which one is asked; how many were in this round.
  caf::actor_clock::time_point begun, deadline;
  caf::timespan pause{0};                  ///< Before the next round.
  gateway_reply last;                      ///< What the client hears if nobody takes it …
  std::map<std::string, error_detail> heard;  ///< … with what each orderer said last, by its name.
  caf::typed_response_promise<gateway_reply> promise;
  std::shared_ptr<void> counted;
};
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
  std::map<std::string, std::string> preferred;                  ///< By channel: the orderer that led when last heard of.
  std::set<caf::actor_addr> watched;                             ///< Orderers and endorsers that were asked: when one is gone, so are its answers.
  static inline const char* name = "gateway";
};

/// Starts the call; `counted` is held until it is over. With `msp_ids` one peer of each endorses and the policy is not asked.
void start_endorse_call(role_self<gateway_actor, gateway_state> self, channel_ptr channel, const signed_proposal& proposal, const std::vector<std::string>& msp_ids, caf::typed_response_promise<gateway_reply> promise, std::shared_ptr<void> counted);

}  // namespace weft::actors
