// What the records of a log add up to: the state, and where each entry lies. Pure; the writer and recovery apply the same records to it.
#pragma once

#include <deque>
#include <optional>

#include "cluster/wal/statement.hpp"

namespace weft::cluster::raft::wal {

/// Where an entry's data lies. 32 bytes for each entry that the log holds, the only memory that grows with it.
struct slot {
  term_number term = 0;
  std::uint64_t offset = 0;  ///< Of the data, in its file.
  std::uint32_t segment = 0;
  std::uint32_t length = 0;
  std::uint32_t crc = 0;
  entry_kind kind = entry_kind::normal;
};

/// Invariants: before().index <= state().at.index <= last(); the segments of slots ascend, because replacing an entry ends the log there.
/// Threads: none of its own.
class log_table {
 public:
  /// A log as its first file found it. Its entries are in files that are gone: fine, as long as a later record replaces or forgets them.
  void begin(const head& h);

  /// Whether a record can follow. Errors: `invalid_argument` for a gap between entries, and for what touches entries behind a snapshot's back.
  [[nodiscard]] result<void> check(const batch_note& b) const;
  [[nodiscard]] result<void> check(const compaction& c) const;
  /// Require that `check` holds. The data of the entries lies one behind the other from `offset` on.
  void apply(const batch_note& b, std::uint32_t segment, std::uint64_t offset);
  void apply(const compaction& c);
  void apply(const follow_note& f);

  /// The head with which a file would begin now.
  [[nodiscard]] head as_head(std::uint32_t segment) const { return {segment, hard_, before_, last(), state_, followed_}; }
  [[nodiscard]] const hard_state& hard() const noexcept { return hard_; }
  [[nodiscard]] const position& before() const noexcept { return before_; }
  [[nodiscard]] log_index last() const noexcept { return first_known_ + slots_.size() - 1; }
  [[nodiscard]] const snapshot_ptr& state() const noexcept { return state_; }
  /// 0: what the group has committed, this member has only by its log.
  [[nodiscard]] log_index followed() const noexcept { return followed_; }
  [[nodiscard]] std::optional<term_number> term(log_index index) const;
  /// Requires an entry that the log holds and knows.
  [[nodiscard]] const slot& at(log_index index) const { return slots_[index - first_known_]; }
  [[nodiscard]] std::size_t known() const noexcept { return slots_.size(); }
  /// False while entries that the log should hold lie in files that are gone: those from before().index + 1 to first_known() - 1.
  [[nodiscard]] bool complete() const noexcept { return first_known_ == before_.index + 1; }
  [[nodiscard]] log_index first_known() const noexcept { return first_known_; }

 private:
  void forget(const position& until);
  void settle_followed();

  hard_state hard_;
  position before_;
  snapshot_ptr state_ = std::make_shared<snapshot>();
  log_index first_known_ = 1;
  log_index followed_ = 0;
  std::deque<slot> slots_;
};

}  // namespace weft::cluster::raft::wal
