#include "bench/verify/verify_bench.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

using namespace weft;
using namespace weft::bench;

TEST_CASE("a report has a row for each way to verify, under its conditions") {
  const auto r = run_verify({.keys = 2, .batch = 5, .threads = 2, .seconds = 0.01});
  REQUIRE(r);
  const auto json = nlohmann::json::parse(to_json(*r));
  std::vector<std::string> ids;
  for (const auto& row : json["rows"]) {
    ids.push_back(row["verifier"]);
    CHECK(row["per_core_second"] > 0);
    CHECK(row["least"] <= row["per_core_second"]);
    CHECK(row["most"] >= row["per_core_second"]);
  }
  CHECK(ids == std::vector<std::string>{"openssl", "table", "batch", "table_batch"});
  CHECK(json["conditions"]["keys"] == 2);
  CHECK(json["conditions"]["batch"] == 5);
  CHECK(json["conditions"]["threads"] == 2);
  CHECK(to_text(*r).find("table, batches of 5") != std::string::npos);
}

TEST_CASE("what cannot be measured is refused") {
  const verify_options wrong[] = {{.keys = 0}, {.keys = 65}, {.batch = 0}, {.batch = 1025}, {.threads = 0}, {.threads = 257}, {.seconds = 0}, {.seconds = 1e9}};
  for (const auto& o : wrong) CHECK(run_verify(o).error().code == errc::invalid_argument);
}
