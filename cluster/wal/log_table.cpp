#include "cluster/wal/log_table.hpp"

#include <algorithm>

namespace weft::cluster::raft::wal {
namespace {

std::string name(log_index index) { return "entry " + std::to_string(index); }

}  // namespace

void log_table::begin(const head& h) {
  hard_ = h.hard;
  before_ = h.before;
  state_ = h.state;
  slots_.clear();
  first_known_ = h.last + 1;
  followed_ = h.followed;
}

std::optional<term_number> log_table::term(log_index index) const {
  if (index == before_.index) return before_.term;
  if (index < before_.index || index < first_known_ || index > last()) return std::nullopt;
  return at(index).term;
}

result<void> log_table::check(const batch_note& b) const {
  if (b.restore && b.restore->at.index <= state_->at.index)
    return fail(errc::invalid_argument, "a snapshot at " + name(b.restore->at.index) + " would replace the newer one at " + name(state_->at.index));
  const log_index last_new = b.entries.empty() ? 0 : b.first + b.entries.size() - 1;
  if (last_new > index_max || (b.restore && b.restore->at.index > index_max)) return fail(errc::invalid_argument, "the indices of the log are used up");
  if (b.entries.empty()) return {};
  const log_index state = b.restore ? b.restore->at.index : state_->at.index;
  const log_index end = b.restore ? state : last();
  if (b.first > end + 1) return fail(errc::invalid_argument, name(b.first) + " would follow " + name(end) + ": there is a gap");
  if (b.first <= state) return fail(errc::invalid_argument, name(b.first) + " would be replaced, but the snapshot covers it up to " + name(state));
  return {};
}

result<void> log_table::check(const compaction& c) const {
  if (c.state) {
    const auto& at = c.state->at;
    if (at.index <= state_->at.index)
      return fail(errc::already_exists, "there is a snapshot at " + name(state_->at.index) + " already; one at " + name(at.index) + " is not newer");
    if (at.index > last()) return fail(errc::not_found, "a snapshot at " + name(at.index) + ", but the log ends at " + name(last()));
    if (const auto here = term(at.index); at.index >= first_known_ && here != at.term)
      return fail(errc::invalid_argument, "a snapshot at " + name(at.index) + " names another term than the log");
  }
  const log_index until = c.state ? c.state->at.index : state_->at.index;
  if (c.before.index > until)
    return fail(errc::invalid_argument, name(c.before.index) + " would be forgotten, but the snapshot ends at " + name(until));
  if (c.before.index < before_.index) return fail(errc::not_found, name(c.before.index) + " is forgotten already");
  if (const auto here = term(c.before.index); here && *here != c.before.term)
    return fail(errc::invalid_argument, "the term of " + name(c.before.index) + " differs from the log's");
  return {};
}

void log_table::apply(const batch_note& b, std::uint32_t segment, std::uint64_t offset) {
  if (b.hard) hard_ = *b.hard;
  if (b.restore) {
    state_ = b.restore;
    before_ = state_->at;
    slots_.clear();
    first_known_ = before_.index + 1;
  }
  settle_followed();
  if (b.entries.empty()) return;
  if (b.first < first_known_) {
    slots_.clear();
    first_known_ = b.first;
  } else {
    slots_.resize(b.first - first_known_);
  }
  for (const auto& e : b.entries) {
    slots_.push_back({e.term, offset, segment, e.length, e.crc, e.kind});
    offset += e.length;
  }
}

void log_table::apply(const compaction& c) {
  if (c.state) state_ = c.state;
  forget(c.before);
  settle_followed();
}

void log_table::apply(const follow_note& f) {
  followed_ = f.until;
  settle_followed();
}

/// What is committed stays in the log: from here on the log alone can tell.
void log_table::settle_followed() {
  if (followed_ != still_following && followed_ <= std::max(hard_.commit, state_->at.index)) followed_ = 0;
}

void log_table::forget(const position& until) {
  before_ = until;
  if (until.index < first_known_) return;
  const log_index gone = std::min<log_index>(until.index + 1 - first_known_, slots_.size());
  slots_.erase(slots_.begin(), slots_.begin() + static_cast<std::ptrdiff_t>(gone));
  first_known_ += gone;
}

}  // namespace weft::cluster::raft::wal
