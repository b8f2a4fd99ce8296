// raft_sim: a raft-ordered channel under loss, partitions, crashes and skewed clocks, thousands of times, each from a seed.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <iostream>

#include "cluster/faults/dice.hpp"
#include "tests/sim/campaign.hpp"
#include "tests/sim/world.hpp"

using namespace weft;

namespace {

constexpr std::uint64_t part_size = 2'000;  // seeds for a line of the record

int replay(std::uint64_t seed, bool inside) {
  sim::world w({seed, inside, true});
  const auto& broken = w.run();
  std::cout << w.story();
  const auto f = w.figures();
  std::printf("seed %llu: %s\n%.3f virtual s, %llu events, %llu messages (%llu lost), %zu leaders, %zu blocks, %zu changes of the consenters, %zu crashes, %zu snapshots, "
              "%zu blocks fetched, %zu retries; settled %.3f s after healing\n",
              static_cast<unsigned long long>(seed), broken.empty() ? "every promise was kept" : broken.c_str(), static_cast<double>(f.ended.count()) / 1e9,
              static_cast<unsigned long long>(f.events), static_cast<unsigned long long>(f.messages), static_cast<unsigned long long>(f.lost), f.leaders, f.blocks,
              f.config_changes, f.crashes, f.snapshots, f.fetched, f.retries, static_cast<double>(f.settled_after.count()) / 1e9);
  return broken.empty() ? 0 : 1;
}

void report(const sim::tally& t) {
  for (const auto& f : t.failures) std::printf("seed %llu: %s\n", static_cast<unsigned long long>(f.seed), f.what.c_str());
  std::printf("%llu seeds, %zu failures, %.1f s (%.0f a second)\n", static_cast<unsigned long long>(t.seeds), t.failures.size(), t.seconds,
              static_cast<double>(t.seeds) / std::max(t.seconds, 1e-9));
  std::printf("a seed: %s\n", t.went_through.c_str());
  if (!t.failures.empty()) std::printf("replay one of them: WEFT_SEED=%llu raft_sim\n", static_cast<unsigned long long>(t.failures.front().seed));
  std::fflush(stdout);
}

int run(sim::seed_range range, unsigned jobs, const std::string& append, bool inside, bool until_found) {
  if (append.empty()) {
    const auto t = sim::run_seeds(range, jobs, inside, until_found);
    report(t);
    return t.failures.empty() ? 0 : 1;
  }
  const sim::campaign_record record(append);
  const auto commit = sim::commit_of(WEFT_SOURCE_DIR);
  const auto from = record.resume(range, commit);
  if (!from) return std::cerr << "raft_sim: " << from.error().context << '\n', 1;
  bool failed = false;
  for (auto next = *from; next <= range.last;) {
    const sim::seed_range part{next, std::min(range.last, next + part_size - 1)};
    const auto t = sim::run_seeds(part, jobs, inside, false);
    report(t);
    failed = failed || !t.failures.empty();
    if (const auto written = record.append(commit, part, t); !written) return std::cerr << "raft_sim: " << written.error().context << '\n', 1;
    next = part.last + 1;
  }
  return failed ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Runs a raft-ordered channel in a simulated world: production's raft core, write-ahead log and consenter on simulated disks and networks.\n"
               "A seed is 3 to 7 orderers, at least 5 virtual seconds, 200 envelopes, 5 faults, a change of the consenters; after each step raft's promises\n"
               "are checked, at the end that nothing acknowledged is lost, that all chains are equal and that progress returned.\n"
               "Exit code: 0 every promise was kept, 1 one was broken (or a file could not be written), 2 usage.\n"
               "WEFT_SEED=N replays one run exactly, and prints all that happened.\n"
               "Examples: raft_sim --seeds 1..1000 --jobs 2\n"
               "          raft_sim --seeds 1..100000 --append docs/campaigns/raft.csv     goes on where it was interrupted\n"
               "          WEFT_SEED=4711 raft_sim | less"};
  std::string seeds = "1..1000", append;
  unsigned jobs = 1;
  bool outcomes = false, until_found = false;
  app.add_option("--seeds", seeds, "first and last seed")->capture_default_str();
  app.add_option("--jobs", jobs, "processes")->capture_default_str()->check(CLI::Range(1, 64));
  app.add_option("--append", append, "a line for each 2,000 seeds to this CSV file (commit, range, failures, seconds); goes on behind the last line of this commit");
  app.add_flag("--outcomes", outcomes, "look at chains, acknowledgements and progress only, not into raft");
  app.add_flag("--until-found", until_found, "stop at the first failure");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }
  const auto range = sim::parse_range(seeds);
  if (!range) return std::cerr << "raft_sim: " << range.error().context << '\n', 2;
  if (const auto seed = cluster::faults::seed_to_replay()) return replay(*seed, !outcomes);
  return run(*range, jobs, append, !outcomes, until_found);
}
