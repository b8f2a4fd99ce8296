#include "cluster/raft/memory_storage.hpp"

#include "config/base/assert.hpp"

namespace weft::cluster::raft {

std::optional<term_number> memory_storage::term(log_index index) const {
  if (index == before_.index) return before_.term;
  if (index < before_.index || index > last_index()) return std::nullopt;
  return entries_[index - first_index()].term;
}

result<void> memory_storage::entries(log_index from, log_index until, std::size_t bytes_max, std::vector<entry>& out) const {
  if (from <= before_.index) return fail(errc::not_found, "requested index is unavailable due to compaction");
  WEFT_ASSERT(until <= last_index() + 1, "entries were asked for that the log does not have");
  byte_budget budget(bytes_max);
  for (log_index i = from; i < until && budget.take(entries_[i - first_index()]); ++i) out.push_back(entries_[i - first_index()]);
  return {};
}

void memory_storage::append(const std::vector<entry>& entries) {
  for (const auto& e : entries) {
    if (e.index <= before_.index) continue;
    WEFT_ASSERT(e.index <= last_index() + 1, "a gap in the log");
    entries_.resize(e.index - first_index());
    entries_.push_back(e);
  }
}

result<void> memory_storage::restore(snapshot_ptr snapshot) {
  if (snapshot->at.index <= snapshot_->at.index && !snapshot_->empty()) return fail(errc::already_exists, "requested index is older than the existing snapshot");
  before_ = snapshot->at;
  entries_.clear();
  snapshot_ = std::move(snapshot);
  return {};
}

result<snapshot_ptr> memory_storage::make_snapshot(log_index index, conf_state members, shared_bytes data) {
  if (index <= snapshot_->at.index) return fail(errc::already_exists, "requested index is older than the existing snapshot");
  const auto of = term(index);
  if (!of) return fail(errc::not_found, "the log does not hold that index");
  snapshot_ = std::make_shared<raft::snapshot>(raft::snapshot{{*of, index}, std::move(members), std::move(data)});
  return snapshot_;
}

result<void> memory_storage::compact(log_index index) {
  if (index <= before_.index) return fail(errc::not_found, "requested index is unavailable due to compaction");
  const auto of = term(index);
  if (!of) return fail(errc::not_found, "the log does not hold that index");
  entries_.erase(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(index - before_.index));
  before_ = {*of, index};
  return {};
}

}  // namespace weft::cluster::raft
