// The words of Raft as weft uses them: nodes, positions in the log, entries, snapshots, messages. Plain values, nothing decides here.
// Names follow the paper (Ongaro, Ousterhout 2014) and its extended version (Ongaro's thesis, 2014).
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "config/base/bytes.hpp"

namespace weft::cluster::raft {

/// A member of a group; 0 means "nobody". Fabric calls it the consenter's raft id.
using node_id = std::uint64_t;
/// Position in the log, from 1; 0 is the place before the first entry.
using log_index = std::uint64_t;
/// Leaderships are numbered; in each term there is at most one leader.
using term_number = std::uint64_t;

inline constexpr node_id nobody = 0;

/// Names one entry: an index alone does not, because an uncommitted entry may be replaced by one of another term.
struct position {
  term_number term = 0;
  log_index index = 0;
  friend bool operator==(const position&, const position&) = default;
};

enum class entry_kind : std::uint8_t {
  normal = 0,          ///< The application's bytes; empty when a new leader begins its term.
  conf_change = 1,     ///< One change of the membership (`conf_change.hpp`, first form).
  conf_change_v2 = 2,  ///< Any number of changes, possibly through a joint configuration; empty: leave the joint configuration.
};

/// One entry. A copy costs a reference count, whatever `data` weighs.
struct entry {
  term_number term = 0;
  log_index index = 0;
  entry_kind kind = entry_kind::normal;
  shared_bytes data;

  [[nodiscard]] position at() const noexcept { return {term, index}; }
  friend bool operator==(const entry&, const entry&) = default;
};

/// What an entry weighs when sizes are bounded: its bytes plus the few that its numbers take (as varints, the measure that limits of other
/// Raft implementations use, so that the same limit means the same batches).
[[nodiscard]] std::size_t weight(const entry& e) noexcept;
/// The same for an entry whose data is not at hand.
[[nodiscard]] std::size_t weight(const position& at, entry_kind kind, std::size_t data_bytes) noexcept;

/// The membership as a snapshot carries it. All lists ascend.
struct conf_state {
  std::vector<node_id> voters;
  std::vector<node_id> learners;
  std::vector<node_id> voters_outgoing;  ///< Not empty exactly in a joint configuration: the voters that are being left behind.
  std::vector<node_id> learners_next;    ///< Voters of the outgoing half that become learners when it is left.
  bool auto_leave = false;
  friend bool operator==(const conf_state&, const conf_state&) = default;
};

/// The state of the application up to `at`. `data` is the application's; here it is only handed on.
struct snapshot {
  position at;
  conf_state members;
  shared_bytes data;
  [[nodiscard]] bool empty() const noexcept { return at.index == 0; }
};
/// Snapshots travel by reference: one may sit in several messages, in the log and in storage.
using snapshot_ptr = std::shared_ptr<const snapshot>;

/// What must be on disk before a message that relies on it leaves. `commit` may lag behind: it is found again.
struct hard_state {
  term_number term = 0;
  node_id vote = nobody;
  log_index commit = 0;
  [[nodiscard]] bool empty() const noexcept { return *this == hard_state{}; }
  friend bool operator==(const hard_state&, const hard_state&) = default;
};

enum class role : std::uint8_t { follower, candidate, leader, pre_candidate };

/// What a client or an operator wants to be told about when it changes; never stored.
struct soft_state {
  node_id leader = nobody;
  role as = role::follower;
  friend bool operator==(const soft_state&, const soft_state&) = default;
};

enum class message_kind : std::uint8_t {
  propose,           ///< Entries from a follower to its leader, to be appended.
  append,            ///< Entries behind `log` (none: a probe, or only a newer commit index).
  append_reply,      ///< `log.index` is on disk; or `rejected`, with where the logs may agree.
  snapshot,          ///< Instead of entries that the leader's log no longer has.
  heartbeat,         ///< The leader lives; `commit` as far as the receiver is known to hold it.
  heartbeat_reply,
  vote,              ///< Asks for a vote in `term`.
  vote_reply,
  pre_vote,          ///< Asks whether a vote would be given in `term` (thesis 9.6): nobody's term changes.
  pre_vote_reply,
  timeout_now,       ///< The leader hands over: campaign at once.
  transfer_leader,   ///< A follower passes on the wish that `from` become leader.
};

/// Between two cores. Which fields mean something depends on `kind`; the others are zero.
struct message {
  message_kind kind = message_kind::propose;
  node_id from = nobody;
  node_id to = nobody;
  term_number term = 0;
  position log;                  ///< The entry before `entries`; a candidate's last entry; in replies the index that is acknowledged.
  log_index commit = 0;
  std::vector<entry> entries;
  snapshot_ptr state;            ///< Only in `snapshot`.
  bool rejected = false;
  log_index hint = 0;            ///< With `rejected`: the last index at which the logs may agree; its term is `log.term`.
  bool transfer = false;         ///< In `vote`: the leader itself asked for this election, so its lease does not count.
};

[[nodiscard]] bool is_reply(message_kind kind) noexcept;

}  // namespace weft::cluster::raft
