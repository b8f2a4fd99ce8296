// A raft-ordered channel under a hostile world: orderers, their network and disks, clients that retry, an administrator, faults; all from one seed.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cluster/faults/network.hpp"
#include "cluster/faults/schedule.hpp"
#include "cluster/faults/timeline.hpp"
#include "cluster/faults/trace.hpp"
#include "tests/sim/orderer.hpp"
#include "tests/sim/promises.hpp"

namespace weft::sim {

using cluster::faults::instant;

/// What is going to happen. Those for a node carry its life: a crash cancels them.
struct event {
  enum class what : std::uint8_t {
    tick, log_done, block_done, fetch, timer, idle, disconnected,        // at a node
    arrival, request, reply, retry, admin, fault_begins, fault_ends, restart, hand_over, heal, look,
  };
  what kind{};
  std::uint8_t node = 0;
  std::uint16_t life = 0;
  std::uint32_t a = 0;
  std::uint64_t b = 0;

  static event at_node(what k, unsigned node, std::uint16_t life, std::uint32_t a = 0, std::uint64_t b = 0) { return {k, static_cast<std::uint8_t>(node), life, a, b}; }
  static event tick(unsigned n, std::uint16_t life) { return at_node(what::tick, n, life); }
  static event log_done(unsigned n, std::uint16_t life) { return at_node(what::log_done, n, life); }
  static event block_done(unsigned n, std::uint16_t life) { return at_node(what::block_done, n, life); }
  static event fetch(unsigned n, std::uint16_t life) { return at_node(what::fetch, n, life); }
  static event timer(unsigned n, std::uint16_t life, std::uint64_t id) { return at_node(what::timer, n, life, 0, id); }
  static event idle(unsigned n, std::uint16_t life) { return at_node(what::idle, n, life); }
  static event disconnected(unsigned n, std::uint16_t life, unsigned from) { return at_node(what::disconnected, n, life, from); }
  static event of(what k, std::uint32_t a = 0, std::uint64_t b = 0) { return {k, 0, 0, a, b}; }
};

struct run_options {
  std::uint64_t seed = 1;
  bool inside = true;   ///< Look into raft as well, not only at chains and acknowledgements.
  bool verbose = false; ///< Keep everything for the trace, raft's own lines as well.
};

/// What a run went through: a world in which nothing happens keeps every promise.
struct run_figures {
  std::size_t leaders = 0, entries = 0, blocks = 0, crashes = 0, snapshots = 0, fetched = 0, config_changes = 0, retries = 0;
  std::uint64_t events = 0, messages = 0, lost = 0;
  instant ended{}, settled_after{};  ///< From healing until all were equal.
};

class world {
 public:
  explicit world(const run_options& o);
  ~world();
  /// The first promise that was broken; empty if none was.
  const std::string& run();
  [[nodiscard]] run_figures figures() const;
  [[nodiscard]] std::string story() const;  ///< Options, faults, trace, states: for whoever looks for the cause.

  // ---- for orderers
  [[nodiscard]] promises& promised() noexcept { return promises_; }
  [[nodiscard]] bool looks_inside() const noexcept { return asked_.inside; }
  [[nodiscard]] const cluster::faults::disk_speed& disks() const noexcept { return disk_speed_; }
  [[nodiscard]] cluster::raft::journal& journal_of(unsigned node);
  void after(instant delay, const event& e) { time_.after(delay, e); }
  void schedule_tick(unsigned node);
  void restart_later(unsigned node);
  void send(unsigned from, cluster::raft::message&& m);
  void answer(unsigned from, std::uint64_t ticket, bool success, const char* why);
  /// A store that holds block `from`, of a node that can be reached; null if there is none now.
  [[nodiscard]] const block_shelf* reachable_store(unsigned node, std::uint64_t from);
  /// Others would tell this node that it was removed.
  [[nodiscard]] bool knows_eviction(unsigned node);
  void new_block(const ledger::block& b);
  void count_snapshot() noexcept { ++figures_.snapshots; }
  void count_fetched() noexcept { ++figures_.fetched; }
  void count_crash() noexcept { ++figures_.crashes; }

  template <class... Values>
  void note(unsigned node, const char* form, const Values&... values) { trace_.note(time_.now(), node, form, values...); }
  void say(unsigned node, std::string text) { trace_.say(time_.now(), node, std::move(text)); }

 private:
  /// Between nodes: raft's, or an envelope for the leader.
  struct packet {
    cluster::raft::message raft;
    std::uint64_t ticket = 0;
    bool forwarded = false;
  };
  struct client {
    std::uint32_t attempts = 0;
    unsigned asked = 0;
    bool done = false;
  };
  struct planned_change {
    bool adds = false, rotates = false;
    bool files_first = false;  ///< A rotation: the node has its new certificate before the channel knows it.
    bool learns_first = false; ///< Is added as a learner, and made a voter when that is in the chain.
    unsigned node = 0;         ///< Whom; 0: drawn when it is first asked for.
    std::uint32_t attempts = 0;
    bool done = false;
  };
  struct node_journal;

  void draw_options();
  void plan();
  void happen(const event& e);
  void arrival(const event& e);
  void at_node(const event& e);
  // clients.cpp
  void ask(std::uint32_t request);
  void asked(unsigned node, std::uint64_t ticket, bool forwarded);
  void replied(std::uint32_t request, std::uint32_t attempt, bool success);
  void administer(planned_change& c, std::uint32_t place);
  [[nodiscard]] ledger::envelope envelope_for(std::uint32_t request, const orderer& at) const;
  [[nodiscard]] std::string text_of(const planned_change& c) const;
  // misfortune.cpp
  void begins(cluster::faults::fault& f);
  void ends(const cluster::faults::fault& f);
  void heal();
  void look();
  void crash(unsigned node, bool power);
  void disconnect_from(unsigned node);
  [[nodiscard]] unsigned leading() const;
  [[nodiscard]] unsigned any_node();
  [[nodiscard]] bool all_equal() const;
  [[nodiscard]] orderer& node(unsigned n) { return *nodes_[n]; }

  run_options asked_;
  cluster::faults::dice random_;
  cluster::faults::timeline<event> time_;
  cluster::faults::trace trace_;
  unsigned voters_ = 3, count_ = 3;
  orderer_options options_;
  cluster::faults::link_quality quality_;
  cluster::faults::disk_speed disk_speed_;
  promises promises_;
  std::unique_ptr<cluster::faults::network<packet>> net_;
  std::vector<std::unique_ptr<orderer>> nodes_;        ///< By number; 0 is nobody.
  std::vector<std::vector<event>> backlog_;            ///< What came to a frozen node.
  std::vector<std::unique_ptr<node_journal>> journals_;
  std::vector<cluster::faults::fault> faults_;
  std::vector<client> clients_;
  std::vector<planned_change> changes_;
  std::vector<bool> member_, was_member_;
  std::size_t configs_ = 0;                            ///< In the chain, without the genesis.
  std::size_t open_requests_ = 0;
  bool healed_ = false, over_ = false;
  instant healed_at_{};
  run_figures figures_;
};

}  // namespace weft::sim
