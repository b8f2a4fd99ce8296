#include <doctest/doctest.h>

#include <cstdlib>

#include "tests/unit/cluster/raft/world.hpp"

using namespace weft::cluster::raft::testing;

namespace {

/// WEFT_SEED=17 replays one run; WEFT_RAFT_SEEDS=5000 makes the round longer.
std::vector<std::uint64_t> seeds(std::uint64_t count) {
  if (const char* one = std::getenv("WEFT_SEED")) return {std::strtoull(one, nullptr, 0)};
  if (const char* more = std::getenv("WEFT_RAFT_SEEDS")) count = std::strtoull(more, nullptr, 0);
  std::vector<std::uint64_t> out;
  for (std::uint64_t seed = 1; seed <= count; ++seed) out.push_back(seed);
  return out;
}

}  // namespace

TEST_CASE("a hostile network and crashes break no promise, and progress returns when they end") {
  std::size_t leaders = 0, committed = 0, changes = 0, snapshots = 0, crashes = 0;
  for (const auto seed : seeds(300)) {
    CAPTURE(seed);
    world w({seed});
    CHECK(w.run() == "");
    leaders += w.leaders();
    committed += w.committed();
    changes += w.membership_changes();
    snapshots += w.snapshots();
    crashes += w.crashes();
  }
  // A world in which nothing happens keeps every promise.
  if (std::getenv("WEFT_SEED") == nullptr) {
    MESSAGE(leaders << " leaders, " << committed << " entries, " << changes << " membership changes applied, " << snapshots << " snapshots, " << crashes << " crashes");
    CHECK(leaders > 600);
    CHECK(committed > 6'000);
    CHECK(changes > 300);
    CHECK(snapshots > 20);
    CHECK(crashes > 300);
  }
}

TEST_CASE("mistakes of a shell are found") {
  struct row { const char* name; bug planted; };
  const row rows[] = {
    {"a vote is answered and not written", bug::vote_not_written},
    {"an acknowledgement leaves before its entries are on disk", bug::answer_before_write},
    {"a snapshot leaves out a member", bug::snapshot_without_members},
  };
  for (const auto& r : rows) {
    SUBCASE(r.name) {
      std::string found;
      std::uint64_t seed = 0;
      while (found.empty() && seed < 1'500) found = world({++seed, 2500, r.planted}).run();
      MESSAGE(r.name << ": seed " << seed << ": " << found);
      CHECK(found != "");
    }
  }
}
