// What every service of a door asks first: which peer serves this call, and may this identity read that channel.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "actors/site.hpp"

namespace weft::edge {

using peer_ptr = std::shared_ptr<const actors::peer_site>;

/// Chooses among the peers behind one socket. Immutable, thread-safe.
class peer_choice {
 public:
  /// `elsewhere`: what a node without peers says of those that have some.
  explicit peer_choice(std::vector<peer_ptr> peers, std::string elsewhere = {}) : peers_(std::move(peers)), elsewhere_(std::move(elsewhere)) {}
  /// Why nobody here can be asked anything about contracts and peers' ledgers; empty while there are peers.
  [[nodiscard]] std::string none() const { return peers_.empty() ? "this node runs no peer" + elsewhere_ : std::string(); }
  /// The peer called `name` if one is named; else one of the organization; else the first. Errors: `not_found`, naming the peers that there are.
  [[nodiscard]] result<peer_ptr> choose(const std::string& name, const std::string& msp_id) const;
  [[nodiscard]] const std::vector<peer_ptr>& all() const noexcept { return peers_; }

 private:
  std::vector<peer_ptr> peers_;
  std::string elsewhere_;
};

/// MSP id of a pb(SerializedIdentity); empty when it is none. Says nothing about validity.
[[nodiscard]] std::string msp_of(bytes_view serialized_identity);

/// Whether `identity` is valid in the channel, signed `message`, and satisfies the channel's policy for an ACL resource ("gateway/CommitStatus").
/// Errors: `permission_denied`, also for a channel that the peer does not have.
[[nodiscard]] result<void> check_reader(const actors::peer_site& peer, const std::string& channel_id, std::string_view resource, bytes_view identity,
                                        bytes_view message, bytes_view signature);
/// The same without a signature: asked again when the configuration has changed.
[[nodiscard]] result<void> check_right(const ledger::channel_bundle& bundle, std::string_view resource, bytes_view identity);

}  // namespace weft::edge
