// The newest entries in memory: what followers and the application ask for next was written a moment ago.
#pragma once

#include <deque>
#include <span>

#include "cluster/raft/types.hpp"

namespace weft::cluster::raft::wal {

/// Holds the data of the last entries of a log, without a gap, by reference count and up to a number of bytes. Entries weigh what their data and
/// their place here take; a buffer that an entry shares with others is not counted. Threads: none of its own.
class entry_cache {
 public:
  explicit entry_cache(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  /// The log ends before `first`, and goes on with these.
  void append(log_index first, std::span<const entry> entries);
  /// Entries up to `index` were forgotten.
  void forget(log_index index);
  /// The data, or null.
  [[nodiscard]] const shared_bytes* find(log_index index) const;
  [[nodiscard]] std::size_t bytes_held() const noexcept { return bytes_; }

 private:
  [[nodiscard]] static std::size_t weight_of(const shared_bytes& data) { return data.size() + sizeof(shared_bytes); }
  void pop_front();

  std::size_t bytes_max_;
  std::size_t bytes_ = 0;
  log_index first_ = 1;
  std::deque<shared_bytes> data_;
};

}  // namespace weft::cluster::raft::wal
