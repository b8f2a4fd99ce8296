#include <doctest/doctest.h>

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

#include "config/base/once.hpp"
#include "config/base/bytes.hpp"
#include "config/base/clock.hpp"
#include "config/base/random.hpp"

using namespace weft;

TEST_CASE("hexadecimal text round-trips and refuses what is not hexadecimal") {
  CHECK(to_hex(bytes("\x00\xff\x10", 3)) == "00ff10");
  CHECK(from_hex("00FF10").value() == bytes("\x00\xff\x10", 3));
  CHECK(from_hex("0").error().code == errc::invalid_argument);
  CHECK(from_hex("zz").error().code == errc::invalid_argument);
}

TEST_CASE("a slice keeps its owner's buffer alive") {
  shared_bytes part;
  {
    shared_bytes whole{bytes("a block that arrived, long enough to live on the heap")};
    part = shared_bytes{whole, whole.view().substr(2, 5)};
  }
  CHECK(part.view() == "block");
}

TEST_CASE("one seed gives one sequence, on every machine") {
  seeded_random a{42}, b{42}, c{43};
  CHECK(a.make_bytes(33) == b.make_bytes(33));
  CHECK(a.next() != c.next());
  seeded_random pinned{1};
  CHECK(to_hex(pinned.make_bytes(8)) == to_hex(seeded_random{1}.make_bytes(8)));
  for (int i = 0; i < 1000; ++i) CHECK(a.below(3) < 3);
}

TEST_CASE("time is printed as RFC 3339 in UTC") {
  CHECK(to_rfc3339(timestamp{std::chrono::nanoseconds{1'700'000'000'123'456'789}}) == "2023-11-14T22:13:20.123Z");
}

TEST_CASE("what is done once is done before anybody goes on, and again when it failed") {
  once o;
  CHECK_THROWS_AS(o.call([] { throw std::runtime_error("no"); }), std::runtime_error);
  std::atomic<int> runs{0};
  int made = 0;
  std::atomic<int> seen{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        o.call([&] { made = 42; ++runs; });
        seen += made;
      });
    }
  }
  CHECK(runs == 1);
  CHECK(seen == 8 * 42);
}
