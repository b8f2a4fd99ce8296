// Numbered records in a sequence of files: appended, read at their location, and scanned after a crash. Knows no index.
// A channel keeps its blocks in one, and a peer the private data of its blocks in another.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>

#include "ledger/store/block_index.hpp"
#include "ledger/store/record.hpp"
#include "ledger/store/segments.hpp"

namespace weft::ledger {

/// A position between two records.
struct log_position {
  segment_number segment = 0;
  std::uint64_t offset = 0;
};

/// One writer; read() is thread-safe beside it.
class block_log {
 public:
  [[nodiscard]] static result<std::unique_ptr<block_log>> open(std::shared_ptr<env> files, std::uint64_t segment_bytes,
                                                               std::string prefix = "blocks-");

  /// Stores one record, given in pieces, at the end; not durable before sync(). Errors: `invalid_argument` when too long; `io`: nothing is stored.
  [[nodiscard]] result<record_location> append(block_number number, std::span<const bytes_view> payload);
  /// Errors: `io`; the log then refuses appends until it is opened anew, because nobody knows what the disk has.
  [[nodiscard]] result<void> sync();
  /// The payload. Errors: `corruption` with file and offset, `io`.
  [[nodiscard]] result<shared_bytes> read(block_number number, const record_location& at) const;

  /// Visits the records from `from` to the end, one in memory at a time; cuts a torn tail off and syncs, noting it in `report`.
  /// Errors: `corruption` for damage (nothing is changed then), those of `visit`, `io`.
  using visitor = std::function<result<void>(block_number, const record_location&, shared_bytes payload)>;
  [[nodiscard]] result<void> scan(log_position from, const visitor& visit, open_report& report);

  /// Forgets the records from `p` on, and syncs. For records that turned out to belong to nothing.
  [[nodiscard]] result<void> cut(log_position p);
  [[nodiscard]] std::string name(segment_number n) const { return segments_->name(n); }

  /// True if the files reach at least to there.
  [[nodiscard]] result<bool> reaches(log_position p) const;
  [[nodiscard]] static log_position behind(const record_location& at) {
    return {at.segment, at.offset + record::record_bytes(at.length)};
  }

 private:
  struct piece;  // what stands at a position: a record, the end, a torn tail
  block_log(std::unique_ptr<segments> s, std::uint64_t segment_bytes) : segments_(std::move(s)), segment_bytes_(segment_bytes) {}
  [[nodiscard]] tl::unexpected<error> damaged(log_position p, const std::string& what) const;
  [[nodiscard]] result<std::shared_ptr<file>> file_for(std::uint64_t record_bytes);
  [[nodiscard]] result<piece> look_at(const file& f, log_position p) const;

  std::unique_ptr<segments> segments_;
  std::uint64_t segment_bytes_;
  bool broken_ = false;
};

}  // namespace weft::ledger
