#include "ledger/store/block_log.hpp"

#include <algorithm>

#include "ledger/store/crc32c.hpp"

namespace weft::ledger {
namespace {

// True if the file holds nothing but zeros from `offset` on.
result<bool> zeros_from(const file& f, std::uint64_t offset) {
  constexpr std::size_t chunk = 1 * MiB;
  while (offset < f.size()) {
    WEFT_TRY(const bytes part, f.read(offset, chunk));
    if (part.empty() || part.find_first_not_of('\0') != bytes::npos) return part.empty();
    offset += part.size();
  }
  return true;
}

}  // namespace

struct block_log::piece {
  enum class kind { end, torn, whole } what = kind::end;
  record::header header;
  shared_bytes payload;
};

tl::unexpected<error> block_log::damaged(log_position p, const std::string& what) const {
  return fail(errc::corruption, segments_->name(p.segment) + " at offset " + std::to_string(p.offset) + ": " + what +
                                    ". Nothing was changed. Put an undamaged copy of the file back, or remove the channel's files so that "
                                    "its blocks are fetched anew");
}

result<std::unique_ptr<block_log>> block_log::open(std::shared_ptr<env> files, std::uint64_t segment_bytes, std::string prefix) {
  WEFT_TRY(auto s, segments::open(std::move(files), std::move(prefix)));
  return std::unique_ptr<block_log>(new block_log(std::move(s), segment_bytes));
}

result<std::shared_ptr<file>> block_log::file_for(std::uint64_t record_bytes) {
  if (segments_->count() == 0) return segments_->begin_next();
  WEFT_TRY(auto last, segments_->get(segments_->count() - 1));
  if (last->size() == 0 || last->size() + record_bytes <= segment_bytes_) return last;
  WEFT_CHECK(sync());  // so that only the last file can ever have a torn tail
  return segments_->begin_next();
}

result<record_location> block_log::append(block_number number, std::span<const bytes_view> payload) {
  if (broken_) return fail(errc::io, "the block files take nothing after a failed sync or cut; open the channel anew");
  std::uint64_t size = 0;
  std::uint32_t crc = 0;
  for (const auto& p : payload) {
    size += p.size();
    crc = crc32c(p, crc);
  }
  if (size > block_bytes_max)
    return fail(errc::invalid_argument, "block " + std::to_string(number.value) + " has " + std::to_string(size) + " bytes; at most " +
                                            std::to_string(block_bytes_max) + " are stored");
  const auto length = static_cast<std::uint32_t>(size);
  WEFT_TRY(const auto f, file_for(record::record_bytes(length)));
  const record_location at{segments_->count() - 1, f->size(), length};
  const bytes header = record::encode_header({length, number, crc});
  std::vector<bytes_view> pieces;
  pieces.reserve(payload.size() + 2);
  pieces.push_back(header);
  pieces.insert(pieces.end(), payload.begin(), payload.end());
  pieces.push_back(record::end_mark);
  if (auto done = f->append_pieces(pieces); !done) {
    // The file promises to have cut itself; when it could not, this tries again or stops.
    if (auto cut = f->truncate(at.offset); !cut) broken_ = true;
    return fail(within("block " + std::to_string(number.value), std::move(done).error()));
  }
  return at;
}

result<void> block_log::sync() {
  if (broken_) return fail(errc::io, "the block files cannot be trusted after a failed sync or cut; open the channel anew");
  if (segments_->count() == 0) return {};
  WEFT_TRY(const auto last, segments_->get(segments_->count() - 1));
  auto done = last->sync();
  if (!done) broken_ = true;
  return done;
}

result<shared_bytes> block_log::read(block_number number, const record_location& at) const {
  const log_position p{at.segment, at.offset};
  auto f = segments_->get(at.segment);
  if (!f && f.error().code == errc::not_found) return damaged(p, "block " + std::to_string(number.value) + " was here, and the file is gone");
  if (!f) return fail(std::move(f).error());
  WEFT_TRY(bytes raw, (*f)->read(at.offset, record::record_bytes(at.length)));
  const auto header = record::decode_header(bytes_view(raw).substr(0, std::min(raw.size(), record::header_bytes)));
  if (!header || header->number != number || header->length != at.length)
    return damaged(p, "the header of block " + std::to_string(number.value) + " is damaged");
  if (!record::is_whole(*header, bytes_view(raw).substr(record::header_bytes)))
    return damaged(p, "block " + std::to_string(number.value) + " differs from its checksum");
  const shared_bytes owner(std::move(raw));
  return shared_bytes(owner, owner.view().substr(record::header_bytes, at.length));
}

result<block_log::piece> block_log::look_at(const file& f, log_position p) const {
  const std::uint64_t left = f.size() - p.offset;
  if (left == 0) return piece{};
  if (left < record::header_bytes) return piece{piece::kind::torn};
  WEFT_TRY(const bytes head, f.read(p.offset, record::header_bytes));
  const auto header = record::decode_header(head);
  if (!header) {
    WEFT_TRY(const bool unwritten, zeros_from(f, p.offset + record::header_bytes));
    if (unwritten && head.ends_with('\0')) return piece{piece::kind::torn};
    return damaged(p, "this is no record's header: its checksum differs");
  }
  if (header->length > block_bytes_max) return damaged(p, "the record claims " + std::to_string(header->length) + " bytes");
  const std::uint64_t whole = record::record_bytes(header->length);
  if (whole > left) return piece{piece::kind::torn};
  WEFT_TRY(bytes rest, f.read(p.offset + record::header_bytes, whole - record::header_bytes));
  if (!record::is_whole(*header, rest)) {
    WEFT_TRY(const bool unwritten, zeros_from(f, p.offset + whole));
    if (unwritten && rest.ends_with('\0')) return piece{piece::kind::torn};
    return damaged(p, "block " + std::to_string(header->number.value) + " differs from its checksum");
  }
  const shared_bytes owner(std::move(rest));
  return piece{piece::kind::whole, *header, shared_bytes(owner, owner.view().substr(0, header->length))};
}

result<void> block_log::scan(log_position from, const visitor& visit, open_report& report) {
  for (segment_number s = from.segment; s < segments_->count(); ++s) {
    WEFT_TRY(const auto f, segments_->get(s));
    log_position p{s, s == from.segment ? from.offset : 0};
    for (;;) {
      WEFT_TRY(const piece found, look_at(*f, p));
      if (found.what == piece::kind::end) break;
      if (found.what == piece::kind::torn) {
        if (s + 1 < segments_->count()) return damaged(p, "the file ends within a record, and later files are there");
        report.cut_file = segments_->name(s);
        report.cut_at = p.offset;
        report.cut_bytes = f->size() - p.offset;
        WEFT_CHECK(f->truncate(p.offset));
        return f->sync();
      }
      const record_location at{s, p.offset, found.header.length};
      WEFT_CHECK(visit(found.header.number, at, found.payload));
      p = behind(at);
    }
  }
  return {};
}

result<void> block_log::cut(log_position p) {
  for (segment_number s = segments_->count(); s-- > p.segment;) {
    WEFT_TRY(const auto f, segments_->get(s));
    const std::uint64_t keep = s == p.segment ? p.offset : 0;
    if (f->size() <= keep) continue;
    WEFT_CHECK(f->truncate(keep));
    WEFT_CHECK(f->sync());
  }
  return {};
}

result<bool> block_log::reaches(log_position p) const {
  if (p.segment >= segments_->count()) return p.segment == 0 && p.offset == 0;
  WEFT_TRY(const auto f, segments_->get(p.segment));
  return f->size() >= p.offset;
}

}  // namespace weft::ledger
