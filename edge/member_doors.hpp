// The ports of a node's members, as Fabric's clients know them: TLS on a port for each peer (Gateway, Endorser, Deliver) and each orderer
// (AtomicBroadcast). What people do with `weft` goes through door.hpp's socket; nothing of that is served here.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "edge/door.hpp"

namespace weft::edge {

struct member_port {
  std::string member;   ///< "peer0.org1.example.com"
  std::string address;  ///< What clients are told, "localhost:7051". A loopback host listens there only, any other on all addresses of the machine.
};

/// Open from construction to close(). The node and the actor system outlive it. Used by one thread.
class member_doors {
 public:
  /// Takes each member's TLS certificate and key from its folder (`…/tls/server.crt`, `server.key`) below `folder`.
  /// Errors, naming the member: `not_found`, `invalid_argument` (certificate or key), `unavailable` (the port is somebody else's).
  [[nodiscard]] static result<std::unique_ptr<member_doors>> open(caf::actor_system& system, actors::node& node, const std::filesystem::path& folder,
                                                                  const std::vector<member_port>& ports);
  virtual ~member_doors() = default;
  /// The ports that are open, by member.
  [[nodiscard]] virtual std::map<std::string, int> ports() const = 0;
  /// Takes no more calls, lets open ones finish for `grace`. Idempotent.
  virtual void close(std::chrono::milliseconds grace) = 0;
};

/// Where a listener of that address is put: "localhost:7051" → "127.0.0.1:7051", "10.0.0.5:7051" → "0.0.0.0:7051".
[[nodiscard]] std::string listening_address(const std::string& address);

}  // namespace weft::edge
