#include "cluster/raft/raft_log.hpp"

#include <algorithm>

#include "cluster/raft/planted.hpp"
#include "config/base/assert.hpp"

namespace weft::cluster::raft {

raft_log::raft_log(const log_storage& storage, journal& notes)
    : storage_(storage), notes_(notes), unstable_(storage.last_index() + 1), committed_(storage.first_index() - 1), applied_(committed_) {}

log_index raft_log::first_index() const {
  const auto& snapshot = unstable_.pending_snapshot();
  return snapshot ? snapshot->at.index + 1 : storage_.first_index();
}

log_index raft_log::last_index() const { return unstable_.end() - 1; }

position raft_log::last() const {
  const log_index index = last_index();
  const auto of = term(index);
  WEFT_ASSERT(of, "the log does not know the term of its last entry");
  return {*of, index};
}

std::optional<term_number> raft_log::term(log_index index) const {
  if (index + 1 < first_index() || index > last_index()) return std::nullopt;
  if (const auto here = unstable_.term(index)) return here;
  return storage_.term(index);
}

bool raft_log::at_least(const position& theirs) const {
  const position ours = last();
  return theirs.term > ours.term || (theirs.term == ours.term && theirs.index >= ours.index);
}

position raft_log::agreement(log_index hint, term_number of) const {
  for (log_index index = hint; index > 0; --index) {
    const auto ours = term(index);
    if (!ours) return {0, index};
    if (*ours <= of) return {*ours, index};
  }
  return {};
}

result<std::vector<entry>> raft_log::slice(log_index from, log_index until, std::size_t bytes_max) const {
  std::vector<entry> out;
  if (from >= until) return out;
  if (from < first_index()) return fail(errc::not_found, "requested index is unavailable due to compaction");
  WEFT_ASSERT(until <= last_index() + 1, "entries behind the end of the log were asked for");
  byte_budget budget(bytes_max);
  if (from < unstable_.first()) {
    const log_index stored_until = std::min(until, unstable_.first());
    WEFT_CHECK(storage_.entries(from, stored_until, bytes_max, out));
    if (out.size() < stored_until - from) return out;  // the limit was reached there
    for (const auto& e : out) static_cast<void>(budget.take(e));
    from = stored_until;
  }
  for (; from < until && budget.take(unstable_.at(from)); ++from) out.push_back(unstable_.at(from));
  return out;
}

void raft_log::append(std::vector<entry>&& entries) {
  if (entries.empty()) return;
  WEFT_ASSERT(entries.front().index > committed_, "a committed entry would be replaced");
  if (const log_index at = entries.front().index; at < unstable_.end()) {
    if (at <= unstable_.first()) notes_.say(severity::info, "replace the unstable entries from index ", at);
    else notes_.say(severity::info, "truncate the unstable entries before index ", at);
  }
  unstable_.replace(std::move(entries));
}

result<std::optional<log_index>> raft_log::take(const position& before, std::vector<entry>&& entries, log_index commit) {
  if (!matches(before)) return std::nullopt;
  const log_index last_new = before.index + entries.size();
  const auto differs = std::find_if(entries.begin(), entries.end(), [&](const entry& e) { return !matches(e.at()); });
  if (differs != entries.end()) {
    if (differs->index <= committed_)
      return fail(errc::corruption, "entry " + std::to_string(differs->index) + " conflicts with a committed entry (committed: " + std::to_string(committed_) + ")");
    if (differs->index <= last_index())
      notes_.say(severity::info, "found conflict at index ", differs->index, " [existing term: ", term(differs->index).value_or(0),
                 ", conflicting term: ", differs->term, "]");
    if (planted(mistake::conflict_kept) && differs->index <= last_index()) return last_new;
    entries.erase(entries.begin(), differs);
    append(std::move(entries));
  }
  WEFT_CHECK(commit_to(std::min(commit, last_new)));
  return last_new;
}

result<void> raft_log::commit_to(log_index index) {
  if (index <= committed_) return {};
  if (index > last_index())
    return fail(errc::corruption, "tocommit(" + std::to_string(index) + ") is out of range [lastIndex(" + std::to_string(last_index()) +
                                      ")]. Was the raft log corrupted, truncated, or lost?");
  committed_ = index;
  return {};
}

bool raft_log::commit_own(const position& at) {
  if (at.term == 0 || at.index <= committed_ || !matches(at)) return false;
  committed_ = at.index;
  return true;
}

void raft_log::applied_to(log_index index) {
  WEFT_ASSERT(index <= committed_, "an entry was applied that is not committed");
  applied_ = std::max(applied_, index);
}

result<std::vector<entry>> raft_log::committed_entries(std::size_t bytes_max) const {
  if (!has_committed()) return std::vector<entry>{};
  return slice(applied_ + 1, committed_ + 1, bytes_max);
}

void raft_log::restore(snapshot_ptr snapshot) {
  notes_.say(severity::info, "log [committed=", committed_, ", applied=", applied_, ", applying=", applied_, ", unstable.offset=", unstable_.first(),
             ", unstable.offsetInProgress=", unstable_.unsent(), ", len(unstable.Entries)=", unstable_.size(), "] starts to restore snapshot [index: ",
             snapshot->at.index, ", term: ", snapshot->at.term, "]");
  committed_ = snapshot->at.index;
  unstable_.restore(std::move(snapshot));
}

snapshot_ptr raft_log::newest_snapshot() const {
  return unstable_.pending_snapshot() ? unstable_.pending_snapshot() : storage_.latest_snapshot();
}

void raft_log::recover(log_index committed, log_index applied) {
  committed_ = std::max(committed_, committed);
  applied_ = std::max(applied_, applied);
  WEFT_ASSERT(applied_ <= committed_ && committed_ <= last_index(), "the log ends before what was committed");
}

}  // namespace weft::cluster::raft
