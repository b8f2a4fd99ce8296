// Mistakes that can be built in, one at a time, to see that the simulation finds them: tests/sim/planted, docs/testing.md.
// Production is built with none: every check is a constant, and nothing of this is in the program.
#pragma once

namespace weft::cluster {

/// Each is one that somebody made, in some implementation of raft, of a log or of an ordering service; the last ones were made here.
enum class mistake : unsigned char {
  none,
  vote_not_written,          ///< A vote is answered before it is on disk.
  vote_forgotten,            ///< A restarted node does not remember whom it voted for.
  log_not_compared,          ///< A vote is given to a candidate whose log lacks entries (paper 5.4.1).
  lease_ignored,             ///< Votes are given while the leader lives (thesis 4.2.3).
  acknowledged_before_sync,  ///< A follower acknowledges entries that it has in memory.
  own_disk_not_awaited,      ///< A leader counts itself before its disk has the entries.
  log_not_synced,            ///< The log returns from a write without fdatasync.
  earlier_term_counted,      ///< A leader commits an entry of an earlier term by counting copies (paper, figure 8).
  commit_beyond_match,       ///< A heartbeat tells a commit index beyond what the follower is known to hold.
  conflict_kept,             ///< A follower keeps its own entries where the leader's differ.
  learner_counted,           ///< A learner counts in the quorum.
  two_changes,               ///< A change of the members is taken while another is under way.
  snapshot_without_members,  ///< A snapshot carries the members of an earlier one.
  blocks_not_synced,         ///< The log is compacted before the blocks are on disk.
  files_removed_early,       ///< Files of the log are removed before the record that makes them superfluous is on disk.
  tip_before_own_entry,      ///< A new leader cuts blocks before an entry of its own term is applied: a block number is used twice.
  success_before_commit,     ///< An envelope is acknowledged when its block is proposed.
  newcomer_retires,          ///< Who reads about the time before it joined takes itself for removed.
  snapshot_grows_old,        ///< No snapshot is taken when the members change: newcomers refuse the old one for ever.
  older_snapshot_made,       ///< A snapshot that was being made is kept although a leader's newer one came meanwhile.
};

#ifdef WEFT_PLANT
inline constexpr mistake planted_mistake = mistake::WEFT_PLANT;
#else
inline constexpr mistake planted_mistake = mistake::none;
#endif

[[nodiscard]] consteval bool planted(mistake which) { return which == planted_mistake; }

}  // namespace weft::cluster
