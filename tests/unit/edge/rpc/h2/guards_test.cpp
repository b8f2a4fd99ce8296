#include "edge/rpc/h2/guards.hpp"

#include <doctest/doctest.h>

using namespace weft::edge::h2;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_CASE("pings as often as agreed are welcome for ever; a few too many are forgiven, more are not") {
  ping_guard every_ten(milliseconds(8'000));
  for (int i = 0; i < 1'000; ++i) CHECK(every_ten.ping(time_point(seconds(10 * i))));

  ping_guard hasty(milliseconds(8'000));
  CHECK(hasty.ping(time_point(seconds(1))));
  CHECK(hasty.ping(time_point(seconds(2))));
  CHECK(hasty.ping(time_point(seconds(3))));
  CHECK_FALSE(hasty.ping(time_point(seconds(4))));

  ping_guard served(milliseconds(8'000));
  for (int i = 0; i < 1'000; ++i) {
    CHECK(served.ping(time_point(seconds(i))));
    served.forgive();
  }
}

TEST_CASE("tokens come back with time, up to as many as there were") {
  rate_guard g(3, 2);
  for (int i = 0; i < 3; ++i) CHECK(g.take(time_point(seconds(1))));
  CHECK_FALSE(g.take(time_point(seconds(1))));
  CHECK(g.take(time_point(milliseconds(1'500))));
  CHECK_FALSE(g.take(time_point(milliseconds(1'500))));
  for (int i = 0; i < 3; ++i) CHECK(g.take(time_point(seconds(100))));
  CHECK_FALSE(g.take(time_point(seconds(100))));
}
