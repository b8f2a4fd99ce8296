#include "crypto/keys/inverse.hpp"

#include <bit>
#include <cstddef>

namespace weft::crypto {

namespace {

/// Written out, because at -O2 compilers leave loops of four as loops: half the speed.
template <class F>
[[gnu::always_inline]] inline void each_limb(F&& f) {
  f(0);
  f(1);
  f(2);
  f(3);
}

bool is_zero(const number256& x) { return (x[0] | x[1] | x[2] | x[3]) == 0; }

/// x += y; what does not fit is lost.
void add(number256& x, const number256& y) {
  bool carry = false;
  each_limb([&](std::size_t i) {
    const bool first = __builtin_add_overflow(x[i], y[i], &x[i]);
    const bool second = __builtin_add_overflow(x[i], std::uint64_t{carry}, &x[i]);
    carry = first || second;
  });
}

/// out = x − y, and whether y was the greater.
bool subtract(number256& out, const number256& x, const number256& y) {
  bool borrow = false;
  each_limb([&](std::size_t i) {
    const bool first = __builtin_sub_overflow(x[i], y[i], &out[i]);
    const bool second = __builtin_sub_overflow(out[i], std::uint64_t{borrow}, &out[i]);
    borrow = first || second;
  });
  return borrow;
}

/// x = −x for a mask of ones, x for none.
void negate_if(number256& x, std::uint64_t mask) {
  bool carry = mask != 0;
  each_limb([&](std::size_t i) { carry = __builtin_add_overflow(x[i] ^ mask, std::uint64_t{carry}, &x[i]); });
}

/// By 1 to 63 bits.
void halve(number256& x, unsigned bits) {
  const auto rest = 64 - bits;
  x = {x[0] >> bits | x[1] << rest, x[1] >> bits | x[2] << rest, x[2] >> bits | x[3] << rest, x[3] >> bits};
}
void double_up(number256& x, unsigned bits) {
  const auto rest = 64 - bits;
  x = {x[0] << bits, x[1] << bits | x[0] >> rest, x[2] << bits | x[1] >> rest, x[3] << bits | x[2] >> rest};
}

}  // namespace

almost_inverse invert(const number256& a, const number256& n) {
  // Always: a·r = −u·2^k and a·s = v·2^k (mod n), or the same with the signs exchanged; and n = u·s + v·r, so that r and s stay below n.
  number256 u = n, v = a, r{}, s{1};
  unsigned k = 0;
  std::uint64_t exchanged = 0;  ///< All ones: the signs are.
  const auto strip = [&k](number256& x, number256& other) {  // takes the twos out of x
    while ((x[0] & 1) == 0) {
      const auto bits = x[0] == 0 ? 63u : static_cast<unsigned>(std::countr_zero(x[0]));
      halve(x, bits);
      double_up(other, bits);
      k += bits;
    }
  };
  if (is_zero(v)) return {};
  strip(v, r);
  for (;;) {
    // u becomes |u − v| and v the smaller. Which was smaller nobody can predict, so the processor is not asked to.
    number256 difference;
    const std::uint64_t mask = subtract(difference, u, v) ? ~std::uint64_t{0} : 0;
    if (is_zero(difference)) return {exchanged != 0 ? r : s, k};  // u = v = 1
    each_limb([&](std::size_t i) {
      v[i] ^= (u[i] ^ v[i]) & mask;
      const auto swap = (r[i] ^ s[i]) & mask;
      r[i] ^= swap;
      s[i] ^= swap;
    });
    exchanged ^= mask;
    u = difference;
    negate_if(u, mask);
    add(r, s);
    strip(u, s);
  }
}

}  // namespace weft::crypto
