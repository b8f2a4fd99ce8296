// Private data between peers of one organization, on their ports: weft.peer.PrivateData, and the link that asks it.
#pragma once

#include "edge/services.hpp"

namespace weft::edge {

/// weft.peer.PrivateData: Fetch. Of one peer, whose PRIVATE_SERVER judges who asks. With it comes the peer's PRIVATE_LINK, in the directory for as long as the
/// port is open: it asks other peers of the organization where `context.locate` says, shows them the peer's TLS certificate, and takes nobody for them
/// whom the organization's TLS CA does not call by their name. Without those files in the network's folder there is no link.
[[nodiscard]] equipped_service make_private_data_service(const door_context& context);

}  // namespace weft::edge
