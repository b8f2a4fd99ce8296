#include "ledger/tx/fields.hpp"

#include <cstring>

namespace weft::ledger::fields {

namespace {

constexpr std::uint64_t high_bits = 0x8080808080808080u;

/// Length of the multi-byte sequence at `p` (at most `left` bytes), or 0. Table 3-7 of the Unicode standard.
std::size_t sequence(const unsigned char* p, std::size_t left) noexcept {
  const unsigned lead = p[0];
  std::size_t length = 0;
  unsigned low = 0x80, high = 0xbf;  // of the second byte
  if (lead >= 0xc2 && lead <= 0xdf) length = 2;
  else if (lead >= 0xe0 && lead <= 0xef) length = 3;
  else if (lead >= 0xf0 && lead <= 0xf4) length = 4;
  if (length == 0 || left < length) return 0;
  if (lead == 0xe0) low = 0xa0;
  if (lead == 0xed) high = 0x9f;
  if (lead == 0xf0) low = 0x90;
  if (lead == 0xf4) high = 0x8f;
  if (p[1] < low || p[1] > high) return 0;
  for (std::size_t i = 2; i < length; ++i)
    if ((p[i] & 0xc0) != 0x80) return 0;
  return length;
}

}  // namespace

bool valid_utf8(bytes_view text) noexcept {
  const auto* p = reinterpret_cast<const unsigned char*>(text.data());
  std::size_t left = text.size();
  while (left != 0) {
    std::uint64_t word = 0;
    if (left >= sizeof word) {
      std::memcpy(&word, p, sizeof word);
      if ((word & high_bits) == 0) {
        p += sizeof word;
        left -= sizeof word;
        continue;
      }
    }
    const std::size_t step = *p < 0x80 ? 1 : sequence(p, left);
    if (step == 0) return false;
    p += step;
    left -= step;
  }
  return true;
}

}  // namespace weft::ledger::fields
