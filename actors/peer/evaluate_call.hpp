// One Evaluate call of a gateway: a query on one peer, on another one where that fails through no fault of the contract or the client.
#pragma once

#include "actors/peer/endorse_call.hpp"

namespace weft::actors {

/// Starts the call; `counted` is held until it is over. `msp_ids`: whose peers may be asked; none: all. With transient data and without names only the
/// gateway's own organization is asked. The gateway's own peer comes first, then others of its organization, then the rest.
void start_evaluate_call(gateway_self self, channel_ptr channel, const signed_proposal& proposal, const std::vector<std::string>& msp_ids,
                         caf::typed_response_promise<gateway_reply> promise, std::shared_ptr<void> counted);

}  // namespace weft::actors
