#include <doctest/doctest.h>

#include "cluster/ordering/block_cutter.hpp"

using namespace weft;
using namespace weft::cluster;

namespace {

ledger::envelope of_size(std::size_t size) { return ledger::envelope::make(bytes(size - 1, 'p'), "s"); }

struct outcome {
  std::vector<std::size_t> batches;  ///< Number of envelopes of each batch, in order.
  std::vector<std::uint64_t> timers; ///< Timers started, in order.
};

void run(block_cutter& cutter, cut_event event, outcome& out) {
  for (auto& effect : cutter.step(std::move(event))) {
    if (auto* batch = std::get_if<emit_batch>(&effect)) out.batches.push_back(batch->items.size());
    if (auto* timer = std::get_if<start_timer>(&effect)) out.timers.push_back(timer->timer.value);
  }
}

constexpr cut_limits limits{3, 100, std::chrono::milliseconds{2000}, true, {}, {}};

}  // namespace

TEST_CASE("a batch closes at whichever bound comes first") {
  struct row { const char* name; std::vector<std::size_t> tx_bytes, batches; std::size_t pending; };
  const row rows[] = {
      {"below every bound nothing closes", {10, 10}, {}, 2},
      {"the third transaction fills the count", {10, 10, 10}, {3}, 0},
      {"an overflow closes the batch before it", {60, 60}, {1}, 1},
      {"equality with the preferred size does not overflow", {50, 50}, {}, 2},
      {"an oversized transaction travels alone", {10, 150}, {1, 1}, 0},
      {"an oversized transaction alone needs no batch before it", {150, 10}, {1}, 1},
      {"an overflow may fill the next batch at once", {60, 60, 60, 60}, {1, 1, 1}, 1},
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    block_cutter cutter{limits};
    outcome out;
    for (auto size : r.tx_bytes) run(cutter, submit{{of_size(size), 0}}, out);
    CHECK(out.batches == r.batches);
    CHECK(cutter.pending() == r.pending);
  }
}

TEST_CASE("only the newest timer counts, and an overflow does not restart it") {
  block_cutter cutter{limits};
  outcome out;
  run(cutter, submit{{of_size(60), 0}}, out);
  run(cutter, submit{{of_size(60), 0}}, out);  // overflow: the second inherits timer 1
  CHECK(out.timers == std::vector<std::uint64_t>{1});
  run(cutter, timer_fired{timer_id{1}}, out);
  CHECK(out.batches == std::vector<std::size_t>{1, 1});
  run(cutter, submit{{of_size(10), 0}}, out);
  CHECK(out.timers == std::vector<std::uint64_t>{1, 2});
  run(cutter, timer_fired{timer_id{1}}, out);  // late, of a batch that has left
  CHECK(cutter.pending() == 1);
}

TEST_CASE("an idle downstream takes what waits, unless that is switched off") {
  for (bool on : {true, false}) {
    auto l = limits;
    l.cut_when_idle = on;
    block_cutter cutter{l};
    outcome out;
    run(cutter, downstream_idle{}, out);
    CHECK(out.batches.empty());  // a batch is never empty
    run(cutter, submit{{of_size(10), 7}}, out);
    run(cutter, downstream_idle{}, out);
    CHECK(out.batches.size() == (on ? 1u : 0u));
  }
}

TEST_CASE("an idle cut keeps its distance from the cut before it") {
  using std::chrono::microseconds;
  struct row { const char* name; microseconds since_last_cut, since_last_submit; bool waits, cut; microseconds again; };
  const row rows[] = {
      {"the first one ever does not wait", microseconds::max(), {}, true, true, {}},
      {"after a pause it does not wait", microseconds{5000}, {}, true, true, {}},
      {"too soon it waits for others, as long as they keep coming", microseconds{1200}, microseconds{300}, true, false, microseconds{700}},
      {"near the end it waits for the rest of the time", microseconds{4600}, microseconds{300}, true, false, microseconds{400}},
      {"when no more come it does not wait", microseconds{1200}, microseconds{1000}, true, true, {}},
      {"with nothing to cut nobody looks again", microseconds{1200}, microseconds{300}, false, false, {}},
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    auto l = limits;
    l.idle_spacing = microseconds{5000};
    l.idle_gap = microseconds{1000};
    block_cutter cutter{l};
    outcome out;
    for (int i = 0; r.waits && i < 2; ++i) run(cutter, submit{{of_size(10), 0}}, out);
    microseconds again{0};
    for (auto& effect : cutter.step(downstream_idle{r.since_last_cut, r.since_last_submit})) {
      if (std::get_if<emit_batch>(&effect)) out.batches.push_back(1);
      if (auto* look = std::get_if<look_again>(&effect)) again = look->after;
    }
    CHECK(out.batches.size() == (r.cut ? 1u : 0u));
    CHECK(again == r.again);
  }
}

TEST_CASE("an envelope alone behind another alone does not wait for company") {
  using std::chrono::microseconds;
  auto l = limits;
  l.idle_spacing = microseconds{5000};
  l.idle_gap = microseconds{1000};
  block_cutter cutter{l};
  const downstream_idle soon{microseconds{100}, microseconds{50}};
  outcome out;
  run(cutter, submit{{of_size(10), 0}}, out);
  run(cutter, soon, out);
  CHECK(out.batches == std::vector<std::size_t>{1});
  for (std::uint64_t i = 1; i < 3; ++i) run(cutter, submit{{of_size(10), i}}, out);
  run(cutter, soon, out);
  CHECK(cutter.pending() == 2);  // two: there may be more
  run(cutter, downstream_idle{microseconds{5000}, {}}, out);
  CHECK(out.batches == std::vector<std::size_t>{1, 2});
  run(cutter, submit{{of_size(10), 3}}, out);
  run(cutter, soon, out);
  CHECK(cutter.pending() == 1);  // behind a batch of two it waits
}

TEST_CASE("a configuration that follows sends on what waits, and stops the timer") {
  block_cutter cutter{limits};
  outcome out;
  run(cutter, config_follows{}, out);
  CHECK(out.batches.empty());
  run(cutter, submit{{of_size(10), 0}}, out);
  run(cutter, submit{{of_size(10), 1}}, out);
  run(cutter, config_follows{}, out);
  CHECK(out.batches == std::vector<std::size_t>{2});
  CHECK(cutter.pending() == 0);
  run(cutter, timer_fired{timer_id{1}}, out);
  CHECK(out.batches.size() == 1);
}

TEST_CASE("envelopes leave in arrival order with their tickets") {
  block_cutter cutter{limits};
  std::vector<std::uint64_t> seen;
  for (std::uint64_t i = 0; i < 10; ++i) {
    for (auto& effect : cutter.step(submit{{of_size(10 + i * 7), i}})) {
      if (auto* batch = std::get_if<emit_batch>(&effect)) for (auto& item : batch->items) seen.push_back(item.ticket);
    }
  }
  for (std::size_t i = 0; i < seen.size(); ++i) CHECK(seen[i] == i);
  CHECK(seen.size() + cutter.pending() == 10);
}
