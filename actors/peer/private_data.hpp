// Private data that a peer lacks, from its organization's other peers: the roles that ask and answer, and the interface to whoever carries the question to
// another node.
#pragma once

#include <vector>

#include "actors/peer/roles.hpp"
#include "ledger/chain/private_gaps.hpp"

namespace weft::actors {

namespace atom {
using fetch = caf::atom_constant<caf::atom("fetch")>;
using reconcile = caf::atom_constant<caf::atom("reconcile")>;
}  // namespace atom

/// What a fetch is answered with: pb(weft.peer.Fetched) when `status` is ok.
using fetch_reply = endorse_reply;

/// PRIVATE_SERVER of one peer: gives its organization's peers what they lack.
using private_server_actor = caf::typed_actor<
    // Judges one pb(weft.peer.SignedFetch) before anything is looked up: from whom it is, to whom, when it was signed.
    caf::replies_to<atom::fetch, bytes>::with<fetch_reply>>;

/// PRIVATE_LINK of one peer: carries requests to peers of other nodes, on their ports. It lives while this node's own ports are open (edge/).
using private_link_actor = caf::typed_actor<
    // Asks the peer of that name. The link waits no longer than `fetch_patience`.
    caf::replies_to<atom::fetch, std::string, bytes>::with<fetch_reply>>;

/// PRIVATE_PULLER of one channel on one peer: looks after gaps, one request at a time. Commits never wait for it.
using private_puller_actor = caf::typed_actor<
    // INTERNAL: the block of this number was committed, and something of it is missing.
    caf::reacts_to<atom::committed, std::uint64_t>,
    // INTERNAL: this pause is over.
    caf::reacts_to<atom::expired, std::uint64_t>>;

/// Sets on their way into the ledger, and what became of each; empty: the ledger failed.
struct late_job {
  std::vector<ledger::late_private_data> found;
};
struct late_outcomes {
  std::vector<ledger::late_outcome> of;
};
/// The same actor as ledger_writer_actor, with all that it understands.
using late_writer_actor = ledger_writer_actor::extend<
    // Stores private data that came later than their block, and publishes the state with them.
    caf::replies_to<atom::reconcile, std::shared_ptr<const late_job>>::with<std::shared_ptr<const late_outcomes>>>;

inline constexpr std::chrono::seconds fetch_patience{10};

/// The directory's names.
[[nodiscard]] inline std::string private_server_name(const std::string& peer) { return peer + "/private_server"; }
[[nodiscard]] inline std::string private_link_name(const std::string& peer) { return peer + "/private_link"; }

[[nodiscard]] role_spec private_server_role(seat s, peer_ptr site);
/// `siblings`: the other peers of the organization, by name, wherever they live.
[[nodiscard]] role_spec private_puller_role(seat s, peer_ptr site, channel_ptr channel, std::vector<std::string> siblings);

}  // namespace weft::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::shared_ptr<const weft::actors::late_job>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::shared_ptr<const weft::actors::late_outcomes>)
