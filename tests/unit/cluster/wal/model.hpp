// What a log must show, kept the simple way; and random histories of writes to compare by.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "cluster/wal/write_ahead_log.hpp"
#include "config/base/random.hpp"

namespace weft::testing {

using namespace cluster::raft;  // NOLINT: tests of this room only

/// Everything that a log knows, as a value.
struct log_state {
  bool begun = false;
  hard_state hard;
  position before;
  position snapshot_at;
  conf_state members;
  bytes snapshot_data;
  std::vector<entry> entries;
  friend bool operator==(const log_state&, const log_state&) = default;

  [[nodiscard]] log_index last() const { return before.index + entries.size(); }
  [[nodiscard]] term_number term(log_index i) const { return i == before.index ? before.term : entries[i - before.index - 1].term; }

  void take(const wal_batch& b) {
    if (b.hard) hard = *b.hard;
    if (b.restore) {
      before = snapshot_at = b.restore->at;
      members = b.restore->members;
      snapshot_data = b.restore->data.to_bytes();
      entries.clear();
    }
    for (const auto& e : b.entries) {
      if (e.index <= snapshot_at.index) continue;
      entries.resize(e.index - before.index - 1);
      entries.push_back(e);
    }
  }
  void take(const snapshot_ptr& made, log_index forget) {
    if (made) {
      snapshot_at = made->at;
      members = made->members;
      snapshot_data = made->data.to_bytes();
    }
    if (forget <= before.index) return;
    const position now{term(forget), forget};
    entries.erase(entries.begin(), entries.begin() + static_cast<std::ptrdiff_t>(forget - before.index));
    before = now;
  }
};

/// The same of a real one. Reads every entry.
inline result<log_state> state_of(const log_storage& log) {
  log_state s;
  const auto initial = log.initial_state();
  if (!initial && initial.error().code == errc::failed_precondition) return s;
  if (!initial) return fail(initial.error());
  s.begun = true;
  s.hard = initial->hard;
  s.members = initial->members;
  s.before.index = log.first_index() - 1;
  s.before.term = log.term(s.before.index).value();
  const auto snapshot = log.latest_snapshot();
  s.snapshot_at = snapshot->at;
  s.snapshot_data = snapshot->data.to_bytes();
  if (!(snapshot->members == s.members)) return fail(errc::internal, "the members are not the snapshot's");
  if (auto done = log.entries(log.first_index(), log.last_index() + 1, unlimited, s.entries); !done) return fail(std::move(done).error());
  for (std::size_t i = 0; i < s.entries.size(); ++i)
    if (s.entries[i].index != log.first_index() + i || log.term(s.entries[i].index) != s.entries[i].term)
      return fail(errc::internal, "entries and terms disagree");
  return s;
}

inline snapshot_ptr make_snapshot(position at, std::vector<node_id> voters = {1, 2, 3}, bytes data = "height") {
  auto s = std::make_shared<snapshot>();
  s->at = at;
  s->members.voters = std::move(voters);
  s->data = shared_bytes(std::move(data));
  return s;
}

inline entry make_entry(term_number term, log_index index, bytes data = "data") { return {term, index, entry_kind::normal, shared_bytes(std::move(data))}; }

inline std::vector<entry> make_entries(term_number term, log_index first, std::size_t count, std::size_t bytes_each = 10) {
  std::vector<entry> out;
  for (std::size_t i = 0; i < count; ++i) out.push_back(make_entry(term, first + i, bytes(bytes_each, static_cast<char>('a' + (first + i) % 26))));
  return out;
}

/// One thing that raft may ask of its log.
struct operation {
  std::optional<hard_state> hard;
  snapshot_ptr restore;
  std::vector<entry> entries;
  bool sync = true;
  bool is_compaction = false;
  snapshot_ptr made;
  log_index forget = 0;

  [[nodiscard]] wal_batch batch() const { return {hard, restore, entries, sync}; }
  [[nodiscard]] result<void> run(write_ahead_log& log) const { return is_compaction ? log.compact(made, forget) : log.write(batch()); }
  /// True if it is on disk when `run` returned.
  [[nodiscard]] bool durable() const { return is_compaction || sync || restore; }
  void apply_to(log_state& s) const {
    if (is_compaction) s.take(made, forget);
    else s.take(batch());
  }
};

/// Draws what is possible in state `s`.
class histories {
 public:
  explicit histories(random_source& random) : random_(random) {}

  operation next(const log_state& s) {
    operation op;
    const auto what = random_.below(20);
    if (what < 3 && s.last() > s.snapshot_at.index) {
      op.is_compaction = true;
      const log_index at = between(s.snapshot_at.index + 1, s.last());
      op.made = make_snapshot({s.term(at), at}, {1, 2, random_.below(9) + 3}, data());
      op.forget = between(0, at);
    } else if (what == 3) {
      op.is_compaction = true;
      op.forget = between(0, s.snapshot_at.index);
    } else {
      log_index end = s.last(), covered = s.snapshot_at.index;
      term_number term = s.term(end);
      if (what == 4) {
        covered = end = s.snapshot_at.index + 1 + random_.below(30);
        term += random_.below(2);
        op.restore = make_snapshot({term, end}, {random_.below(5) + 1}, data());
      }
      if (what > 5) entries(op, covered, end, term);
      if (random_.below(3) == 0 || what == 5) {
        const log_index last = op.entries.empty() ? end : op.entries.back().index;
        op.hard = hard_state{s.hard.term + random_.below(2), random_.below(4), between(std::min(covered, last), last)};
      }
      op.sync = random_.below(3) != 0;
    }
    return op;
  }

 private:
  log_index between(log_index low, log_index high) { return low + random_.below(high - low + 1); }
  bytes data() {
    if (random_.below(8) == 0) return bytes(static_cast<std::size_t>(random_.below(120)), '\0');
    return random_.make_bytes(static_cast<std::size_t>(random_.below(random_.below(10) == 0 ? 2000 : 60)));
  }
  void entries(operation& op, log_index covered, log_index end, term_number term) {
    log_index first = end + 1;
    if (random_.below(4) == 0) first = between(covered + 1, end + 1);  // replaces what stands there
    if (first <= end || random_.below(6) == 0) ++term;
    for (auto n = 1 + random_.below(4); n > 0; --n)
      op.entries.push_back({term, first++, static_cast<entry_kind>(random_.below(3)), shared_bytes(data())});
  }

  random_source& random_;
};

}  // namespace weft::testing
