#include "cluster/raft/unstable.hpp"

#include <algorithm>
#include <iterator>

#include "config/base/assert.hpp"

namespace weft::cluster::raft {

std::optional<term_number> unstable_log::term(log_index index) const {
  if (index >= first_) return index < end() ? std::optional(at(index).term) : std::nullopt;
  if (snapshot_ && snapshot_->at.index == index) return snapshot_->at.term;
  return std::nullopt;
}

std::vector<entry> unstable_log::unsent_entries() const {
  return {entries_.begin() + static_cast<std::ptrdiff_t>(unsent_ - first_), entries_.end()};
}

void unstable_log::accept() noexcept {
  unsent_ = end();
  snapshot_sent_ = snapshot_ != nullptr;
}

std::optional<position> unstable_log::last_accepted() const {
  if (unsent_ == first_) return std::nullopt;
  return at(unsent_ - 1).at();
}

void unstable_log::written_to(const position& at) {
  if (at.index < first_ || term(at.index) != at.term) return;
  entries_.erase(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(at.index + 1 - first_));
  first_ = at.index + 1;
  unsent_ = std::max(unsent_, first_);
}

void unstable_log::snapshot_written(log_index index) {
  if (!snapshot_ || snapshot_->at.index != index) return;
  snapshot_.reset();
  snapshot_sent_ = false;
}

void unstable_log::replace(std::vector<entry>&& entries) {
  WEFT_ASSERT(entries.front().index <= end(), "a gap in the log");
  truncate(entries.front().index);
  entries_.insert(entries_.end(), std::make_move_iterator(entries.begin()), std::make_move_iterator(entries.end()));
}

void unstable_log::truncate(log_index from) {
  if (from <= first_) {
    entries_.clear();
    first_ = from;
  } else {
    entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(from - first_), entries_.end());
  }
  unsent_ = std::min(unsent_, from);
}

void unstable_log::restore(snapshot_ptr snapshot) {
  entries_.clear();
  first_ = unsent_ = snapshot->at.index + 1;
  snapshot_ = std::move(snapshot);
  snapshot_sent_ = false;
}

}  // namespace weft::cluster::raft
