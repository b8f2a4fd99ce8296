// What a core wants done, and what it can tell about itself.
#pragma once

#include <optional>
#include <vector>

#include "cluster/raft/membership.hpp"
#include "cluster/raft/types.hpp"

namespace weft::cluster::raft {

/// Effects, as one batch. To be carried out in this order: send `messages` up to `before_sync` (at any time); write `hard`, `restore` and
/// `entries`, synced if `must_sync`; send the other messages; apply `committed` in order, conf changes through `core::apply`; call `advance`.
/// Meanwhile the core may be stepped: what it decides then comes with the next `ready`, so one disk write serves all that arrived during the last.
struct ready {
  std::optional<soft_state> soft;  ///< If it changed.
  std::optional<hard_state> hard;  ///< If it changed.
  std::vector<entry> entries;      ///< To be written, in place of what stands at their indices and behind.
  snapshot_ptr restore;            ///< If not null, replaces the log and the application's state before `entries`.
  std::vector<entry> committed;    ///< To be applied; may be the ones in `entries`.
  std::vector<message> messages;
  /// The first messages rely on nothing in this batch: a leader's disk writes while its followers' do (thesis 10.2.1).
  std::size_t before_sync = 0;
  /// Entries, term or vote: must be on disk before the messages behind `before_sync` leave. Else only the commit index changed, which may be lost.
  bool must_sync = false;
};

/// A copy of what `weft status` shows.
struct status {
  node_id id = nobody;
  hard_state hard;
  soft_state soft;
  log_index applied = 0;
  log_index last = 0;
  node_id transferee = nobody;  ///< Whom leadership is being handed to.
  membership members;           ///< `members.nodes`, the progress of each, only at a leader.
};

}  // namespace weft::cluster::raft
