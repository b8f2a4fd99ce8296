#include "bench/report/histogram.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <vector>

using weft::bench::histogram;

TEST_CASE("an empty histogram has no latencies") {
  const histogram h;
  CHECK(h.count() == 0);
  CHECK(h.percentile(50) == 0);
  CHECK(h.max() == 0);
}

TEST_CASE("percentiles of small values are exact") {
  histogram h;
  for (std::uint64_t v = 1; v <= 100; ++v) h.add(v);
  struct row { double percent; std::uint64_t value; };
  for (const row& r : std::vector<row>{{0.5, 1}, {1, 1}, {50, 50}, {95, 95}, {99, 99}, {99.9, 100}, {100, 100}}) {
    CAPTURE(r.percent);
    CHECK(h.percentile(r.percent) == r.value);
  }
}

TEST_CASE("a single value is every percentile, whatever its size") {
  for (const std::uint64_t v : std::vector<std::uint64_t>{0, 1, 127, 128, 129, 255, 256, 257, 1'000'000, (std::uint64_t{1} << 40) + 12'345,
                                                          std::numeric_limits<std::uint64_t>::max()}) {
    CAPTURE(v);
    histogram h;
    h.add(v);
    CHECK(h.percentile(50) == v);  // the bucket's upper bound, cut at the maximum
    CHECK(h.percentile(100) == v);
    CHECK(h.max() == v);
  }
}

TEST_CASE("a percentile is never below the value and at most 0.8 % above it") {
  for (std::uint64_t v = 1; v < (std::uint64_t{1} << 50); v = v * 3 / 2 + 1) {
    CAPTURE(v);
    histogram h;
    h.add(v);
    h.add(std::numeric_limits<std::uint64_t>::max());  // so that the maximum cuts nothing
    const auto seen = h.percentile(50);
    CHECK(seen >= v);
    CHECK(static_cast<double>(seen - v) <= static_cast<double>(v) / 128);
  }
}

TEST_CASE("the tail is seen: one slow transaction in a thousand is p99.9's neighbour, not p99") {
  histogram h;
  for (int i = 0; i < 998; ++i) h.add(1'000'000);
  h.add(50'000'000);
  h.add(50'000'000);
  CHECK(h.percentile(99) < 1'010'000);
  CHECK(h.percentile(99.9) >= 50'000'000);
}
