// The part of the log that is not known to be on disk yet: the newest entries, and perhaps a snapshot that replaces everything before them.
#pragma once

#include <deque>
#include <optional>

#include "cluster/raft/types.hpp"

namespace weft::cluster::raft {

/// Its three states of writing: new; handed out to be written (`accept`); written (`written_to`, then it is forgotten here).
class unstable_log {
 public:
  explicit unstable_log(log_index first) : first_(first), unsent_(first) {}

  /// Position that the first entry here has or would have.
  [[nodiscard]] log_index first() const noexcept { return first_; }
  [[nodiscard]] log_index unsent() const noexcept { return unsent_; }
  [[nodiscard]] log_index end() const noexcept { return first_ + entries_.size(); }
  [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
  /// Requires first() <= index < end().
  [[nodiscard]] const entry& at(log_index index) const { return entries_[index - first_]; }
  /// Not written yet; null if there is none.
  [[nodiscard]] const snapshot_ptr& pending_snapshot() const noexcept { return snapshot_; }
  /// Term of an entry or of the snapshot here; nothing if it must be looked for in storage.
  [[nodiscard]] std::optional<term_number> term(log_index index) const;

  /// Entries that nobody was told to write yet.
  [[nodiscard]] bool has_unsent() const noexcept { return unsent_ < end(); }
  [[nodiscard]] std::vector<entry> unsent_entries() const;
  [[nodiscard]] snapshot_ptr unsent_snapshot() const { return snapshot_sent_ ? nullptr : snapshot_; }
  /// Everything here is being written now.
  void accept() noexcept;
  /// Where writing will have arrived when what was accepted is on disk; nothing if that is no entry.
  [[nodiscard]] std::optional<position> last_accepted() const;

  /// The disk holds everything up to `at`. Nothing happens if that entry was replaced meanwhile.
  void written_to(const position& at);
  void snapshot_written(log_index index);

  /// Drops what stands at the entries' places and behind, takes them instead. Requires at least one entry and no gap.
  void replace(std::vector<entry>&& entries);
  void restore(snapshot_ptr snapshot);

 private:
  void truncate(log_index from);
  log_index first_;
  log_index unsent_;  ///< Invariant: first_ <= unsent_ <= end().
  std::deque<entry> entries_;
  snapshot_ptr snapshot_;
  bool snapshot_sent_ = false;
};

}  // namespace weft::cluster::raft
