// The whole log as Raft sees it: storage below, what is not written yet on top, and how far it is committed and applied.
#pragma once

#include <optional>
#include <vector>

#include "cluster/raft/journal.hpp"
#include "cluster/raft/log_storage.hpp"
#include "cluster/raft/unstable.hpp"

namespace weft::cluster::raft {

/// Invariant: applied <= committed <= last_index(). What is committed never changes again.
class raft_log {
 public:
  /// Both are borrowed and outlive the log.
  raft_log(const log_storage& storage, journal& notes);

  [[nodiscard]] log_index first_index() const;
  [[nodiscard]] log_index last_index() const;
  [[nodiscard]] position last() const;
  [[nodiscard]] log_index committed() const noexcept { return committed_; }
  [[nodiscard]] log_index applied() const noexcept { return applied_; }
  [[nodiscard]] const unstable_log& unstable() const noexcept { return unstable_; }
  [[nodiscard]] unstable_log& unstable() noexcept { return unstable_; }

  /// Nothing for an index that is compacted away or not there yet.
  [[nodiscard]] std::optional<term_number> term(log_index index) const;
  [[nodiscard]] bool matches(const position& at) const { return term(at.index) == at.term; }
  /// The election restriction (paper 5.4.1): a log that ends at `theirs` misses nothing that this one has committed.
  [[nodiscard]] bool at_least(const position& theirs) const;
  /// The last place up to `hint` whose term is not above `of`: where two logs that conflict may agree. Term 0 where that is not known.
  [[nodiscard]] position agreement(log_index hint, term_number of) const;

  /// Entries from `from` that weigh at most `bytes_max` together, at least one if there is one. Errors: of the storage.
  [[nodiscard]] result<std::vector<entry>> entries(log_index from, std::size_t bytes_max) const { return slice(from, last_index() + 1, bytes_max); }
  [[nodiscard]] result<std::vector<entry>> slice(log_index from, log_index until, std::size_t bytes_max) const;

  /// Appends what the leader of this term made itself.
  void append(std::vector<entry>&& entries);
  /// A follower's append (paper 5.3): if the entry at `before` is held, takes `entries`, drops what conflicts and learns `commit`; returns the
  /// last index that is now known to equal the leader's. Nothing if it is not held. Errors: `corruption` if a committed entry would change.
  result<std::optional<log_index>> take(const position& before, std::vector<entry>&& entries, log_index commit);

  /// Errors: `corruption` for an index that the log does not have: somebody lost what it had acknowledged.
  result<void> commit_to(log_index index);
  /// A leader commits by counting only entries of its own term (paper 5.4.2).
  bool commit_own(const position& at);
  void applied_to(log_index index);

  /// Committed and not applied; nothing while a snapshot must be written first.
  [[nodiscard]] bool has_committed() const noexcept { return applied_ < committed_ && !unstable_.pending_snapshot(); }
  [[nodiscard]] result<std::vector<entry>> committed_entries(std::size_t bytes_max) const;

  void restore(snapshot_ptr snapshot);
  [[nodiscard]] snapshot_ptr newest_snapshot() const;
  /// Sets `committed` at a restart, where it was stored.
  void recover(log_index committed, log_index applied);

 private:
  const log_storage& storage_;
  journal& notes_;
  unstable_log unstable_;
  log_index committed_;
  log_index applied_;
};

}  // namespace weft::cluster::raft
