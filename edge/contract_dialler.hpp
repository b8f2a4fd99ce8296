// The gRPC client of contracts that run as services: protos.Chaincode/Connect, for the roles' contract_dialler.
#pragma once

#include <memory>

#include "actors/peer/contract_link.hpp"

namespace weft::edge {

/// Each stream has a connection of its own, so that a service that was restarted is found at once. With TLS as the connection says: the service's
/// certificate must come from its root_cert, for the address's host. Messages up to 100 MiB.
[[nodiscard]] std::shared_ptr<actors::contract_dialler> make_contract_dialler();

}  // namespace weft::edge
