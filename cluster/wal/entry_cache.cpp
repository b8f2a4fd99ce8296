#include "cluster/wal/entry_cache.hpp"

namespace weft::cluster::raft::wal {

void entry_cache::pop_front() {
  bytes_ -= weight_of(data_.front());
  data_.pop_front();
  ++first_;
}

void entry_cache::append(log_index first, std::span<const entry> entries) {
  while (!data_.empty() && first_ + data_.size() > first) {
    bytes_ -= weight_of(data_.back());
    data_.pop_back();
  }
  if (data_.empty() || first_ + data_.size() != first) {  // what was kept does not reach to the new ones
    data_.clear();
    bytes_ = 0;
    first_ = first;
  }
  for (const auto& e : entries) {
    data_.push_back(e.data);
    bytes_ += weight_of(e.data);
  }
  while (bytes_ > bytes_max_) pop_front();
}

void entry_cache::forget(log_index index) {
  while (!data_.empty() && first_ <= index) pop_front();
}

const shared_bytes* entry_cache::find(log_index index) const {
  if (index < first_ || index - first_ >= data_.size()) return nullptr;
  return &data_[index - first_];
}

}  // namespace weft::cluster::raft::wal
