#include "cluster/wal/write_ahead_log.hpp"

#include "cluster/raft/planted.hpp"
#include "cluster/wal/files.hpp"
#include "cluster/wal/segment_scan.hpp"
#include "ledger/store/crc32c.hpp"

namespace weft::cluster::raft {

using wal::file_name;

write_ahead_log::write_ahead_log(std::shared_ptr<ledger::env> files, const wal_options& options)
    : env_(std::move(files)), options_(options), cache_(options.cache_bytes) {}

// ---- reading, on any thread

bool write_ahead_log::begun() const {
  const std::lock_guard lock(mutex_);
  return begun_;
}

result<log_storage::initial> write_ahead_log::initial_state() const {
  const std::lock_guard lock(mutex_);
  if (!begun_) return fail(errc::failed_precondition, "the log was not begun yet");
  return initial{table_.hard(), table_.state()->members};
}

log_index write_ahead_log::first_index() const {
  const std::lock_guard lock(mutex_);
  return table_.before().index + 1;
}

log_index write_ahead_log::last_index() const {
  const std::lock_guard lock(mutex_);
  return table_.last();
}

std::optional<term_number> write_ahead_log::term(log_index index) const {
  const std::lock_guard lock(mutex_);
  return table_.term(index);
}

snapshot_ptr write_ahead_log::latest_snapshot() const {
  const std::lock_guard lock(mutex_);
  return table_.state();
}

log_index write_ahead_log::followed() const {
  const std::lock_guard lock(mutex_);
  return table_.followed();
}

write_ahead_log::usage write_ahead_log::used() const {
  const std::lock_guard lock(mutex_);
  usage out{files_.size(), 0, table_.known(), cache_.bytes_held()};
  for (const auto& [segment, f] : files_) out.disk_bytes += f->size();
  return out;
}

namespace {

// An entry that was not in memory: which of the answer it is, and where its data lies. The file stays open even if it is removed meanwhile.
struct on_disk {
  std::size_t which;
  wal::slot at;
  std::shared_ptr<ledger::file> in;
};

result<shared_bytes> read(const on_disk& e, log_index index) {
  WEFT_TRY(bytes data, e.in->read(e.at.offset, e.at.length));
  if (data.size() != e.at.length || ledger::crc32c(data) != e.at.crc)
    return wal::damaged(file_name(e.at.segment), e.at.offset, "the data of entry " + std::to_string(index) + " differs from its checksum");
  return shared_bytes(std::move(data));
}

}  // namespace

result<void> write_ahead_log::entries(log_index from, log_index until, std::size_t bytes_max, std::vector<entry>& out) const {
  const std::size_t had = out.size();
  std::vector<on_disk> missing;
  {
    const std::lock_guard lock(mutex_);
    if (from <= table_.before().index) return fail(errc::not_found, "requested index is unavailable due to compaction");
    if (until > table_.last() + 1)
      return fail(errc::not_found, "entry " + std::to_string(until - 1) + " is not in the log, which ends at " + std::to_string(table_.last()));
    byte_budget budget(bytes_max);
    for (log_index i = from; i < until; ++i) {
      const wal::slot& at = table_.at(i);
      if (!budget.take(weight({at.term, i}, at.kind, at.length))) break;
      const shared_bytes* cached = cache_.find(i);
      if (cached == nullptr && at.length > 0) missing.push_back({out.size(), at, files_.at(at.segment)});
      out.push_back({at.term, i, at.kind, cached != nullptr ? *cached : shared_bytes()});
    }
  }
  for (const auto& e : missing) {
    auto data = read(e, out[e.which].index);
    if (!data) {
      out.resize(had);
      return fail(std::move(data).error());
    }
    out[e.which].data = *std::move(data);
  }
  return {};
}

// ---- writing, on one thread

result<void> write_ahead_log::writable() const {
  if (broken_) return fail(errc::io, "the log takes nothing after a failed sync, because nobody knows what the disk has; open it anew");
  if (!begun_) return fail(errc::failed_precondition, "the log was not begun yet");
  return {};
}

result<void> write_ahead_log::begin_file(std::uint32_t segment) {
  WEFT_TRY(auto opened, env_->open(file_name(segment)));
  const std::lock_guard lock(mutex_);
  files_[segment] = std::move(opened);
  segment_ = segment;
  head_bytes_ = 0;
  dirty_ = false;
  return {};
}

result<void> write_ahead_log::sync() {
  if (!dirty_) return {};
  if (auto done = files_.at(segment_)->sync(); !done) {
    broken_ = true;
    return done;
  }
  dirty_ = false;
  return {};
}

// A file that holds more than its head is closed when the next record does not fit; synced, so that only the last one can have a torn tail.
result<void> write_ahead_log::make_room(std::uint64_t bytes) {
  if (files_.empty()) return begin_file(0);
  const std::uint64_t size = files_.at(segment_)->size();
  if (size <= head_bytes_ || size + bytes <= options_.segment_bytes) return {};
  WEFT_CHECK(sync());
  return begin_file(segment_ + 1);
}

// The file promises to have cut itself when it could not append; when it could not do that either, this tries again or stops.
result<void> write_ahead_log::append_whole(ledger::file& f, std::span<const bytes_view> pieces) {
  const std::uint64_t at = f.size();
  if (auto done = f.append_pieces(pieces); !done) {
    if (auto cut = f.truncate(at); !cut) broken_ = true;
    return fail(within("raft log", std::move(done).error()));
  }
  return {};
}

result<write_ahead_log::place> write_ahead_log::append(bytes_view statement, std::span<const bytes_view> payload) {
  std::uint64_t payload_bytes = 0;
  for (const auto& p : payload) payload_bytes += p.size();
  if (statement.size() > wal::statement_bytes_max || payload_bytes > wal::payload_bytes_max)
    return fail(errc::invalid_argument, std::to_string(statement.size() + payload_bytes) + " bytes at once are more than the log stores");
  wal::header h{static_cast<std::uint32_t>(statement.size()), static_cast<std::uint32_t>(payload_bytes), 0, ledger::crc32c(statement)};
  WEFT_CHECK(make_room(wal::record_bytes(h)));
  auto& f = *files_.at(segment_);

  bytes first;
  if (head_bytes_ == 0) first = wal::whole_record(sequence_, wal::encode(wal::statement(table_.as_head(segment_))));
  h.sequence = sequence_ + (first.empty() ? 0 : 1);
  const bytes header = wal::encode(h);
  std::vector<bytes_view> pieces;
  pieces.reserve(payload.size() + 4);
  pieces.insert(pieces.end(), {first, header, statement});
  pieces.insert(pieces.end(), payload.begin(), payload.end());
  pieces.push_back(wal::end_mark);

  const std::uint64_t at = f.size();
  WEFT_CHECK(append_whole(f, pieces));
  head_bytes_ += first.size();
  sequence_ = h.sequence + 1;
  dirty_ = true;
  return place{segment_, at + first.size() + wal::header_bytes + statement.size()};
}

result<void> write_ahead_log::begin(const conf_state& members) {
  if (begun_) return fail(errc::already_exists, "the log was begun already");
  if (broken_) return writable();
  if (files_.empty()) WEFT_CHECK(begin_file(0));
  auto state = std::make_shared<snapshot>();
  state->members = members;
  const wal::head head{0, {}, {}, 0, std::move(state)};
  const bytes record = wal::whole_record(0, wal::encode(wal::statement(head)));
  auto& f = *files_.at(segment_);
  const bytes_view pieces[] = {record};
  WEFT_CHECK(append_whole(f, pieces));
  dirty_ = true;
  WEFT_CHECK(sync());
  head_bytes_ = record.size();
  sequence_ = 1;
  const std::lock_guard lock(mutex_);
  table_.begin(head);
  begun_ = true;
  return {};
}

result<void> write_ahead_log::write(const wal_batch& batch) {
  WEFT_CHECK(writable());
  wal::batch_note note{batch.hard, batch.restore, 0, {}};
  const log_index covered = batch.restore ? batch.restore->at.index : table_.state()->at.index;
  auto entries = batch.entries;
  while (!entries.empty() && entries.front().index <= covered) entries = entries.subspan(1);
  std::vector<bytes_view> payload;
  payload.reserve(entries.size());
  note.entries.reserve(entries.size());
  if (!entries.empty()) note.first = entries.front().index;
  for (const auto& e : entries) {
    if (e.index != note.first + note.entries.size()) return fail(errc::invalid_argument, "entry " + std::to_string(e.index) + " is out of order");
    if (e.data.size() > wal::entry_bytes_max)
      return fail(errc::invalid_argument, "entry " + std::to_string(e.index) + " has " + std::to_string(e.data.size()) + " bytes; at most " +
                                              std::to_string(wal::entry_bytes_max) + " are stored");
    note.entries.push_back({e.term, e.kind, static_cast<std::uint32_t>(e.data.size()), ledger::crc32c(e.data)});
    if (!e.data.empty()) payload.push_back(e.data);
  }
  if (batch.restore && batch.restore->data.size() > wal::snapshot_bytes_max)
    return fail(errc::invalid_argument, "the snapshot's data has " + std::to_string(batch.restore->data.size()) + " bytes");
  WEFT_CHECK(table_.check(note));
  if (!note.hard && !note.restore && note.entries.empty()) return batch.sync ? sync() : result<void>{};

  WEFT_TRY(const auto at, append(wal::encode(wal::statement(note)), payload));
  if ((batch.sync || batch.restore) && !planted(mistake::log_not_synced)) WEFT_CHECK(sync());
  {
    const std::lock_guard lock(mutex_);
    table_.apply(note, at.segment, at.offset);
    if (note.restore) cache_.forget(note.restore->at.index);
    if (!entries.empty() || note.restore) cache_.append(entries.empty() ? note.restore->at.index + 1 : note.first, entries);
  }
  if (note.restore) static_cast<void>(remove_dead_files());  // written it is; the next compaction tries again
  return {};
}

result<void> write_ahead_log::compact(snapshot_ptr made, log_index forget) {
  WEFT_CHECK(writable());
  wal::compaction c{table_.before(), std::move(made)};
  if (forget > c.before.index) {
    const auto of = table_.term(forget);
    if (!of) return fail(errc::not_found, "entry " + std::to_string(forget) + " is not in the log, which ends at " + std::to_string(table_.last()));
    c.before = {*of, forget};
  }
  if (c.state && c.state->data.size() > wal::snapshot_bytes_max)
    return fail(errc::invalid_argument, "the snapshot's data has " + std::to_string(c.state->data.size()) + " bytes");
  WEFT_CHECK(table_.check(c));
  if (!c.state && c.before == table_.before()) return remove_dead_files();

  WEFT_CHECK(append(wal::encode(wal::statement(c)), {}));
  if (!planted(mistake::files_removed_early)) WEFT_CHECK(sync());
  {
    const std::lock_guard lock(mutex_);
    table_.apply(c);
    cache_.forget(c.before.index);
  }
  return remove_dead_files();
}

result<void> write_ahead_log::note_followed(log_index until) {
  WEFT_CHECK(writable());
  if (until > wal::index_max && until != still_following) return fail(errc::invalid_argument, "an index that no log has");
  const wal::follow_note note{until};
  if (until != table_.followed()) WEFT_CHECK(append(wal::encode(wal::statement(note)), {}));
  WEFT_CHECK(sync());
  const std::lock_guard lock(mutex_);
  table_.apply(note);
  return {};
}

// Oldest first, so that after a crash what is left is without a gap; and only when the file that follows begins with a head that is on disk.
result<void> write_ahead_log::remove_dead_files() {
  if (!planted(mistake::files_removed_early)) WEFT_CHECK(sync());
  if (head_bytes_ == 0) return {};
  const std::uint32_t live = table_.known() > 0 ? table_.at(table_.first_known()).segment : segment_;
  while (files_.begin()->first < live) {
    const std::uint32_t oldest = files_.begin()->first;
    if (auto done = env_->remove(file_name(oldest)); !done && done.error().code != errc::not_found) return done;
    const std::lock_guard lock(mutex_);
    files_.erase(files_.begin());
  }
  return {};
}

}  // namespace weft::cluster::raft
