// The ports of a node's members, as Fabric's clients know them: TLS on a port for each peer (Gateway, Endorser, Deliver) and each orderer
// (AtomicBroadcast). What people do with `weft` goes through door.hpp's socket; nothing of that is served here.
#pragma once

#include <map>
#include <string>

#include "edge/door.hpp"
#include "edge/node_metrics.hpp"

namespace weft::edge {

/// Used by one thread. The node and the actor system outlive it.
class member_doors {
 public:
  /// Members' TLS certificates and keys are `…/tls/server.crt` and `server.key` of their folders below `folder`.
  [[nodiscard]] static std::unique_ptr<member_doors> make(caf::actor_system& system, actors::node& node, const std::filesystem::path& folder);
  virtual ~member_doors() = default;
  /// Opens the port of a member of this node until close(). `address` is what clients are told, "localhost:7051"; config::listening_address says where
  /// that is. Errors: `not_found` (no such member here, no certificate), `invalid_argument` (certificate or key), `unavailable` (the port is taken).
  [[nodiscard]] virtual result<void> open(const std::string& member, const std::string& address) = 0;
  /// Opens the port that a peer's contracts dial (ChaincodeSupport); they have to show a certificate of its contract_papers, which are told the address.
  /// Errors: as open().
  [[nodiscard]] virtual result<void> open_contracts(const std::string& peer, const std::string& address) = 0;
  /// The ports that are open, by member; without those of contracts.
  [[nodiscard]] virtual std::map<std::string, int> ports() const = 0;
  /// What each of them has served. Thread-safe beside everything but open() and close().
  [[nodiscard]] virtual doors_usage usage() const = 0;
  /// Takes no more calls, lets open ones finish for `grace`. Idempotent.
  virtual void close(std::chrono::milliseconds grace) = 0;
};

}  // namespace weft::edge
