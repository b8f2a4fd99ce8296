// What can be tuned about one member of a group.
#pragma once

#include "cluster/raft/log_storage.hpp"
#include "config/base/result.hpp"

namespace weft::cluster::raft {

/// Ticks are counted, not timed: whoever calls `tick` decides how long one is. Sizes are bytes as `weight` counts them.
struct options {
  node_id id = nobody;
  unsigned election_ticks = 10;                  ///< Silence after which a follower campaigns: this many ticks, up to twice as many, drawn anew each time.
  unsigned heartbeat_ticks = 1;                  ///< Less than `election_ticks`; a tenth is usual.
  std::size_t message_bytes_max = 1 * MiB;       ///< Entries of one message; a single larger entry travels alone. 0: one entry a message.
  std::size_t ready_bytes_max = unlimited;       ///< Committed entries of one `ready`; a single larger one comes alone. Bounds memory while replaying.
  std::size_t uncommitted_bytes_max = unlimited; ///< Payload that a leader takes before it is committed; more is refused as busy.
  std::size_t inflight_messages = 256;           ///< Appends on their way to one follower; at least 1.
  std::uint64_t inflight_bytes = 0;              ///< Payload on its way to one follower; 0: not bounded, else at least `message_bytes_max`.
  bool check_quorum = false;                     ///< A leader that does not hear from a majority steps down; votes are refused while a leader lives.
  bool pre_vote = false;                         ///< Ask before raising the term: a node that was away disturbs nobody when it returns (thesis 9.6).
  bool rank_campaigns = false;                   ///< Of two that campaign at once one goes first, so that they do not split the votes (election.cpp). Beyond etcd.
  bool forward_proposals = true;                 ///< A follower passes proposals on to its leader, else refuses them.
  bool validate_changes = true;                  ///< Refuse changes of the membership that cannot be applied as things stand.
  bool step_down_on_removal = false;             ///< A leader that is removed, or made a learner, becomes a follower once that is applied.
  log_index applied = 0;                         ///< At a restart: what the application has applied already.
};

/// Errors: `invalid_argument`, naming every option that is out of range.
[[nodiscard]] result<void> check(const options& o);

}  // namespace weft::cluster::raft
