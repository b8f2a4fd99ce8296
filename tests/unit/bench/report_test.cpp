#include "bench/report/report.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

using namespace weft::bench;

namespace {

report sample() {
  report r;
  r.committed_tps = 4321.06;
  r.measured = 19'000;
  r.valid = 18'998;
  r.others = {{"MVCC_READ_CONFLICT", 2}};
  r.cpu_us_by_role = {{"endorser", 120.504}, {"committer", 60}};
  r.cpu_us_other = 9.5;
  r.cpu_us_total = 190.004;
  r.cpu_us_generator = 55;
  r.latency = {10.12345, 20, 30, 40};
  r.rss_mib = 123.44;
  r.conditions.contract_call = "kv put";
  r.conditions.txs = 20'000;
  r.conditions.warm_up = 1'000;
  r.conditions.clients = 64;
  r.conditions.cores = 2;
  r.conditions.cpu_model = "a CPU";
  r.conditions.build = "release";
  r.conditions.trust = "each";
  r.conditions.endorsements_per_tx = 2;
  r.conditions.block_max_messages = 500;
  r.conditions.block_preferred_bytes = 2 << 20;
  r.conditions.block_timeout_ms = 2000;
  return r;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("JSON: one line, with every figure under its name") {
  const auto text = to_json(sample());
  CHECK_FALSE(has(text, "\n"));
  const auto j = nlohmann::json::parse(text);
  CHECK(j["committed_tps"] == 4321.1);
  CHECK(j["cpu_us_per_tx"]["endorser"] == 120.5);
  CHECK(j["cpu_us_per_tx"]["other"] == 9.5);
  CHECK(j["cpu_us_per_tx"]["total"] == 190.0);
  CHECK_FALSE(j["cpu_us_per_tx"].contains("generator"));
  CHECK(j["latency_ms"]["p50"] == 10.123);
  CHECK(j["latency_ms"]["p95"] == 20);
  CHECK(j["latency_ms"]["p99"] == 30);
  CHECK(j["latency_ms"]["p999"] == 40);
  CHECK(j["rss_mib"] == 123.4);
  CHECK(j["others"]["MVCC_READ_CONFLICT"] == 2);
  const auto& c = j["conditions"];
  CHECK(c["cores"] == 2);
  CHECK(c["durability"] == "full");
  CHECK(c["trust"] == "each");
  CHECK(c["endorsements_per_tx"] == 2);
  CHECK(c["block_max_messages"] == 500);
  CHECK(c["block_rule"] == "500 messages, 2048 KiB or 2000 ms, cut when idle");
}

TEST_CASE("the loop is said: closed without a rate, open with one") {
  auto r = sample();
  CHECK(nlohmann::json::parse(to_json(r))["conditions"]["loop"] == "closed");
  CHECK(nlohmann::json::parse(to_json(r))["conditions"]["rate"].is_null());
  CHECK(has(to_text(r), "closed loop, 64 clients"));
  r.conditions.rate = 1500;
  CHECK(nlohmann::json::parse(to_json(r))["conditions"]["loop"] == "open");
  CHECK(nlohmann::json::parse(to_json(r))["conditions"]["rate"] == 1500);
  CHECK(has(to_text(r), "open loop, 1500 tx/s intended, at most 64 in flight"));
}

TEST_CASE("text: what lowers a figure's worth is said aloud") {
  auto r = sample();
  CHECK(has(to_text(r), "2 x MVCC_READ_CONFLICT"));
  CHECK_FALSE(has(to_text(r), "OFF"));
  CHECK_FALSE(has(to_text(r), "warning"));
  r.conditions.durable = false;
  r.starved = 3;
  CHECK(has(to_text(r), "durability    OFF"));
  CHECK(has(to_text(r), "waited 3 times"));
  CHECK(nlohmann::json::parse(to_json(r))["conditions"]["durability"] == "off");
}

TEST_CASE("a CPU name that is no UTF-8 does not break the JSON") {
  auto r = sample();
  r.conditions.cpu_model = "bad \xff name";
  CHECK(nlohmann::json::parse(to_json(r))["conditions"]["cores"] == 2);
}
