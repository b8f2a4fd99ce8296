// One block in a block file: a header with its own checksum, pb(Block), and a mark that says "written to the end".
//
//   offset  0  magic "WFB1"                 all numbers little-endian
//           4  u32 length of the payload
//           8  u64 block number
//          16  u32 CRC-32C of the payload
//          20  u32 CRC-32C of the 20 bytes before
//          24  payload
//   24+length  end mark, four bytes that are not zero
//
// Why a header checksum and an end mark: README.md of this folder.
#pragma once

#include <optional>

#include "config/base/bytes.hpp"
#include "config/base/ids.hpp"

namespace weft::ledger::record {

inline constexpr std::size_t header_bytes = 24;
inline constexpr bytes_view end_mark = "\xb5\xd3\x6e\x9a";

struct header {
  std::uint32_t length = 0;
  block_number number;
  std::uint32_t crc = 0;
};
[[nodiscard]] constexpr std::uint64_t record_bytes(std::uint64_t length) { return header_bytes + length + end_mark.size(); }

[[nodiscard]] bytes encode_header(const header& h);
/// Nothing when the bytes are not a whole header, or differ from their checksum.
[[nodiscard]] std::optional<header> decode_header(bytes_view raw);
/// Payload and end mark as the header says. `rest` is what follows the header.
[[nodiscard]] bool is_whole(const header& h, bytes_view rest);

}  // namespace weft::ledger::record
