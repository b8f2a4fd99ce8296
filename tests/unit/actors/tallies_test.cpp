// What roles count for the operations service.
#include <doctest/doctest.h>

#include <numeric>

#include "actors/tallies.hpp"

using namespace weft::actors;
using namespace std::chrono_literals;

TEST_CASE("counts and times by labels") {
  tallies t;
  t.count("a", "help", {{"channel", "x"}});
  t.count("a", "help", {{"channel", "x"}}, 2);
  t.count("a", "help", {{"channel", "y"}});
  t.took("b", "other help", {}, 5ms);
  t.took("b", "other help", {}, 6ms);
  t.took("b", "other help", {}, 11s);
  const auto counts = t.all_counts();
  CHECK(std::string(counts.at("a").help) == "help");
  CHECK(counts.at("a").series == std::map<tallies::labels, std::uint64_t>{{{{"channel", "x"}}, 3}, {{{"channel", "y"}}, 1}});
  const auto b = t.all_timings().at("b").series.at({});
  CHECK(b.classes[0] == 1);  // a bound belongs to its class
  CHECK(b.classes[1] == 1);
  CHECK(b.classes.back() == 1);
  CHECK(b.seconds == doctest::Approx(11.011));
}

TEST_CASE("strangers who invent values share one series") {
  tallies t;
  for (std::size_t i = 0; i < 3 * tallies::series_max; ++i) t.count("a", "", {{"chaincode", std::to_string(i)}, {"channel", "c"}});
  const auto series = t.all_counts().at("a").series;
  CHECK(series.size() == tallies::series_max + 1);
  CHECK(series.at({{"chaincode", "other"}, {"channel", "other"}}) == 2 * tallies::series_max);
}
