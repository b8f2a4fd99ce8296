// An orderer that is no consenter takes over the others' blocks without raft. When a configuration names it (again), its block store is ahead of its log,
// as it is when files of the log were lost; the two must not be taken for each other. Pure.
//
// A log that was lost has promised entries and votes of which this node knows nothing any more: it must not vote. A log that only stood still has promised
// nothing meanwhile, and nobody counted on it: what it lacks it takes from the leader, as a follower that was away does. So the log itself says, durably,
// that this node follows, before the first block that comes in that way; and where that ended, before the chain says a word:
//
//   step                                       if it crashes right behind it
//   1  note `still_following` in the log       nothing has come yet: 1 again, or 3 with what the store had
//   2  store others' blocks                    follows on; or 3, if the configuration lists this node now
//   3  sync the store, note its newest entry   the chain opens with that note
//   4  open the chain, take part               the note counts until the log is known to be committed up to there; then the log alone does
//
// At 1 a store that is ahead already is no follower's: nothing is noted then, and the node is refused when it is to take part under the id that its log
// knows. The note stands in the log, so that it shares its fate: an older copy of the folder that is put back has an older note.
#pragma once

#include <optional>

#include "cluster/consenter/raft_chain.hpp"

namespace weft::cluster {

/// The store ends with an entry that neither the log nor having followed accounts for.
[[nodiscard]] bool store_is_ahead(const chain_start& start, const raft::log_storage& log);

/// What is to be noted in the log, durably, before blocks are taken over without it. Nothing: it stands there, or the log cannot be relied on.
[[nodiscard]] std::optional<raft::log_index> note_before_following(const chain_start& start, const raft::log_storage& log);

/// The same before a chain opens with `start`. The store is at rest and synced. Nothing: there is nothing to note.
[[nodiscard]] std::optional<raft::log_index> note_before_opening(const chain_start& start);

}  // namespace weft::cluster
