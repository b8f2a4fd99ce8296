// Chains that talk to each other in one test: no loss, no disk but memory. What hostile networks do is the simulation's to show.
#include <doctest/doctest.h>

#include <map>

#include "cluster/consenter/following.hpp"
#include "cluster/consenter/raft_chain.hpp"
#include "cluster/raft/memory_storage.hpp"
#include "common/common.pb.h"
#include "proto/encode.hpp"

using namespace weft;
using namespace weft::cluster;

namespace {

/// An envelope whose "data" is text; a CONFIG's text says how the members change: "r3", "v4".
ledger::envelope envelope_of(const std::string& data, bool config = false) {
  ::common::ChannelHeader header;
  header.set_type(config ? 1 : 3);
  header.set_channel_id("ch");
  ::common::Payload payload;
  payload.mutable_header()->set_channel_header(proto::encode(header));
  payload.set_data(data);
  return ledger::envelope::make(proto::encode(payload), "signature");
}

struct fake_rules final : raft_rules {
  cut_limits now{2, 1000, std::chrono::milliseconds{100}, true, {}, {}};
  std::uint64_t in_force = 0;
  std::string refuse;
  cut_limits limits() const override { return now; }
  std::uint64_t sequence() const override { return in_force; }
  config_admission judge_again(const ledger::envelope& e) const override {
    if (!refuse.empty()) return {{status_bad_request, refuse}, {}};
    return {{}, e};
  }
  result<std::optional<raft::conf_change>> change_in(const ledger::envelope& config) const override {
    if (config.data() == "none") return std::nullopt;
    WEFT_TRY(auto changes, raft::parse_changes(config.data()));
    return raft::conf_change{raft::transition::automatic, std::move(changes), {}};
  }
};

struct node {
  raft::node_id id = 0;
  fake_rules rules;
  raft::memory_storage log;
  std::unique_ptr<seeded_random> random;
  std::unique_ptr<raft_chain> chain;
  std::vector<ledger::block> store;
  std::map<std::uint64_t, admission> answers;
  std::vector<chain_do::leadership> leaders;
  std::size_t in_flight_most = 0, fetches = 0;
  bool retired = false, dead = false;
  bool slow_log = false;                          ///< Log writes wait for `flush`.
  bool slow_sync = false, syncing = false;        ///< A sync of the block store waits until the test says so.
  std::deque<chain_do::write_log> unwritten;
};

struct group {
  std::vector<std::unique_ptr<node>> nodes;
  std::deque<raft::message> network;
  raft_chain_options base;
  ledger::block genesis = ledger::block::make(block_number{0}, {}, {envelope_of("genesis", true)});

