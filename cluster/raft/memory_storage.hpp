// The log in memory: the twin of the write-ahead log, for tests and simulations.
#pragma once

#include <deque>

#include "cluster/raft/log_storage.hpp"

namespace weft::cluster::raft {

class memory_storage : public log_storage {
 public:
  [[nodiscard]] result<initial> initial_state() const override { return initial{hard_, snapshot_->members}; }
  [[nodiscard]] log_index first_index() const override { return before_.index + 1; }
  [[nodiscard]] log_index last_index() const override { return before_.index + entries_.size(); }
  [[nodiscard]] std::optional<term_number> term(log_index index) const override;
  result<void> entries(log_index from, log_index until, std::size_t bytes_max, std::vector<entry>& out) const override;
  [[nodiscard]] snapshot_ptr latest_snapshot() const override { return snapshot_; }

  void save(const hard_state& hard) { hard_ = hard; }
  /// Replaces what stands at these places and behind them. Requires that no gap arises; entries that were compacted away are passed over.
  void append(const std::vector<entry>& entries);
  /// The log is now empty and begins behind the snapshot. Errors: `already_exists` if the storage holds a newer one.
  result<void> restore(snapshot_ptr snapshot);
  /// Makes a snapshot at `index`, which must be held. Errors: `already_exists` for one that is not newer, `not_found` outside the log.
  result<snapshot_ptr> make_snapshot(log_index index, conf_state members, shared_bytes data);
  /// Forgets entries up to `index`. Errors: `not_found` if they are forgotten already or not yet there.
  result<void> compact(log_index index);
  [[nodiscard]] const hard_state& hard() const noexcept { return hard_; }

 private:
  hard_state hard_;
  position before_;  ///< The entry before the first.
  std::deque<entry> entries_;
  snapshot_ptr snapshot_ = std::make_shared<raft::snapshot>();
};

}  // namespace weft::cluster::raft
