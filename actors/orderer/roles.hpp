// The roles of an orderer, and DELIVER, which peers have too. Each function says how to make one actor.
#pragma once

#include <functional>
#include <optional>

#include "actors/interfaces.hpp"
#include "actors/role_spec.hpp"
#include "actors/site.hpp"

namespace weft::actors {

using orderer_ptr = std::shared_ptr<const orderer_site>;
using ordered_channel_ptr = std::shared_ptr<orderer_channel>;

/// The front: a pool judges envelopes.
[[nodiscard]] role_spec orderer_role(seat s, orderer_ptr site);
/// The consenter of a channel with one orderer: its own order is the order. A raft channel's: raft_roles.hpp.
[[nodiscard]] role_spec solo_role(seat s, orderer_ptr site, ordered_channel_ptr channel);
/// `own_thread`: it blocks on the disk; a live node gives it one.
[[nodiscard]] role_spec block_writer_role(seat s, orderer_ptr site, ordered_channel_ptr channel, bool own_thread);

/// What DELIVER reads from: the same role serves an orderer's chain and a peer's.
struct deliver_source {
  std::function<const ledger::block_store*()> blocks;
  std::function<std::shared_ptr<const ledger::channel_bundle>()> bundle;
  std::function<std::string(const ledger::channel_bundle& now, std::string_view resource)> reading;  ///< Path of the policy that readers must satisfy.
};
/// By channel; nothing for one that the member has not joined.
using find_source_fn = std::function<std::optional<deliver_source>(const std::string& channel)>;
[[nodiscard]] role_spec deliver_role(seat s, std::shared_ptr<const site> where, find_source_fn find);

}  // namespace weft::actors
