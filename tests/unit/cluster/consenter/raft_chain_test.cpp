// What a consenter decides: leading, changes of the group, snapshots.
#include "tests/unit/cluster/consenter/chain_group.hpp"

using namespace weft;
using namespace weft::cluster;
using namespace weft::cluster::testing;

TEST_CASE("the first consenter of a fresh channel leads without waiting, and what a quorum holds is acknowledged once") {
  group g(3);
  g.start(2);
  g.start(3);
  g.start(1);
  REQUIRE(g.at(1).chain->campaign());
  g.settle();
  REQUIRE(g.at(1).chain->leads());
  g.submit(1, "a", 1);
  g.submit(1, "b", 2);
  g.settle();
  CHECK(g.at(1).answers.at(1).status == status_success);
  CHECK(g.at(1).answers.at(2).status == status_success);
  g.heartbeat(1);
  CHECK(g.at(1).store.size() == 2);
  CHECK(g.equal_chains());
}

TEST_CASE("one envelope waits for an idle look, and a follower refuses") {
  group g(3);
  for (auto id : {2, 3, 1}) g.start(static_cast<raft::node_id>(id));
  g.elect(1);
  g.submit(1, "a", 1);
  g.settle();
  CHECK(g.at(1).answers.empty());
  CHECK(g.at(1).chain->wants_idle());
  g.idle(1);
  CHECK(g.at(1).answers.at(1).status == status_success);
  g.submit(2, "x", 1);
  g.settle();
  CHECK(g.at(2).answers.at(1).status == status_unavailable);
  CHECK(g.at(2).answers.at(1).info == "no Raft leader");
}

TEST_CASE("nothing is acknowledged before a quorum's disks hold it, and no more blocks are in flight than allowed") {
  group g(3);
  for (auto id : {2, 3, 1}) g.start(static_cast<raft::node_id>(id));
  g.elect(1);
  g.at(2).slow_log = g.at(3).slow_log = true;
  for (std::uint64_t t = 1; t <= 10; ++t) g.submit(1, "tx" + std::to_string(t), t);
  g.settle();
  CHECK(g.at(1).answers.empty());
  CHECK(g.at(1).in_flight_most == 2);
  g.at(2).slow_log = false;
  g.flush(g.at(2));
  g.settle();
  CHECK(g.at(1).answers.size() == 10);
  CHECK(g.at(1).in_flight_most == 2);
  CHECK(g.at(1).store.size() == 6);
}

TEST_CASE("a leader that is deposed refuses what it cannot vouch for, and its successor goes on from the common chain") {
  group g(3);
  for (auto id : {2, 3, 1}) g.start(static_cast<raft::node_id>(id));
  g.elect(1);
  g.submit(1, "a", 1);
  g.submit(1, "b", 2);
  g.settle();
  g.heartbeat(1);
  g.at(1).dead = true;
  for (auto id : {2u, 3u}) REQUIRE(g.at(id).chain->disconnected(1));
  g.settle();
  for (int i = 0; i < 4; ++i) {
    for (auto id : {2u, 3u}) REQUIRE(g.at(id).chain->tick());
    g.settle();
  }
  CHECK(g.at(2).chain->leads());  // the lowest of those left, without an election timeout
  g.at(1).dead = false;           // it never noticed
  g.at(2).dead = true;            // and does not hear yet
  g.submit(1, "c", 3);
  g.submit(1, "d", 4);
  g.at(2).dead = false;
  g.settle();
  g.heartbeat(2);
  CHECK_FALSE(g.at(1).chain->leads());
  CHECK(g.at(1).answers.at(3).status == status_unavailable);
  CHECK(g.at(1).answers.at(3).info.find("may or may not") != std::string::npos);
  g.submit(2, "e", 1);
  g.idle(2);
  g.heartbeat(2);
  CHECK(g.at(2).answers.at(1).status == status_success);
  CHECK(g.equal_chains());
}

