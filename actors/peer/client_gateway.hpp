// What a gateway's clients may ask beyond interfaces.hpp.
#pragma once

#include "actors/interfaces.hpp"

namespace weft::actors {

struct endorse_call;

/// The same actor as gateway_actor, with all that it understands.
using client_gateway_actor = gateway_actor::extend<
    // Runs a query on a peer of one of these organizations (MSP ids; none: of any). payload: pb(protos.Response).
    caf::replies_to<atom::evaluate, signed_proposal, std::vector<std::string>>::with<gateway_reply>,
    // INTERNAL: asks endorsers again that were not of one mind.
    caf::reacts_to<atom::endorse, std::shared_ptr<endorse_call>>>;

}  // namespace weft::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::shared_ptr<weft::actors::endorse_call>)
