#include "ledger/store/record.hpp"

#include "ledger/store/crc32c.hpp"
#include "ledger/store/numbers.hpp"

namespace weft::ledger::record {
namespace {

constexpr bytes_view magic = "WFB1";

}  // namespace

bytes encode_header(const header& h) {
  bytes out(magic);
  put_little<std::uint32_t>(out, h.length);
  put_little<std::uint64_t>(out, h.number.value);
  put_little<std::uint32_t>(out, h.crc);
  put_little<std::uint32_t>(out, crc32c(out));
  return out;
}

std::optional<header> decode_header(bytes_view raw) {
  if (raw.size() < header_bytes || !raw.starts_with(magic)) return std::nullopt;
  if (get_little<std::uint32_t>(raw.substr(20)) != crc32c(raw.substr(0, 20))) return std::nullopt;
  return header{get_little<std::uint32_t>(raw.substr(4)), block_number(get_little<std::uint64_t>(raw.substr(8))),
                get_little<std::uint32_t>(raw.substr(16))};
}

bool is_whole(const header& h, bytes_view rest) {
  return rest.size() == h.length + end_mark.size() && rest.substr(h.length) == end_mark && crc32c(rest.substr(0, h.length)) == h.crc;
}

}  // namespace weft::ledger::record