TEST_CASE("a configuration travels alone, holds what follows, and changes the group with its own entry") {
  group g(3, 1);
  for (auto id : {2, 3, 4, 1}) g.start(static_cast<raft::node_id>(id));
  g.elect(1);
  g.submit(1, "a", 1);
  g.submit(1, "v4", 2, true);
  g.submit(1, "b", 3);
  g.settle();
  g.idle(1);
  g.heartbeat(1);
  CHECK(g.at(1).answers.size() == 3);
  REQUIRE(g.at(1).store.size() == 4);
  CHECK(g.at(1).store[2].envelopes().size() == 1);
  CHECK(is_config(g.at(1).store[2].envelopes().front()));
  CHECK(g.at(1).chain->core().members().config.voters.contains(4));
  CHECK(g.at(4).store.size() == 4);
  CHECK(g.equal_chains());
  SUBCASE("one that was judged by the old rules is judged again") {
    g.at(1).rules.refuse = "not any more";
    REQUIRE(g.at(1).chain->submit(envelope_of("late"), 0, 9));
    g.settle();
    CHECK(g.at(1).answers.at(9).info == "not any more");
  }
  SUBCASE("a follower that is removed retires at once") {
    g.submit(1, "r4", 4, true);
    g.settle();
    g.heartbeat(1);
    CHECK(g.at(4).retired);
    CHECK(g.at(1).answers.at(4).status == status_success);
  }
  SUBCASE("a leader that is removed hands over and retires") {
    g.submit(1, "r1", 4, true);
    g.settle();
    CHECK(g.at(1).answers.at(4).status == status_success);
    for (int i = 0; i < 30; ++i) {
      for (auto& n : g.nodes) REQUIRE(n->chain->tick());
      g.settle();
    }
    CHECK(g.at(1).retired);
    std::size_t leading = 0;
    for (auto id : {2u, 3u, 4u}) leading += g.at(id).chain->leads();
    CHECK(leading == 1);
    g.submit(1, "x", 5);
    g.settle();
    CHECK(g.at(1).answers.at(5).info == "this orderer was removed from the channel's consenters");
  }
}

TEST_CASE("an orderer that was away for longer than the log fetches blocks, and a restart in between changes nothing") {
  group g(3);
  g.base.snapshot_bytes = 1000;
  g.base.entries_kept = 1;
  for (auto id : {2, 3, 1}) g.start(static_cast<raft::node_id>(id));
  g.elect(1);
  g.at(3).dead = true;
  for (std::uint64_t t = 1; t <= 100; ++t) {
    g.submit(1, "tx" + std::to_string(t), t);
    g.settle();
  }
  REQUIRE(g.at(1).log.first_index() > 10);
  g.at(3).dead = false;
  bool restarted = false;
  SUBCASE("by itself") {}
  SUBCASE("killed between") { restarted = true; }
  for (int i = 0; i < 12; ++i) g.heartbeat(1);
  if (restarted) {
    g.at(3).store.resize(20);  // what was not synced is gone; the log says up to where
    g.start(3);
    for (int i = 0; i < 12; ++i) g.heartbeat(1);
  }
  CHECK(g.at(3).fetches > 0);
  CHECK(g.at(3).store.size() == 51);
  CHECK(g.equal_chains());
}

TEST_CASE("a newcomer that reads about the time before it joined was not removed") {
  group g(3, 2);
  for (auto id : {2, 3, 4, 1}) g.start(static_cast<raft::node_id>(id));
  g.elect(1);
  g.submit(1, "v4", 1, true);
  g.settle();
  g.heartbeat(1);
  g.start(5);
  g.submit(1, "v5", 2, true);
  g.settle();
  for (int i = 0; i < 4; ++i) g.heartbeat(1);
  CHECK_FALSE(g.at(5).retired);
  CHECK(g.at(5).store.size() == 3);
  CHECK(g.equal_chains());
}

TEST_CASE("a snapshot does not grow older than the members, however little is written") {
  group g(3, 1);
  g.base.snapshot_bytes = 4000;
  g.base.entries_kept = 1;
  for (auto id : {2, 3, 4, 1}) g.start(static_cast<raft::node_id>(id));
  g.elect(1);
  for (std::uint64_t t = 1; t <= 100; ++t) {
    g.submit(1, "tx" + std::to_string(t), t);
    g.settle();
  }
  REQUIRE(g.at(1).log.first_index() > 10);
  g.submit(1, "v4", 200, true);
  g.settle();
  CHECK(g.at(1).log.latest_snapshot()->members.voters.size() == 4);
  for (int i = 0; i < 12; ++i) g.heartbeat(1);
  CHECK(g.at(4).store.size() == g.at(1).store.size());
  CHECK(g.equal_chains());
}

