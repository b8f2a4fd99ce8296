// What a leader knows about one follower's log, and how fast it may send to it.
#pragma once

#include <cstdint>
#include <deque>
#include <iosfwd>

#include "cluster/raft/types.hpp"

namespace weft::cluster::raft {

/// Appends that were sent and not yet acknowledged: a window bounded by messages and by bytes.
/// The window opens on the first message even if that alone is above the bound of bytes, and is full once a bound is reached.
class inflights {
 public:
  /// `bytes_max` 0: bytes are not bounded.
  inflights(std::size_t messages_max, std::uint64_t bytes_max) : messages_max_(messages_max), bytes_max_(bytes_max) {}

  /// A message whose last entry is `last` left. Requires !full().
  void add(log_index last, std::uint64_t bytes);
  /// Everything up to `index` has arrived.
  void free_to(log_index index);
  void clear() noexcept;
  [[nodiscard]] bool full() const noexcept { return sent_.size() >= messages_max_ || (bytes_max_ != 0 && bytes_ >= bytes_max_); }
  [[nodiscard]] std::size_t size() const noexcept { return sent_.size(); }
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

 private:
  struct sent { log_index last; std::uint64_t bytes; };
  std::size_t messages_max_;
  std::uint64_t bytes_max_;
  std::uint64_t bytes_ = 0;
  std::deque<sent> sent_;
};

enum class progress_state : std::uint8_t {
  probe,      ///< Where the logs agree is not known: one message with entries, then wait for the answer.
  replicate,  ///< It is known: stream, as far as the window allows.
  snapshot,   ///< It needs what the log no longer has: wait until a snapshot has arrived.
};

/// Invariant: match < next. Entries up to `match` are on that node's disk; `next` is the first that will be sent.
class progress {
 public:
  progress(log_index match, log_index next, inflights window, bool learner) : match_(match), next_(next), learner_(learner), window_(std::move(window)) {}

  [[nodiscard]] log_index match() const noexcept { return match_; }
  [[nodiscard]] log_index next() const noexcept { return next_; }
  [[nodiscard]] progress_state state() const noexcept { return state_; }
  [[nodiscard]] log_index pending_snapshot() const noexcept { return pending_snapshot_; }
  [[nodiscard]] const inflights& window() const noexcept { return window_; }
  [[nodiscard]] bool learner() const noexcept { return learner_; }
  void learner(bool is) noexcept { learner_ = is; }
  /// Heard of since the last check of the quorum.
  [[nodiscard]] bool active() const noexcept { return active_; }
  void active(bool is) noexcept { active_ = is; }

  /// Nothing may be sent now.
  [[nodiscard]] bool paused() const noexcept { return state_ == progress_state::snapshot || held_; }
  /// An append without entries is worth sending: it tells a commit index that the node does not know and can use.
  [[nodiscard]] bool wants_commit(log_index committed) const noexcept { return committed > commit_sent_ && commit_sent_ < next_ - 1; }

  void become_probe();
  void become_replicate();
  void become_snapshot(log_index at);

  void sent_entries(std::size_t count, std::uint64_t bytes);
  void sent_commit(log_index committed) noexcept { commit_sent_ = committed; }
  /// A probe was answered, or time has passed: one more message may go.
  void release() noexcept { held_ = false; }
  /// Wait for a sign of life before the next message.
  void hold() noexcept { held_ = true; }
  /// The snapshot was not delivered: probing starts where it would have without it.
  void snapshot_failed() noexcept { pending_snapshot_ = 0; }

  /// The node has everything up to `index`. False if that was known.
  bool acknowledge(log_index index);
  /// In the replicate state: makes room in the window.
  void free_window(log_index index) { window_.free_to(index); }
  /// The node refused what follows `index`; the logs may agree at `hint`. False if the refusal is an old one.
  bool refused(log_index index, log_index hint);

 private:
  void enter(progress_state state);
  void next_at(log_index next) noexcept;

  log_index match_;
  log_index next_;
  log_index commit_sent_ = 0;       ///< The highest commit index that the node may have been told.
  log_index pending_snapshot_ = 0;
  progress_state state_ = progress_state::probe;
  bool active_ = false;
  bool held_ = false;
  bool learner_;
  inflights window_;
};

/// "StateReplicate match=14 next=15 paused inflight=3[full]".
std::ostream& operator<<(std::ostream& out, const progress& p);

}  // namespace weft::cluster::raft
