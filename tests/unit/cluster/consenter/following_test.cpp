// A store and a log that do not tell the same: lost files, or a node that followed for a while.
#include "cluster/consenter/following.hpp"

#include "tests/unit/cluster/consenter/chain_group.hpp"

using namespace weft;
using namespace weft::cluster;
using namespace weft::cluster::testing;

TEST_CASE("a block store that is ahead of the log is refused, unless this node took no part in between") {
  struct row { const char* name; raft::log_index newest, followed; bool opens; };
  const row rows[] = {
      {"files of the log were lost", 7, 0, false},
      {"all of it came while the node followed", 7, 7, true},
      {"it followed, took part again, and then lost files", 7, 6, false},
      {"the log has it", 1, 0, true},
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    fake_rules rules;
    raft::memory_storage log;
    raft::conf_state members;
    members.voters = {1, 2, 3};
    REQUIRE(log.restore(std::make_shared<raft::snapshot>(raft::snapshot{{1, 1}, members, chain_snapshot{1, "h"}.encode()})));
    seeded_random random(1);
    raft_chain_options o;
    o.raft.id = 1;
    const auto opened = raft_chain::open(o, {{block_number{8}, "h", block_number{0}}, r.newest, r.followed}, rules, log, random, raft::journal::none());
    CHECK(opened.has_value() == r.opens);
    if (opened) continue;
    CHECK(opened.error().code == errc::corruption);
    CHECK(opened.error().context.find("files of the log were lost") != std::string::npos);
  }
}

TEST_CASE("what is noted in the log before a node follows, and before it takes part again") {
  raft::memory_storage log;
  REQUIRE(log.restore(std::make_shared<raft::snapshot>(raft::snapshot{{1, 5}, {{1, 2, 3}, {}, {}, {}, false}, chain_snapshot{1, "h"}.encode()})));
  struct row { const char* name; raft::log_index newest, followed; std::optional<raft::log_index> to_follow, to_open; };
  const std::optional<raft::log_index> none;
  const row rows[] = {
      {"a consenter that is none any more", 5, 0, raft::still_following, none},
      {"the same, started again", 9, raft::still_following, none, 9},
      {"it followed before, and its log has not caught up", 9, 9, raft::still_following, none},
      {"its log lost entries: following must not hide that", 9, 0, none, none},
      {"its log lost entries after it took part again", 9, 8, none, none},
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    const chain_start start{{block_number{8}, "h", block_number{0}}, r.newest, r.followed};
    CHECK(note_before_following(start, log) == r.to_follow);
    CHECK(note_before_opening(start) == r.to_open);
  }
}

TEST_CASE("an orderer that followed the chain without its log takes part again: blocks that it has are passed over, votes and terms are kept") {
  group g(3);
  g.begin_with("before");
  auto& away = g.at(3);
  const auto promised = away.log.last_index();
  const auto term = away.chain->core().hard().term;
  REQUIRE(away.store.size() == 2);
  away.dead = true;
  away.chain.reset();
  for (std::uint64_t i = 0; i < 5; ++i) {
    g.submit(1, "meanwhile" + std::to_string(i), 10 + i);
    g.idle(1);
  }
  g.heartbeat(1);
  // It takes over the others' blocks, and its log stays where it was; then the configuration names it again.
  for (auto n = away.store.size(); n < g.at(1).store.size(); ++n) away.store.push_back(g.at(1).store[n]);
  REQUIRE(away.log.last_index() == promised);
  const auto newest = g.at(1).log.last_index();
  REQUIRE(newest > promised);
  const auto stored = away.store.size();
  SUBCASE("the others have the entries") {}
  SUBCASE("the others have only a snapshot") {
    for (raft::node_id id = 1; id <= 2; ++id) {
      auto& n = g.at(id);
      REQUIRE(n.log.make_snapshot(newest, n.chain->core().members().config.state(), chain_snapshot{stored, n.store.back().hash()}.encode()));
      REQUIRE(n.log.compact(newest));
    }
  }
  g.start_at(3, newest, newest);
  CHECK(away.chain->core().hard().term >= term);
  for (int i = 0; i < 6; ++i) g.heartbeat(1);
  CHECK(away.store.size() == stored);
  CHECK(away.fetches == 0);
  CHECK(away.log.last_index() == g.at(1).log.last_index());
  g.submit(1, "after", 20);
  g.idle(1);
  g.heartbeat(1);
  CHECK(away.store.size() == stored + 1);
  CHECK(away.store.back().hash() == g.at(1).store.back().hash());
  CHECK(g.at(1).chain->core().members().nodes.at(3).match() == g.at(1).log.last_index());
  REQUIRE(g.at(1).chain->hand_over());  // to the last of those that have everything
  g.settle();
  REQUIRE(away.chain->leads());
  g.submit(3, "by it", 21);
  g.idle(3);
  for (int i = 0; i < 3; ++i) g.heartbeat(3);
  CHECK(g.at(1).store.back().hash() == away.store.back().hash());
  CHECK(away.answers.at(21).status == status_success);
}

TEST_CASE("a log that tells of another block than the store ends with is refused") {
  group g(3);
  g.begin_with("a");
  auto& n = g.at(2);
  REQUIRE(n.store.size() == 2);
  n.store.back() = ledger::block::make(block_number{1}, n.store.front().hash(), {envelope_of("another")});
  n.chain.reset();
  auto o = g.base;
  o.raft.id = 2;
  auto opened = raft_chain::open(o, {group::tip_of(n), n.log.last_index()}, n.rules, n.log, *n.random, raft::journal::none());
  // Entries that are committed already are looked at when the chain opens, the others when the leader says so.
  auto failed = opened ? result<void>{} : tl::unexpected<error>(opened.error());
  n.chain = opened ? std::move(*opened) : nullptr;
  n.dead = true;
  for (int i = 0; i < 20 && failed; ++i) {
    REQUIRE(g.at(1).chain->tick());
    for (auto& e : g.at(1).chain->take_effects()) {
      const auto* s = std::get_if<chain_do::send>(&e);
      for (std::size_t m = 0; s != nullptr && m < s->messages.size() && failed; ++m)
        if (s->messages[m].to == 2) failed = n.chain->step(s->messages[m]);
    }
  }
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == errc::corruption);
  CHECK(failed.error().context.find("the block store has another one") != std::string::npos);
}
