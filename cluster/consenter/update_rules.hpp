// What the orderers of a raft channel ask of a configuration update, beyond what every node asks of it. interop/06 §4. Pure; thread-safe.
#pragma once

#include "cluster/consenter/members.hpp"
#include "config/base/clock.hpp"

namespace weft::cluster {

/// The group as the orderer that judges an update sees it.
struct group_view {
  group_metadata group;              ///< Of the newest block; without ids: the channel is about to become, or has just become, a raft channel.
  std::vector<raft::node_id> active; ///< Nodes heard of lately, this one included. Only the leader knows.
  timestamp now{};
};

/// Judges the step from one configuration to the next, as Fabric's orderers do: the consenters' TLS certificates are by the orderer organizations'
/// TLS authorities as they will be; at most one consenter changes; who is new has not expired; the quorum survives. What needs neither clock nor
/// organizations was judged with the bundle (ledger/channel/consensus_metadata.hpp). Costs two signature checks for each consenter.
/// Nothing is asked of a next configuration that is not raft's. That a consenter's listed certificate has expired is no fault by itself: otherwise
/// no update could ever replace it.
/// Errors: `invalid_argument` with Fabric's text.
[[nodiscard]] result<void> check_raft_update(const ledger::channel_bundle& now, const ledger::channel_bundle& next, const group_view& view);

}  // namespace weft::cluster
