// The roles of an orderer, and DELIVER, which peers have too.
#pragma once

#include <functional>

#include "actors/interfaces.hpp"
#include "actors/role.hpp"
#include "actors/site.hpp"

namespace weft::actors {

using orderer_ptr = std::shared_ptr<const orderer_site>;
using ordered_channel_ptr = std::shared_ptr<orderer_channel>;


struct orderer_state;
orderer_actor::behavior_type orderer(role_self<orderer_actor, orderer_state> self, orderer_ptr site, std::shared_ptr<role_meter> meter);

struct solo_state;
/// The consenter of a channel with one orderer: its own order is the order.
consenter_actor::behavior_type solo(role_self<consenter_actor, solo_state> self, orderer_ptr site, ordered_channel_ptr channel);

struct block_writer_state {
  static inline const char* name = "block_writer";
};
block_writer_actor::behavior_type block_writer(role_self<block_writer_actor, block_writer_state> self, orderer_ptr site, ordered_channel_ptr channel);

/// What DELIVER reads from: the same role serves an orderer's chain and a peer's.
struct deliver_source {
  std::function<const ledger::block_store*()> blocks;
  std::function<std::shared_ptr<const ledger::channel_bundle>()> bundle;
  std::string policy;  ///< Path of the policy that readers must satisfy.
};
struct deliver_state;
deliver_actor::behavior_type deliver(role_self<deliver_actor, deliver_state> self, std::shared_ptr<const site> where,
                                     std::map<std::string, deliver_source> sources);

}  // namespace weft::actors
