// How long a group needs to elect when its leader stands still, in virtual time: nodes tick every 10 ms, each at a moment of its own; messages take 1 to 6
// ms and a disk 1 to 4, which is what a busy machine showed.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "cluster/raft/core.hpp"
#include "cluster/raft/memory_storage.hpp"

using namespace weft;
using namespace weft::cluster::raft;

namespace {

struct outcome {
  unsigned millis = 0;   ///< Until another node leads; 0: never, in five seconds.
  term_number terms = 0; ///< That were begun: one without a split vote.
};

class group {
 public:
  group(std::size_t size, std::uint64_t seed) : random_(seed) {
    auto first = std::make_shared<snapshot>();
    first->at = {1, 1};
    for (node_id id = 1; id <= size; ++id) first->members.voters.push_back(id);
    for (node_id id = 1; id <= size; ++id) {
      auto& n = nodes_.emplace_back();
      static_cast<void>(n.disk->restore(first));
      options o;
      o.id = id;
      o.election_ticks = 10;
      o.heartbeat_ticks = 2;
      o.check_quorum = o.pre_vote = o.rank_campaigns = true;
      o.applied = 1;
      n.running = core::open(o, *n.disk, random_).value();
      n.phase = static_cast<unsigned>(random_.below(10));
    }
  }

  /// A leader is elected and freezes some time later.
  outcome freeze_leader() {
    REQUIRE(run_until([&] { return leader() != nobody; }, 5000) > 0);
    run_until([] { return false; }, 300 + static_cast<unsigned>(random_.below(40)));
    frozen_ = leader();
    REQUIRE(frozen_ != nobody);
    const auto term = nodes_[frozen_ - 1].running->hard().term;
    outcome out;
    out.millis = run_until([&] { return leader() != nobody; }, 5000);
    for (auto& n : nodes_) out.terms = std::max(out.terms, n.running->hard().term - term);
    return out;
  }

 private:
  struct node {
    std::unique_ptr<memory_storage> disk = std::make_unique<memory_storage>();
    std::unique_ptr<core> running;
    unsigned phase = 0;
    std::optional<ready> writing;
    unsigned written_at = 0;
  };

  node_id leader() {
    for (auto& n : nodes_)
      if (n.running->id() != frozen_ && n.running->leads()) return n.running->id();
    return nobody;
  }
  template <class Condition>
  unsigned run_until(Condition holds, unsigned at_most) {
    for (unsigned passed = 1; passed <= at_most; ++passed) {
      ++now_;
      for (auto& n : nodes_) {
        if (n.running->id() == frozen_) continue;
        if (now_ % 10 == n.phase) n.running->tick();
        for (auto [at, end] = network_.equal_range({now_, n.running->id()}); at != end; ++at) static_cast<void>(n.running->step(at->second));
        work(n);
      }
      network_.erase(network_.begin(), network_.lower_bound({now_ + 1, 0}));
      if (holds()) return passed;
    }
    return 0;
  }
  void send(std::vector<message>::iterator from, std::vector<message>::iterator until) {
    for (; from != until; ++from) network_.emplace(std::pair{now_ + 1 + static_cast<unsigned>(random_.below(6)), from->to}, std::move(*from));
  }
  void work(node& n) {
    for (;;) {
      if (n.writing) {
        if (now_ < n.written_at) return;
        auto done = std::move(*n.writing);
        n.writing.reset();
        if (done.hard) n.disk->save(*done.hard);
        n.disk->append(done.entries);
        send(done.messages.begin() + static_cast<std::ptrdiff_t>(done.before_sync), done.messages.end());
        REQUIRE(n.running->advance().has_value());
      }
      if (!n.running->has_ready()) return;
      n.writing = n.running->take_ready().value();
      send(n.writing->messages.begin(), n.writing->messages.begin() + static_cast<std::ptrdiff_t>(n.writing->before_sync));
      n.written_at = now_ + (n.writing->must_sync ? 1 + static_cast<unsigned>(random_.below(4)) : 0);
    }
  }

  seeded_random random_;
  std::vector<node> nodes_;
  std::multimap<std::pair<unsigned, node_id>, message> network_;  ///< By when it arrives, and where.
  node_id frozen_ = nobody;
  unsigned now_ = 0;
};

}  // namespace

TEST_CASE("those that are left elect within one randomized timeout: votes are hardly ever split") {
  struct row { std::size_t nodes; unsigned slow_max; };
  // Slow: later than the longest timeout (190 ms) and what an election takes.
  const row rows[] = {{3, 5}, {5, 10}};
  for (const auto& r : rows) {
    CAPTURE(r.nodes);
    constexpr unsigned rounds = 2000;
    unsigned split = 0, slow = 0;
    std::vector<unsigned> took;
    for (std::uint64_t seed = 1; seed <= rounds; ++seed) {
      CAPTURE(seed);
      const auto out = group(r.nodes, seed).freeze_leader();
      REQUIRE(out.millis > 0);
      took.push_back(out.millis);
      split += out.terms > 1;
      slow += out.millis > 230;
    }
    std::sort(took.begin(), took.end());
    MESSAGE(r.nodes << " nodes: p50 " << took[rounds / 2] << " ms, p99 " << took[rounds * 99 / 100] << " ms, worst " << took.back() << " ms; " << split
                    << " of " << rounds << " had a split vote, " << slow << " were slow");
    CHECK(slow <= r.slow_max);
  }
}
