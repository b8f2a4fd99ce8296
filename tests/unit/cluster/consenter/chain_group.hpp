// Chains that talk to each other in one test: no loss, no disk but memory. What hostile networks do is the simulation's to show.
#pragma once

#include <doctest/doctest.h>

#include <map>

#include "cluster/consenter/raft_chain.hpp"
#include "cluster/raft/memory_storage.hpp"
#include "common/common.pb.h"
#include "proto/encode.hpp"

namespace weft::cluster::testing {

/// An envelope whose "data" is text; a CONFIG's text says how the members change: "r3", "v4".
inline ledger::envelope envelope_of(const std::string& data, bool config = false) {
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
  /// All start, the first leads, and everybody has a block with `data`.
  void begin_with(const std::string& data) {
    for (const auto& n : nodes) start(n->id);
    elect(1);
    submit(1, data, 1);
    idle(1);
    heartbeat(1);
  }
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

}  // namespace weft::cluster::testing
