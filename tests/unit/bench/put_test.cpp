// A whole network under a small load. No timing is asserted: what is committed, and that the books balance.
#include "bench/put/put_bench.hpp"

#include <doctest/doctest.h>

#include "config/base/bytes.hpp"

using namespace weft;
using namespace weft::bench;

namespace {

struct scratch {
  std::filesystem::path path = std::filesystem::temp_directory_path() / "weft-bench-test";
  scratch() { std::filesystem::remove_all(path); }
  ~scratch() { std::filesystem::remove_all(path); }
};

}  // namespace

TEST_CASE("every put commits as valid, with two endorsements, and the folder is gone") {
  const scratch folder;
  struct row { const char* name; std::optional<double> rate; bool shared; };
  for (const row& r : {row{"closed loop, shared trust", {}, true}, row{"open loop, everybody verifies", 2000.0, false}}) {
    CAPTURE(r.name);
    put_options o;
    o.txs = 80;
    o.clients = 8;
    o.rate = r.rate;
    o.trust_shared = r.shared;
    o.block_messages = 10;
    o.dir = folder.path;
    o.parts = 4;
    const auto found = run_put(o);
    REQUIRE_MESSAGE(found, (found ? std::string{} : found.error().context));
    CHECK(found->measured == 60);
    CHECK(found->valid == 60);
    CHECK(found->others.empty());
    CHECK(found->conditions.endorsements_per_tx == 2);
    CHECK(found->conditions.envelope_bytes > 3'000);
    CHECK(found->conditions.txs_per_block <= 10);
    REQUIRE(found->parts.size() == 4);
    CHECK(found->parts[0].txs >= 35);
    CHECK(found->parts[3].txs == 80);
    double parts = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      CHECK(found->parts[i].cpu_us > 0);
      if (i > 0) CHECK(found->parts[i].blocks >= found->parts[i - 1].blocks);
      parts += found->parts[i].cpu_us / 4;
    }
    CHECK(parts == doctest::Approx(found->cpu_us_total).epsilon(0.5));  // parts of about as many transactions: each may end a few late
    double owned = found->cpu_us_other;
    for (const auto& [role, us] : found->cpu_us_by_role) owned += us;
    CHECK(owned == doctest::Approx(found->cpu_us_total).epsilon(0.01));
    CHECK(found->cpu_us_by_role.count("endorser") == 1);
    CHECK(found->cpu_us_by_role.count("generator") == 0);
    CHECK(std::filesystem::is_empty(folder.path));
  }
}

TEST_CASE("options out of range are refused before anything starts") {
  struct row { const char* name; void (*spoil)(put_options&); };
  const row rows[] = {
      {"no transactions", [](put_options& o) { o.txs = 0; }},
      {"no clients", [](put_options& o) { o.clients = 0; }},
      {"a rate of zero", [](put_options& o) { o.rate = 0; }},
      {"a value above a mebibyte", [](put_options& o) { o.value_bytes = MiB + 1; }},
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    put_options o;
    r.spoil(o);
    const auto found = run_put(o);
    REQUIRE_FALSE(found);
    CHECK(found.error().code == errc::invalid_argument);
  }
}
