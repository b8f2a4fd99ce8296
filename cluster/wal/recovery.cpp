// What a restarted member finds on its disk.
#include <algorithm>
#include <charconv>

#include "cluster/wal/files.hpp"
#include "cluster/wal/segment_scan.hpp"
#include "cluster/wal/write_ahead_log.hpp"

namespace weft::cluster::raft {

namespace wal {

std::string file_name(std::uint32_t segment) {
  std::string digits = std::to_string(segment);
  if (digits.size() < 6) digits.insert(0, 6 - digits.size(), '0');
  return "wal-" + digits;
}

std::optional<std::uint32_t> segment_of(std::string_view name) {
  constexpr std::string_view prefix = "wal-";
  if (!name.starts_with(prefix)) return std::nullopt;
  const auto digits = name.substr(prefix.size());
  std::uint32_t n = 0;
  const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), n);
  if (code != std::errc{} || end != digits.data() + digits.size() || file_name(n) != name) return std::nullopt;
  return n;
}

}  // namespace wal

using wal::damaged;
using wal::file_name;

result<std::unique_ptr<write_ahead_log>> write_ahead_log::open(std::shared_ptr<ledger::env> files, const wal_options& options, wal_report* report) {
  wal_report unseen;
  std::unique_ptr<write_ahead_log> log(new write_ahead_log(std::move(files), options));
  WEFT_CHECK(log->recover(report != nullptr ? *report : unseen));
  return log;
}

// Everything is read before anything is changed: what is refused stays as evidence.
result<void> write_ahead_log::recover(wal_report& report) {
  report = {};
  WEFT_TRY(const auto names, env_->list());
  std::vector<std::uint32_t> numbers;
  for (const auto& n : names)
    if (const auto segment = wal::segment_of(n)) numbers.push_back(*segment);
  std::sort(numbers.begin(), numbers.end());
  report.files = numbers.size();
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (numbers[i] != numbers[0] + i) return damaged(file_name(numbers[i]), 0, "the file before it, " + file_name(numbers[i] - 1) + ", is missing");
    WEFT_CHECK(begin_file(numbers[i]));
    WEFT_CHECK(recover_file(numbers[i], i + 1 == numbers.size(), report));
  }
  if (numbers.empty()) return {};
  const std::string oldest = file_name(numbers[0]);
  if (!begun_ && numbers[0] != 0) return damaged(oldest, 0, "the log does not begin with this file, and older ones are missing");
  if (!table_.complete())
    return damaged(oldest, 0, "entries " + std::to_string(table_.before().index + 1) + " to " + std::to_string(table_.first_known() - 1) +
                                  " stood in older files, which are missing");
  auto& last = *files_.at(segment_);
  if (report.cut_bytes > 0) WEFT_CHECK(last.truncate(report.cut_at));
  return last.sync();  // also what is whole: it may have been written and not synced by a process that died, and will be relied on now
}

result<void> write_ahead_log::recover_file(std::uint32_t segment, bool is_last, wal_report& report) {
  const auto& f = *files_.at(segment);
  const std::string name = file_name(segment);
  std::uint64_t offset = 0;
  for (;;) {
    WEFT_TRY(const auto record, wal::look_at(f, name, offset));
    if (record.what != wal::found::kind::whole) {
      const bool torn = record.what == wal::found::kind::torn;
      if (!is_last && torn) return damaged(name, offset, "the file ends within a record, and later files are there");
      if (!is_last && offset == 0) return damaged(name, offset, "the file is empty, and later files are there");
      if (torn) {
        report.cut_file = name;
        report.cut_at = offset;
        report.cut_bytes = f.size() - offset;
      }
      return {};
    }
    WEFT_CHECK(replay(record, name, offset, segment));
    if (offset == 0) head_bytes_ = record.next;
    offset = record.next;
    ++report.records;
  }
}

result<void> write_ahead_log::replay(const wal::found& record, const std::string& name, std::uint64_t offset, std::uint32_t segment) {
  if (begun_ && record.head.sequence != sequence_)
    return damaged(name, offset, "record " + std::to_string(record.head.sequence) + " stands where record " + std::to_string(sequence_) + " was written");
  const auto* head = std::get_if<wal::head>(&record.says);
  if ((offset == 0) != (head != nullptr)) return damaged(name, offset, offset == 0 ? "the file does not begin with a head" : "a second head");
  if (head != nullptr) {
    if (head->segment != segment) return damaged(name, offset, "this was written as " + file_name(head->segment));
    if (begun_ && wal::encode(record.says) != wal::encode(wal::statement(table_.as_head(segment))))
      return damaged(name, offset, "the file does not follow the one before it");
    if (!begun_) table_.begin(*head);
    begun_ = true;
  } else {
    const auto* batch = std::get_if<wal::batch_note>(&record.says);
    const auto* compaction = std::get_if<wal::compaction>(&record.says);
    const auto fits = batch != nullptr ? table_.check(*batch) : compaction != nullptr ? table_.check(*compaction) : result<void>{};
    if (!fits) return damaged(name, offset, fits.error().context);
    if (batch != nullptr) table_.apply(*batch, segment, record.payload_at);
    else if (compaction != nullptr) table_.apply(*compaction);
    else table_.apply(std::get<wal::follow_note>(record.says));
  }
  sequence_ = record.head.sequence + 1;
  return {};
}

}  // namespace weft::cluster::raft
