// What stands in the files of the write-ahead log: records, each with one statement about the log.
//
//   offset  0  magic "WFW1"                    all numbers little-endian
//           4  u32 bytes of the statement
//           8  u32 bytes of the payload
//          12  u64 sequence number: each record's is one above that of the record before it, over all files
//          20  u32 CRC-32C of the statement
//          24  u32 CRC-32C of the 24 bytes before
//          28  statement
//           …  payload: the data of the entries that the statement lists, one behind the other
//           …  end mark, four bytes that are not zero
//
// The payload has no checksum of its own: the statement lists one for each entry, so that an entry can be checked when it is read alone.
// Statements, by their first byte:
//
//   1 head        u32 version · u32 number of this file · hard state · u64 term, u64 index of the entry before the first · u64 last index · snapshot
//                 · u64 index of the newest `followed`, if that is not 0
//   2 batch       u8 flags (1 hard state, 2 snapshot that replaces the log, 4 entries) · what they announce, in that order; entries are
//                 u64 index of the first · u32 count · count × (u64 term · u8 kind · u32 bytes · u32 CRC-32C)
//   3 compaction  u64 term, u64 index of the entry before the first from now on · u8 whether a snapshot follows · snapshot
//   4 followed    u64 index: `follow_note` below
//
//   hard state    u64 term · u64 vote · u64 commit
//   snapshot      u64 term · u64 index · u8 auto_leave · voters, learners, voters_outgoing, learners_next · u32 bytes · data
//   list of ids   u32 count · count × u64
//
// A file begins with a head, and has no other. Why it is built like this: README.md of this folder.
#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "cluster/raft/log_storage.hpp"
#include "config/base/result.hpp"

namespace weft::cluster::raft::wal {

inline constexpr std::uint32_t version = 1;
inline constexpr std::size_t header_bytes = 28;
inline constexpr bytes_view end_mark = "\xb5\xd3\x6e\x9a";
/// More is neither written nor believed.
inline constexpr std::size_t statement_bytes_max = 64 * MiB;
inline constexpr std::size_t payload_bytes_max = 2048 * MiB;
inline constexpr std::size_t entry_bytes_max = 512 * MiB;
inline constexpr std::size_t snapshot_bytes_max = 16 * MiB;
inline constexpr log_index index_max = log_index{1} << 62;  ///< So that sums do not wrap.

struct header {
  std::uint32_t statement = 0;
  std::uint32_t payload = 0;
  std::uint64_t sequence = 0;
  std::uint32_t crc = 0;
};
[[nodiscard]] constexpr std::uint64_t record_bytes(const header& h) {
  return header_bytes + std::uint64_t{h.statement} + h.payload + end_mark.size();
}
[[nodiscard]] bytes encode(const header& h);
/// Nothing when the bytes are not a whole header, or differ from their checksum.
[[nodiscard]] std::optional<header> decode_header(bytes_view raw);

/// The whole state at the beginning of a file but for the entries, so that older files can go once their entries are not needed.
struct head {
  std::uint32_t segment = 0;
  hard_state hard;
  position before;     ///< The entry before the first; at most the snapshot's.
  log_index last = 0;
  snapshot_ptr state;  ///< Never null; at index 0 it carries the first members.
  log_index followed = 0;
};

struct entry_note {
  term_number term = 0;
  entry_kind kind = entry_kind::normal;
  std::uint32_t length = 0;
  std::uint32_t crc = 0;  ///< Of its data.
  friend bool operator==(const entry_note&, const entry_note&) = default;
};

/// What one write brought. Takes effect as a whole or not at all.
struct batch_note {
  std::optional<hard_state> hard;
  snapshot_ptr restore;
  log_index first = 0;  ///< Of the first entry; 0 without entries.
  std::vector<entry_note> entries;
};

/// A snapshot was made here (null: the present one stays), and entries up to `before` were forgotten.
struct compaction {
  position before;
  snapshot_ptr state;
};

/// What is committed up to there this member may have from others, and not in its log, because it took no part in the group meanwhile and promised
/// nothing: 0, an index, or `still_following`. Counts for nothing once the log itself is known to be committed up to there.
struct follow_note {
  log_index until = 0;
};

using statement = std::variant<head, batch_note, compaction, follow_note>;

[[nodiscard]] bytes encode(const statement& s);
/// Errors: `corruption`, saying what is wrong; what is read encodes to the same bytes again.
[[nodiscard]] result<statement> parse_statement(bytes_view raw);

/// A record without payload.
[[nodiscard]] bytes whole_record(std::uint64_t sequence, bytes_view statement);

}  // namespace weft::cluster::raft::wal
