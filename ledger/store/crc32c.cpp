#include "ledger/store/crc32c.hpp"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace weft::ledger {
namespace {

constexpr std::uint32_t polynomial = 0x82F63B78;  // 0x1EDC6F41 with its bits reversed (RFC 3720, appendix B.4)

using tables = std::array<std::array<std::uint32_t, 256>, 8>;

// tables[k][b]: what byte b does to the remainder when k more bytes follow in the same step of eight.
constexpr tables make_tables() {
  tables t{};
  for (std::uint32_t b = 0; b < 256; ++b) {
    std::uint32_t crc = b;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) ? polynomial : 0);
    t[0][b] = crc;
  }
  for (std::size_t k = 1; k < 8; ++k)
    for (std::size_t b = 0; b < 256; ++b) t[k][b] = (t[k - 1][b] >> 8) ^ t[0][t[k - 1][b] & 0xff];
  return t;
}
constexpr tables slices = make_tables();

#if defined(__x86_64__)
constexpr std::size_t lane = 512;  ///< Bytes.

using shift_tables = std::array<std::array<std::uint32_t, 256>, 4>;

// What `lane` zero bytes make of a remainder, by each of its four bytes: a linear map, so its 32 columns tell all of it.
constexpr shift_tables make_shift() {
  std::array<std::uint32_t, 32> column{};
  for (std::size_t bit = 0; bit < 32; ++bit) {
    std::uint32_t crc = std::uint32_t{1} << bit;
    for (std::size_t i = 0; i < lane; ++i) crc = (crc >> 8) ^ slices[0][crc & 0xff];
    column[bit] = crc;
  }
  shift_tables t{};
  for (std::size_t place = 0; place < 4; ++place)
    for (std::size_t b = 0; b < 256; ++b)
      for (std::size_t bit = 0; bit < 8; ++bit)
        if (b >> bit & 1) t[place][b] ^= column[place * 8 + bit];
  return t;
}
constexpr shift_tables over_a_lane = make_shift();

std::uint64_t shift(std::uint64_t crc) noexcept {
  return over_a_lane[0][crc & 0xff] ^ over_a_lane[1][crc >> 8 & 0xff] ^ over_a_lane[2][crc >> 16 & 0xff] ^ over_a_lane[3][crc >> 24 & 0xff];
}

std::uint64_t word_at(const char* p) noexcept {
  std::uint64_t word = 0;
  std::memcpy(&word, p, 8);
  return word;
}

// The instruction takes three cycles and can begin in each, so three lanes are summed at once and put together.
__attribute__((target("sse4.2"))) std::uint32_t crc32c_sse42(bytes_view data, std::uint32_t before) noexcept {
  std::uint64_t crc = static_cast<std::uint32_t>(~before);
  const char* p = data.data();
  std::size_t left = data.size();
  for (; left >= 3 * lane; p += 3 * lane, left -= 3 * lane) {
    std::uint64_t second = 0, third = 0;
    for (std::size_t i = 0; i < lane; i += 8) {
      crc = _mm_crc32_u64(crc, word_at(p + i));
      second = _mm_crc32_u64(second, word_at(p + lane + i));
      third = _mm_crc32_u64(third, word_at(p + 2 * lane + i));
    }
    crc = shift(shift(crc) ^ second) ^ third;
  }
  for (; left >= 8; p += 8, left -= 8) crc = _mm_crc32_u64(crc, word_at(p));
  auto small = static_cast<std::uint32_t>(crc);
  for (; left > 0; ++p, --left) small = _mm_crc32_u8(small, static_cast<unsigned char>(*p));
  return ~small;
}
#endif

}  // namespace

std::uint32_t crc32c_portable(bytes_view data, std::uint32_t before) noexcept {
  std::uint32_t crc = ~before;
  const auto* p = reinterpret_cast<const unsigned char*>(data.data());
  std::size_t left = data.size();
  for (; left >= 8; p += 8, left -= 8) {
    crc ^= static_cast<std::uint32_t>(p[0]) | static_cast<std::uint32_t>(p[1]) << 8 | static_cast<std::uint32_t>(p[2]) << 16 |
           static_cast<std::uint32_t>(p[3]) << 24;
    crc = slices[7][crc & 0xff] ^ slices[6][(crc >> 8) & 0xff] ^ slices[5][(crc >> 16) & 0xff] ^ slices[4][crc >> 24] ^ slices[3][p[4]] ^
          slices[2][p[5]] ^ slices[1][p[6]] ^ slices[0][p[7]];
  }
  for (; left > 0; ++p, --left) crc = (crc >> 8) ^ slices[0][(crc ^ *p) & 0xff];
  return ~crc;
}

std::uint32_t crc32c(bytes_view data, std::uint32_t before) noexcept {
#if defined(__x86_64__)
  static const bool has_instruction = __builtin_cpu_supports("sse4.2");
  if (has_instruction) return crc32c_sse42(data, before);
#endif
  return crc32c_portable(data, before);
}

}  // namespace weft::ledger
