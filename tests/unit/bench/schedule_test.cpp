#include "bench/report/schedule.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

using namespace weft::bench;
using namespace std::chrono_literals;

TEST_CASE("starts are fixed by the rate alone") {
  struct row { double rate; std::uint64_t i; std::chrono::nanoseconds at; };
  for (const row& r : std::vector<row>{{1, 0, 0ns}, {1, 7, 7s}, {1000, 1, 1ms}, {1000, 20'000, 20s}, {0.5, 3, 6s}, {250'000, 1, 4us}}) {
    CAPTURE(r.rate);
    CAPTURE(r.i);
    CHECK(rate_schedule{r.rate}.start_of(r.i) == r.at);
  }
}

TEST_CASE("a rate that no clock tick divides does not drift") {
  const rate_schedule s{3};
  CHECK(s.start_of(3'000'000) == 1'000'000s);
  for (std::uint64_t i = 1; i < 1000; ++i) CHECK(s.start_of(i) > s.start_of(i - 1));
}

TEST_CASE("warm-up: five per cent, at least 500, at most a quarter") {
  struct row { std::uint64_t txs, warm_up; };
  for (const row& r : std::vector<row>{{1, 0}, {3, 0}, {4, 1}, {400, 100}, {2'000, 500}, {10'000, 500}, {20'000, 1'000}, {1'000'000, 50'000}}) {
    CAPTURE(r.txs);
    CHECK(warm_up_of(r.txs) == r.warm_up);
  }
}
