// The services of a peer's door, each as a table of methods. They translate and hand over; roles decide. interop/04.
#pragma once

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "actors/node/contract_papers.hpp"
#include "actors/node/node.hpp"
#include "edge/access.hpp"
#include "edge/rpc/server.hpp"

namespace weft::edge {

/// A member of the network as clients know it.
struct member_location {
  std::string address, msp_id;  ///< "localhost:7051"
};

/// What services share. The node outlives the door.
struct door_context {
  caf::actor_system* system = nullptr;
  actors::node* node = nullptr;
  std::shared_ptr<const peer_choice> peers;   ///< A port of one peer has no choice.
  std::shared_ptr<const actors::orderer_site> orderer;  ///< Behind a port of an orderer.
  std::function<void()> stop;                 ///< Asks the process to end; called from gRPC's threads.
  std::function<std::size_t()> open_calls;
  /// Where clients find a member; nothing for one that has no port. Null behind the socket, whose clients know members by name.
  std::function<std::optional<member_location>(const std::string& member)> locate;
  /// Behind a port for contracts: who they are. Null behind the socket, which nobody but the network's owner reaches.
  std::shared_ptr<const actors::contract_papers> papers;
  timestamp opened{};
};

[[nodiscard]] inline actors::rpc_status malformed_request() { return actors::status_of(actors::rpc_code::invalid_argument, "the request is malformed"); }

/// A service with the actors that belong to it; they are stopped after the server.
struct equipped_service {
  edge::service service;
  std::vector<caf::strong_actor_ptr> bridges;
};

/// gateway.Gateway: Evaluate, Endorse, Submit, CommitStatus, ChaincodeEvents.
[[nodiscard]] equipped_service make_gateway_service(const door_context& context);
/// protos.Endorser: ProcessProposal.
[[nodiscard]] equipped_service make_endorser_service(const door_context& context);
/// protos.Deliver: Deliver, DeliverFiltered, DeliverWithPrivateData.
[[nodiscard]] equipped_service make_deliver_service(const door_context& context);
/// orderer.AtomicBroadcast: Broadcast, Deliver. Of one orderer.
[[nodiscard]] equipped_service make_atomic_broadcast_service(const door_context& context);
/// Its Deliver.
[[nodiscard]] stream_handler orderer_block_streams(const door_context& context);
/// protos.ChaincodeSupport: Register. Without papers whoever comes may say to be any installed package.
[[nodiscard]] equipped_service make_chaincode_support_service(const door_context& context);
/// weft.control.Control.
[[nodiscard]] equipped_service make_control_service(const door_context& context);
/// weft.control.Contracts.
[[nodiscard]] equipped_service make_contract_service(const door_context& context);

/// Metadata by which a client names the peer that shall serve it.
inline constexpr const char* peer_metadata = "weft-peer";

}  // namespace weft::edge
