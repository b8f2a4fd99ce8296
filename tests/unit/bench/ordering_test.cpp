// Ways to order, next to each other: small loads on real networks, orderers in this process and in others. No timing is asserted.
#include "bench/ordering/ordering_bench.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "config/base/bytes.hpp"

using namespace weft;
using namespace weft::bench;

TEST_CASE("median and extremes") {
  struct row { std::vector<double> values; double median, least, most; };
  for (const row& r : {row{{}, 0, 0, 0}, row{{5}, 5, 5, 5}, row{{9, 1}, 5, 1, 9}, row{{3, 1, 2}, 2, 1, 3}, row{{4, 1, 3, 2}, 2.5, 1, 4}}) {
    const auto s = spread_of(r.values);
    CHECK(s.median == r.median);
    CHECK(s.least == r.least);
    CHECK(s.most == r.most);
  }
}

TEST_CASE("solo comes first, each raft group once in one process and once in several") {
  const auto ways = ways_of({1, 3});
  REQUIRE(ways.size() == 5);
  CHECK_FALSE(ways[0].raft);
  CHECK(ways[2].name == "raft, 3 orderers");
  CHECK_FALSE(ways[2].processes);
  CHECK(ways[4].orderers == 3);
  CHECK(ways[4].processes);
}

TEST_CASE("every way commits everything, and the report says what raft and the tunnel add") {
  ordering_options o;
  o.put.txs = 60;
  o.put.clients = 6;
  o.put.value_bytes = 10;
  o.rounds = 1;
  o.sizes = {3};
  std::vector<std::string> said;
  const auto found = run_ordering(o, [&](const std::string& text) { said.push_back(text); });
  REQUIRE_MESSAGE(found, (found ? std::string{} : found.error().context));
  CHECK(said.size() == 3);
  REQUIRE(found->rows.size() == 3);
  for (const auto& row : found->rows) {
    CAPTURE(row.way.name);
    CHECK(row.cpu_us.median > 0);
    CHECK(row.committed_tps.median > 0);
    CHECK(row.txs_per_block.median >= 1);
  }
  CHECK(found->conditions.orderers == 3);
  CHECK(found->conditions.processes == 4);
  const auto json = nlohmann::json::parse(to_json(*found));
  CHECK(json["rows"].size() == 3);
  CHECK(json["rows"][2]["processes"] == 4);
  CHECK(json["rows"][2].contains("cpu_us_of_the_tunnel"));
  CHECK_FALSE(json["rows"][1].contains("cpu_us_of_the_tunnel"));
  CHECK(to_text(*found).find("raft, 3 orderers, a process each") != std::string::npos);
}

TEST_CASE("what cannot be measured is refused") {
  ordering_options o;
  o.rounds = 0;
  CHECK_FALSE(run_ordering(o).has_value());
  put_options put;
  put.processes = true;  // and no raft
  const auto found = run_put(put);
  REQUIRE_FALSE(found.has_value());
  CHECK(found.error().code == errc::invalid_argument);
}
