// What a gateway knows of endorsers and of the policies of contracts.
#pragma once

#include <functional>
#include <set>

#include "actors/peer/endorse_call.hpp"
#include "chaincode/endorsement/reply.hpp"

namespace weft::actors {

/// Asks those endorsers whose identity is not known yet who they are, then calls `then`: after two seconds at the latest, at once when all are known.
void learn_endorsers(gateway_self self, const std::function<void()>& then);

/// Endorsers that live and are valid members of the channel, without those in `left_out` (site names). In the order of their names.
[[nodiscard]] std::vector<chaincode::candidate> living_endorsers(gateway_state& s, const channel_snapshot& snapshot, const std::set<std::string>& left_out);

/// The policy of one contract, remembered until its definition or the channel's configuration changes. Errors: `not_found`, naming the contract.
[[nodiscard]] result<crypto::policy_ptr> policy_of(gateway_state& s, const std::string& channel_id, const channel_snapshot& snapshot, const std::string& contract);

/// Whether peers of the channel can be asked to run it: it is defined there, or one of the system's own.
[[nodiscard]] bool is_defined(gateway_state& s, const std::string& channel_id, const channel_snapshot& snapshot, const std::string& contract);

/// MSP id of a site's endorser, as far as it is known and valid in the channel.
[[nodiscard]] std::string msp_id_of(const gateway_state& s, const channel_snapshot& snapshot, const std::string& site);

/// What is wrong with an endorser's answer, in the words of interop/04 §2; empty when it is good. `by_contract`: the contract itself said so, and every
/// peer would.
struct endorser_failure {
  std::string why;
  bool by_contract = false;
};
[[nodiscard]] endorser_failure failure_in(const chaincode::endorsement_view& view);

}  // namespace weft::actors
