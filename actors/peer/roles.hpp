// The roles of a peer. Each function says how to make one actor; a node gives it a seat and its site.
#pragma once

#include "actors/interfaces.hpp"
#include "actors/role_spec.hpp"
#include "actors/site.hpp"

namespace weft::actors {

using peer_ptr = std::shared_ptr<const peer_site>;
using channel_ptr = std::shared_ptr<peer_channel>;

/// Bounds what is in flight and spreads proposals over its pool, which lives and dies with it.
[[nodiscard]] role_spec endorser_role(seat s, peer_ptr site);
[[nodiscard]] role_spec validation_worker_role(seat s);
/// `own_thread`: it blocks on the disk; a live node gives it one.
[[nodiscard]] role_spec ledger_writer_role(seat s, peer_ptr site, channel_ptr channel, bool own_thread);
[[nodiscard]] role_spec committer_role(seat s, peer_ptr site, channel_ptr channel);
[[nodiscard]] role_spec block_source_role(seat s, peer_ptr site, channel_ptr channel);
[[nodiscard]] role_spec leader_watch_role(seat s, peer_ptr site, channel_ptr channel);
[[nodiscard]] role_spec gateway_role(seat s, peer_ptr site);

}  // namespace weft::actors
