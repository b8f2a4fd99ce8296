#include "cluster/wal/segment_scan.hpp"

#include <algorithm>

#include "ledger/store/crc32c.hpp"

namespace weft::cluster::raft::wal {
namespace {

constexpr std::size_t chunk = 1 * MiB;

// True if the file holds nothing but zeros from `offset` on.
result<bool> zeros_from(const ledger::file& f, std::uint64_t offset) {
  while (offset < f.size()) {
    WEFT_TRY(const bytes part, f.read(offset, chunk));
    if (part.empty() || part.find_first_not_of('\0') != bytes::npos) return part.empty();
    offset += part.size();
  }
  return true;
}

result<std::uint32_t> crc_of(const ledger::file& f, std::uint64_t offset, std::uint64_t count) {
  std::uint32_t crc = 0;
  while (count > 0) {
    WEFT_TRY(const bytes part, f.read(offset, static_cast<std::size_t>(std::min<std::uint64_t>(count, chunk))));
    if (part.empty()) return fail(errc::io, "the file became shorter while it was read");
    crc = ledger::crc32c(part, crc);
    offset += part.size();
    count -= part.size();
  }
  return crc;
}

/// Index of the first of the listed entries whose data differs from its checksum; as many as there are if none does.
result<std::size_t> first_bad(const ledger::file& f, std::uint64_t offset, const std::vector<entry_note>& entries) {
  for (std::size_t i = 0; i < entries.size(); ++i) {
    WEFT_TRY(const auto crc, crc_of(f, offset, entries[i].length));
    if (crc != entries[i].crc) return i;
    offset += entries[i].length;
  }
  return entries.size();
}

std::uint64_t payload_of(const statement& s) {
  std::uint64_t sum = 0;
  if (const auto* b = std::get_if<batch_note>(&s))
    for (const auto& e : b->entries) sum += e.length;
  return sum;
}

// The bytes behind a good header. Fills `into`; says what is wrong, or nothing.
result<std::string> check_body(const ledger::file& f, found& into) {
  WEFT_TRY(const bytes end, f.read(into.next - end_mark.size(), end_mark.size()));
  if (end != end_mark) return "the record has no end mark";
  WEFT_TRY(const bytes raw, f.read(into.payload_at - into.head.statement, into.head.statement));
  if (ledger::crc32c(raw) != into.head.crc) return "the record differs from its checksum";
  auto says = parse_statement(raw);
  if (!says) return says.error().context;
  into.says = *std::move(says);
  if (payload_of(into.says) != into.head.payload) return "the record's payload is not as long as its entries";
  if (const auto* b = std::get_if<batch_note>(&into.says)) {
    WEFT_TRY(const auto bad, first_bad(f, into.payload_at, b->entries));
    if (bad < b->entries.size()) return "entry " + std::to_string(b->first + bad) + " differs from its checksum";
  }
  return "";
}

}  // namespace

tl::unexpected<error> damaged(const std::string& name, std::uint64_t offset, const std::string& what) {
  return fail(errc::corruption, name + " at offset " + std::to_string(offset) + ": " + what +
                                    ". Nothing was changed. Put an undamaged copy of the file back. Where there is none, do not start this consenter with "
                                    "an emptied log: it might vote twice. Remove it from the channel's consenters, delete its log folder and add it "
                                    "again as a new one");
}

result<found> look_at(const ledger::file& f, const std::string& name, std::uint64_t offset) {
  const std::uint64_t left = f.size() - offset;
  found out;
  if (left == 0) return out;
  out.what = found::kind::torn;
  if (left < header_bytes) return out;
  WEFT_TRY(const bytes raw, f.read(offset, header_bytes));
  const auto head = decode_header(raw);
  if (!head) {
    WEFT_TRY(const bool unwritten, zeros_from(f, offset + header_bytes));
    if (unwritten && raw.ends_with('\0')) return out;
    return damaged(name, offset, "this is no record's header: its checksum differs");
  }
  if (head->statement > statement_bytes_max || head->payload > payload_bytes_max)
    return damaged(name, offset, "the record claims " + std::to_string(record_bytes(*head)) + " bytes");
  if (record_bytes(*head) > left) return out;
  out.head = *head;
  out.payload_at = offset + header_bytes + head->statement;
  out.next = offset + record_bytes(*head);
  WEFT_TRY(const auto wrong, check_body(f, out));
  if (wrong.empty()) {
    out.what = found::kind::whole;
    return out;
  }
  WEFT_TRY(const bool unwritten, zeros_from(f, out.next - 1));  // the end mark's last byte is none
  if (unwritten) return out;
  return damaged(name, offset, wrong);
}

}  // namespace weft::cluster::raft::wal
