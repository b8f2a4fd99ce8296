// Random histories that stop between any two effects on the disk, with power lost or only the process: what was synced is there again, and what
// is found is the state after some write, never a part of one.
#include <doctest/doctest.h>

#include "tests/unit/cluster/wal/faulty_env.hpp"
#include "tests/unit/cluster/wal/model.hpp"
#include "tests/unit/ledger/store/seeds.hpp"

using namespace weft;
using namespace weft::testing;

namespace {

/// The states that a recovery may show: the last one known to be on disk, and those after it.
class possible_states {
 public:
  explicit possible_states(log_state first) : all_{std::move(first)} {}
  [[nodiscard]] const log_state& newest() const { return all_.back(); }
  void add(log_state s) { all_.push_back(std::move(s)); }
  void newest_is_durable() { all_.erase(all_.begin(), all_.end() - 1); }
  [[nodiscard]] bool include(const log_state& s) const { return std::find(all_.begin(), all_.end(), s) != all_.end(); }

 private:
  std::vector<log_state> all_;
};

struct totals { std::size_t stopped = 0, power_cuts = 0, tails_cut = 0, lost_writes = 0, files_removed = 0; };

// One life of a process: opens, compares, writes until it ends or is stopped.
void live(std::shared_ptr<ledger::memory_env>& folder, possible_states& may_be, const wal_options& options, random_source& random, totals& sum) {
  const auto disk = std::make_shared<faulty_env>(folder);
  if (random.below(4) != 0) disk->stop_after(random.below(60));
  wal_report report;
  auto opened = write_ahead_log::open(disk, options, &report);
  if (opened) {
    auto& log = **opened;
    auto shown = state_of(log);
    REQUIRE_MESSAGE(shown.has_value(), shown.error().context);
    REQUIRE(may_be.include(*shown));
    if (!(may_be.newest() == *shown)) ++sum.lost_writes;
    if (report.cut_bytes > 0) ++sum.tails_cut;
    may_be = possible_states(*shown);  // opening made it durable

    histories draw(random);
    for (auto n = random.below(25); n > 0 && !disk->stopped(); --n) {
      log_state next = may_be.newest();
      const std::size_t files_before = log.used().files;
      result<void> done;
      bool durable = true;
      if (!next.begun) {
        next.begun = true;
        next.members.voters = {1, 2, 3};
        done = log.begin(next.members);
      } else {
        const auto op = draw.next(next);
        op.apply_to(next);
        durable = op.durable();
        done = op.run(log);
      }
      may_be.add(next);
      if (!done) {
        REQUIRE_MESSAGE(disk->stopped(), done.error().context);
        break;
      }
      if (durable) may_be.newest_is_durable();
      if (log.used().files < files_before) ++sum.files_removed;
    }
    if (!disk->stopped()) REQUIRE((state_of(log).value() == may_be.newest()));
  } else {
    REQUIRE_MESSAGE(disk->stopped(), opened.error().context);  // what was recovered is not known; the states stay possible
  }
  if (disk->stopped()) ++sum.stopped;
  if (random.below(3) == 0) return;  // only the process died: what it wrote is still in the page cache
  folder = folder->crash(random);
  ++sum.power_cuts;
}

}  // namespace

TEST_CASE("no synced write is lost wherever a process stops, and no write survives in part") {
  totals sum;
  for (const auto seed : seeds(4000)) {
    CAPTURE(seed);
    seeded_random random(seed);
    const wal_options options{1 + random.below(3000), static_cast<std::size_t>(random.below(2000))};
    auto folder = ledger::make_memory_env();
    possible_states may_be{log_state{}};
    for (int life = 0; life < 8; ++life) live(folder, may_be, options, random, sum);
  }
  if (seeds(2).size() == 1) return;  // a single run need not see everything
  MESSAGE("stopped ", sum.stopped, ", power cuts ", sum.power_cuts, ", tails cut ", sum.tails_cut, ", writes lost ", sum.lost_writes, ", files removed ",
          sum.files_removed);
  CHECK(sum.stopped > 4000);
  CHECK(sum.tails_cut > 1000);
  CHECK(sum.lost_writes > 1000);
  CHECK(sum.files_removed > 4000);
}

TEST_CASE("a compaction may stop at each of its effects") {
  // Many files, then a compaction that removes nearly all; stopped after 0, 1, 2, … effects, with and without power lost.
  const auto prepare = [](const std::shared_ptr<ledger::env>& files, log_state& want) {
    auto log = write_ahead_log::open(files, {300, 0}).value();
    REQUIRE(log->begin(conf_state{{1}, {}, {}, {}, false}));
    for (log_index i = 1; i <= 40; ++i) REQUIRE(log->write({hard_state{2, 1, i - 1}, nullptr, make_entries(2, i, 1, 50), true}));
    want = state_of(*log).value();
    return log;
  };
  bool whole = false;
  for (std::uint64_t effects = 0; !whole; ++effects) {
    CAPTURE(effects);
    for (std::uint64_t power = 0; power < 8; ++power) {
      CAPTURE(power);
      const auto folder = ledger::make_memory_env();
      const auto disk = std::make_shared<faulty_env>(folder);
      log_state before;
      auto log = prepare(disk, before);
      REQUIRE(log->used().files > 5);
      log_state after = before;
      after.take(make_snapshot({2, 38}), 36);
      disk->stop_after(effects);
      const auto done = log->compact(make_snapshot({2, 38}), 36);
      whole = done.has_value();
      log.reset();
      seeded_random random(power * 1000 + effects);
      const auto again = write_ahead_log::open(power == 0 ? folder : folder->crash(random));
      REQUIRE_MESSAGE(again.has_value(), again.error().context);
      const auto shown = state_of(**again).value();
      if (whole) CHECK((shown == after));
      else CHECK((shown == before || shown == after));
    }
  }
}