  explicit group(std::size_t n, std::size_t spare = 0) {
    base.raft.election_ticks = 10;
    base.raft.heartbeat_ticks = 2;
    base.raft.check_quorum = base.raft.pre_vote = true;
    base.blocks_in_flight_max = 2;
    raft::conf_state members;
    for (std::size_t i = 1; i <= n; ++i) members.voters.push_back(i);
    for (std::size_t i = 1; i <= n + spare; ++i) {
      auto made = std::make_unique<node>();
      made->id = i;
      made->store.push_back(genesis);
      REQUIRE(made->log.restore(std::make_shared<raft::snapshot>(raft::snapshot{{1, 1}, members, chain_snapshot{1, genesis.hash()}.encode()})));
      nodes.push_back(std::move(made));
    }
  }
  void start(raft::node_id id) { start_at(id, 0, 0); }
  void start_at(raft::node_id id, raft::log_index newest, raft::log_index followed) {
    auto& n = *nodes[id - 1];
    auto o = base;
    o.raft.id = id;
    n.random = std::make_unique<seeded_random>(id);
    auto tip = tip_of(n);
    auto opened = raft_chain::open(o, {tip, newest, followed}, n.rules, n.log, *n.random, raft::journal::none());
    REQUIRE_MESSAGE(opened, (opened ? "" : opened.error().context));
    n.chain = std::move(*opened);
    n.dead = false;
    settle();
  }
  static chain_tip tip_of(const node& n) { return {n.store.back().number().next(), n.store.back().hash(), block_number{0}}; }
  node& at(raft::node_id id) { return *nodes[id - 1]; }
  /// Ticks only this node until it leads.
  void elect(raft::node_id id) {
    for (int i = 0; i < 60 && !at(id).chain->leads(); ++i) {
      REQUIRE(at(id).chain->tick());
      settle();
      for (auto& n : nodes) if (n->id != id && !n->dead && n->chain && i % 3 == 0 && n->chain->leader() != id) static_cast<void>(n->chain->tick());
      settle();
    }
    REQUIRE(at(id).chain->leads());
  }
  void submit(raft::node_id id, const std::string& data, std::uint64_t ticket, bool config = false) {
    REQUIRE(at(id).chain->submit(envelope_of(data, config), at(id).rules.in_force, ticket));
  }
  void idle(raft::node_id id) {
    settle();
    REQUIRE(at(id).chain->idle({}));
    settle();
  }
  void flush(node& n) {
    while (!n.unwritten.empty()) {
      auto w = std::move(n.unwritten.front());
      n.unwritten.pop_front();
      if (w.hard) n.log.save(*w.hard);
      if (w.restore) REQUIRE(n.log.restore(w.restore));
      n.log.append(w.entries);
      REQUIRE(n.chain->log_written());
    }
  }
  /// False when there was nothing to do.
  bool carry_out(node& n) {
    auto effects = n.chain->take_effects();
    for (auto& effect : effects) {
      n.in_flight_most = std::max(n.in_flight_most, n.chain->in_flight());
      if (auto* s = std::get_if<chain_do::send>(&effect)) for (auto& m : s->messages) network.push_back(std::move(m));
      if (auto* w = std::get_if<chain_do::write_log>(&effect)) {
        n.unwritten.push_back(std::move(*w));
        if (!n.slow_log) flush(n);
      }
      if (auto* b = std::get_if<chain_do::write_block>(&effect)) {
        REQUIRE(b->block.number() == n.store.back().number().next());
        n.store.push_back(b->block);
        if (is_config(b->block.envelopes().front())) ++n.rules.in_force;
        REQUIRE(n.chain->block_written(b->block.number().value));
      }
      if (std::get_if<chain_do::sync_blocks>(&effect)) {
        if (n.slow_sync) n.syncing = true;
        else REQUIRE(n.chain->blocks_synced());
      }
      if (auto* c = std::get_if<chain_do::compact_log>(&effect)) {
        auto made = n.log.make_snapshot(c->made->at.index, c->made->members, c->made->data);
        REQUIRE_MESSAGE(made, (made ? "" : made.error().context));
        if (c->keep_from > n.log.first_index()) REQUIRE(n.log.compact(c->keep_from - 1));
      }
      if (auto* f = std::get_if<chain_do::fetch_blocks>(&effect)) {
        ++n.fetches;
        for (auto& other : nodes) {
          if (other->store.size() < f->until || other->id == n.id) continue;
          for (auto i = f->from; i < f->until; ++i) REQUIRE(n.chain->fetched(other->store[i]));
          break;
        }
      }
      if (auto* a = std::get_if<chain_do::answer>(&effect)) {
        CHECK(n.answers.count(a->ticket) == 0);
        n.answers[a->ticket] = a->what;
      }
      if (auto* l = std::get_if<chain_do::leadership>(&effect)) n.leaders.push_back(*l);
      if (std::get_if<chain_do::retire>(&effect)) n.retired = true;
    }
    return !effects.empty();
  }
  void settle() {
    for (int round = 0; round < 10'000; ++round) {
      bool more = false;
      for (auto& n : nodes) {
        if (!n->chain || n->dead) continue;
        more = carry_out(*n) || more;
      }
      while (!network.empty()) {
        auto m = std::move(network.front());
        network.pop_front();
        more = true;
        auto& to = at(m.to);
        if (to.chain && !to.dead && !at(m.from).dead) REQUIRE(to.chain->step(std::move(m)));
      }
      if (!more) return;
    }
    FAIL("the group does not come to rest");
  }
  void heartbeat(raft::node_id id) {
    for (int i = 0; i < 4; ++i) {
      REQUIRE(at(id).chain->tick());
      settle();
    }
  }
  bool equal_chains() {
    for (auto& n : nodes) {
      if (n->dead || !n->chain || n->retired) continue;
      if (n->store.size() != nodes.front()->store.size() || n->store.back().hash() != nodes.front()->store.back().hash()) return false;
    }
    return true;
  }
};

}  // namespace

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
  for (raft::node_id id = 1; id <= 3; ++id) g.start(id);
  g.elect(1);
  g.submit(1, "before", 1);
  g.idle(1);
  g.heartbeat(1);
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
  for (raft::node_id id = 1; id <= 3; ++id) g.start(id);
  g.elect(1);
  g.submit(1, "a", 1);
  g.idle(1);
  g.heartbeat(1);
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