TEST_CASE("a consenter that starts again before each snapshot is due forgets its log nevertheless") {
  group g(1);
  g.base.snapshot_bytes = 2000;
  g.base.entries_kept = 2;
  std::uint64_t longest = 0;
  for (int i = 0; i < 60; ++i) {  // a block of about 100 bytes in each life
    g.start(1);
    g.elect(1);
    g.submit(1, "a" + std::to_string(i), static_cast<std::uint64_t>(i));
    g.idle(1);
    longest = std::max(longest, g.at(1).log.last_index() - g.at(1).log.first_index());
  }
  CHECK(g.at(1).store.size() == 61);
  CHECK(g.at(1).log.latest_snapshot()->at.index > 60);
  CHECK(longest < 60);
}

TEST_CASE("a snapshot in the making gives way to a newer one that the leader sent meanwhile") {
  group g(3);
  g.base.snapshot_bytes = 1000;
  g.base.entries_kept = 1;
  for (auto id : {2, 3, 1}) g.start(static_cast<raft::node_id>(id));
  g.elect(1);
  auto& late = g.at(3);
  late.slow_sync = true;
  std::uint64_t t = 0;
  const auto order = [&] {
    ++t;
    g.submit(1, "tx" + std::to_string(t), t);
    g.settle();
  };
  while (!late.syncing && t < 100) order();
  REQUIRE(late.syncing);
  late.dead = true;
  for (int i = 0; i < 100; ++i) order();
  late.dead = false;
  for (int i = 0; i < 12; ++i) g.heartbeat(1);
  REQUIRE(late.fetches > 0);  // a snapshot came
  const auto newest = late.log.latest_snapshot()->at.index;
  REQUIRE(late.chain->blocks_synced());
  g.settle();
  CHECK(late.log.latest_snapshot()->at.index >= newest);
  late.slow_sync = false;
  for (int i = 0; i < 100; ++i) order();
  CHECK(late.log.latest_snapshot()->at.index > newest);
  CHECK(g.equal_chains());
}

TEST_CASE("who was removed and is added again goes on with its old log, as another node") {
  group g(3, 1);
  for (auto id : {2, 3, 1}) g.start(static_cast<raft::node_id>(id));
  g.elect(1);
  for (std::uint64_t t = 1; t <= 6; ++t) {
    g.submit(1, "tx" + std::to_string(t), t);
    g.settle();
  }
  g.submit(1, "r3", 10, true);
  g.settle();
  for (int i = 0; i < 4; ++i) g.heartbeat(1);
  REQUIRE(g.at(3).retired);
  const auto before = g.at(3).log.last_index();
  for (std::uint64_t t = 20; t <= 26; ++t) {
    g.submit(1, "tx" + std::to_string(t), t);
    g.settle();
  }
  g.submit(1, "v4", 30, true);
  g.settle();
  // The same disk, and the blocks that it took over meanwhile: its store is ahead of its log.
  auto& again = g.at(4);
  again.log = g.at(3).log;
  again.store = g.at(1).store;
  REQUIRE(again.log.last_index() == before);
  auto o = g.base;
  o.raft.id = 4;
  again.random = std::make_unique<seeded_random>(4);
  auto opened = raft_chain::open(o, {group::tip_of(again), g.at(1).log.last_index()}, again.rules, again.log, *again.random, raft::journal::none());
  REQUIRE_MESSAGE(opened, (opened ? "" : opened.error().context));
  again.chain = std::move(*opened);
  for (int i = 0; i < 12; ++i) g.heartbeat(1);
  g.submit(1, "tx40", 40);
  g.idle(1);
  for (int i = 0; i < 4; ++i) g.heartbeat(1);
  CHECK_FALSE(again.retired);
  CHECK(again.log.last_index() == g.at(1).log.last_index());
  CHECK(again.store.size() == g.at(1).store.size());
  CHECK(again.store.back().hash() == g.at(1).store.back().hash());
}
