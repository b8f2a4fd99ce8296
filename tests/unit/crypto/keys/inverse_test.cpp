#include "crypto/keys/inverse.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "config/base/random.hpp"

using namespace weft;
using namespace weft::crypto;

namespace {

/// The order of P-256.
constexpr number256 n{0xf3b9cac2fc632551, 0xbce6faada7179e84, 0xffffffffffffffff, 0xffffffff00000000};

bool below(const number256& a, const number256& b) {
  for (std::size_t i = 4; i-- > 0;)
    if (a[i] != b[i]) return a[i] < b[i];
  return false;
}

number256 minus(number256 a, const number256& b) {
  std::uint64_t borrow = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    const auto was = a[i];
    a[i] = was - b[i] - borrow;
    borrow = was < b[i] || (was == b[i] && borrow != 0) ? 1 : 0;
  }
  return a;
}

/// a + b modulo n, of numbers below n, as a schoolbook has it: a − (n − b), or a + b when that is smaller than n.
number256 plus(const number256& a, const number256& b) {
  const auto to_go = minus(n, b);
  if (!below(a, to_go)) return minus(a, to_go);
  return minus(a, minus(number256{}, b));
}

number256 times(const number256& a, const number256& b) {
  number256 out{};
  for (std::size_t bit = 256; bit-- > 0;) {
    out = plus(out, out);
    if ((b[bit / 64] >> (bit % 64) & 1) != 0) out = plus(out, a);
  }
  return out;
}

number256 power_of_two(unsigned k) {
  number256 out{1};
  while (k-- > 0) out = plus(out, out);
  return out;
}

}  // namespace

TEST_CASE("a number times its almost inverse is a power of two") {
  std::vector<number256> numbers{{1}, {2}, {3}, minus(n, {1}), minus(n, {2}), {0, 0, 0, 1}, {~0ull, ~0ull, ~0ull, 0}};
  for (unsigned bit = 0; bit < 255; ++bit) numbers.push_back(power_of_two(bit));
  seeded_random random(7);
  for (int i = 0; i < 500; ++i) {
    number256 a;
    random.fill(a.data(), sizeof a);
    a[3] >>= random.below(64);
    if (below(a, n)) numbers.push_back(a);
  }
  for (const auto& a : numbers) {
    const auto found = invert(a, n);
    CAPTURE(a[0]);
    CAPTURE(a[3]);
    CHECK(below(found.value, n));
    CHECK(found.halvings <= 511);
    CHECK(times(found.value, a) == power_of_two(found.halvings));
  }
}

TEST_CASE("what has no inverse has an answer all the same") {
  CHECK(invert({}, n).value == number256{});
  (void)invert({6}, {9});  // a common divisor: the answer is worthless, but there is one
  (void)invert({9}, {9});
}
