// A cluster of processes under load whose leader dies (SIGKILL) or freezes (SIGSTOP), round by round: how long until transactions commit again, and
// whether any client noticed, anything acknowledged was lost, or anything became valid twice.
//   weft_e2e_failover WEFT ORDERERS
// WEFT_FAILOVER_ROUNDS (5, of each kind), WEFT_FAILOVER_FAULTS (both; kill or freeze), WEFT_LIVE_LOG (live_cluster.hpp).
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "tests/e2e/live_cluster.hpp"

namespace {

using namespace weft;
using namespace weft::live;

/// As the nodes' logs give it, so that the two can be laid side by side.
std::string wall_clock() {
  const auto now = std::chrono::system_clock::now();
  const auto seconds = std::chrono::system_clock::to_time_t(now);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[32];
  const auto n = std::strftime(text, sizeof text, "%H:%M:%S", &parts);
  std::snprintf(text + n, sizeof text - n, ".%03d", static_cast<int>(std::chrono::duration_cast<milliseconds>(now.time_since_epoch()).count() % 1000));
  return text;
}

/// The views that say so are new, not from before the last round's links were cut.
bool stays(const process_cluster& c, const std::string& leader) {
  pause(milliseconds(300));
  return c.whole_leader() == leader;
}

double one_round(process_cluster& c, load& l, bool freeze) {
  std::string leader;
  wait_for("a group that is whole", [&] { return !l.failure().empty() || (!(leader = c.whole_leader()).empty() && stays(c, leader)); });
  require(l.failure().empty(), "a client saw an error: " + l.failure());
  const auto at = wall_clock();
  const auto fault = steady::now();
  if (freeze) c.of(leader).freeze(); else c.of(leader).kill();
  std::optional<double> took;
  wait_for("a transaction after the fault", [&] { return (took = l.first_after(fault)).has_value() || !l.failure().empty(); });
  require(l.failure().empty(), "a client saw an error: " + l.failure());
  const auto before = l.done();
  wait_for("load goes on", [&] { return l.done() >= before + 20 || !l.failure().empty(); });
  if (freeze) c.of(leader).thaw(); else c.start(leader);
  std::printf("%s %s at %s: %.0f ms to the next transaction\n", leader.c_str(), freeze ? "frozen" : "killed", at.c_str(), *took);
  std::fflush(stdout);
  return *took;
}

void report(const char* what, const std::vector<double>& took) {
  if (took.empty()) return;
  std::printf("%s: %zu rounds, next transaction after p50 %.0f ms, p99 %.0f ms, worst %.0f ms\n", what, took.size(), quantile(took, 0.5),
              quantile(took, 0.99), quantile(took, 1));
}

void run(const std::string& weft, const fs::path& folder, std::size_t orderers) {
  const auto rounds = number_from("WEFT_FAILOVER_ROUNDS", 5);
  const char* given = std::getenv("WEFT_FAILOVER_FAULTS");
  const std::string faults = given ? given : "both";
  process_cluster c(weft, folder, orderers);
  load l(c);
  std::vector<double> killed, frozen;
  for (std::uint64_t i = 0; i < rounds; ++i) {
    if (faults != "freeze") killed.push_back(one_round(c, l, false));
    if (faults != "kill") frozen.push_back(one_round(c, l, true));
  }
  wait_for("a leader that sees everybody", [&] { return !c.whole_leader().empty(); });
  l.stop();
  require(l.failure().empty(), "a client saw an error: " + l.failure());
  check(c, l.all(), l.all().size());
  std::printf("%zu orderers, %zu clients; the longest transaction took %.0f ms\n", orderers, load::clients, l.longest_ms());
  report("leader killed", killed);
  report("leader frozen", frozen);
}

}  // namespace

int main(int argc, char** argv) { return run_in_scratch(argc, argv, "weft_e2e_failover", run); }
