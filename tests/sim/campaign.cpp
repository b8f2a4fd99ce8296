#include "tests/sim/campaign.hpp"

#include <poll.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <new>
#include <optional>

#include "tests/sim/world.hpp"

namespace weft::sim {

namespace {

constexpr unsigned jobs_max = 64;
constexpr const char* heading = "commit,first,last,failures,seconds";

/// What workers share. Each takes the next seed by itself, so none waits for a slow one.
struct shared_state {
  std::atomic<std::uint64_t> next{0};
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> running[jobs_max];  ///< Seed + 1; 0: none.
  std::atomic<std::uint64_t> runs{0}, leaders{0}, blocks{0}, crashes{0}, snapshots{0}, fetched{0}, changes{0}, messages{0}, lost{0}, settled{0};

  void add(const run_figures& f) {
    ++runs;
    leaders += f.leaders;
    blocks += f.blocks;
    crashes += f.crashes;
    snapshots += f.snapshots;
    fetched += f.fetched;
    changes += f.config_changes;
    messages += f.messages;
    lost += f.lost;
    settled += static_cast<std::uint64_t>(f.settled_after.count() / 1'000'000);
  }
  [[nodiscard]] std::string averages() const {
    if (runs == 0) return "";
    const auto mean = [&](const char* name, std::uint64_t sum) {
      char text[64];
      std::snprintf(text, sizeof text, "%.1f %s", static_cast<double>(sum) / static_cast<double>(runs), name);
      return std::string(text);
    };
    return mean("leaders, ", leaders) + mean("crashes, ", crashes) + mean("membership changes, ", changes) + mean("blocks, ", blocks) + mean("fetched, ", fetched) +
           mean("snapshots, ", snapshots) + mean("messages, ", messages) + mean("lost, ", lost) + mean("ms to settle", settled);
  }
};

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t n = 0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (wrong != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return n;
}

void write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const auto n = ::write(fd, text.data(), text.size());
    if (n <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
}

[[noreturn]] void work(shared_state& state, unsigned me, int out, std::uint64_t last, bool inside, bool until_found) {
  while (!state.stop) {
    const auto seed = state.next.fetch_add(1);
    if (seed > last) break;
    state.running[me] = seed + 1;
    world w({seed, inside, false});
    auto what = w.run();
    state.running[me] = 0;
    state.add(w.figures());
    if (what.empty()) continue;
    std::replace(what.begin(), what.end(), '\n', ' ');
    write_all(out, std::to_string(seed) + " " + what + "\n");
    if (until_found) state.stop = true;
  }
  ::_exit(0);
}

pid_t start_worker(shared_state& state, unsigned me, const int (&pipe)[2], std::uint64_t last, bool inside, bool until_found) {
  std::fflush(nullptr);
  const auto pid = ::fork();
  if (pid != 0) return pid;
  ::close(pipe[0]);
  work(state, me, pipe[1], last, inside, until_found);
}

void take_line(std::string_view line, tally& t) {
  const auto space = line.find(' ');
  if (const auto seed = number(line.substr(0, space)); seed && space != line.npos) t.failures.push_back({*seed, std::string(line.substr(space + 1))});
}

}  // namespace

result<seed_range> parse_range(const std::string& text) {
  const auto dots = text.find("..");
  const auto first = number(std::string_view(text).substr(0, dots));
  const auto last = dots == text.npos ? first : number(std::string_view(text).substr(dots + 2));
  if (!first || !last || *first > *last) return fail(errc::invalid_argument, "'" + text + "' is no range of seeds: write 1..1000, or 17");
  return seed_range{*first, *last};
}

tally run_seeds(const seed_range& range, unsigned jobs, bool inside, bool until_found) {
  jobs = std::clamp(jobs, 1u, jobs_max);
  auto* memory = ::mmap(nullptr, sizeof(shared_state), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  int pipe[2];
  tally t;
  if (memory == MAP_FAILED || ::pipe(pipe) != 0) {
    t.failures.push_back({0, "no memory or no pipe for the workers"});
    return t;
  }
  auto& state = *new (memory) shared_state;
  state.next = range.first;
  const auto began = std::chrono::steady_clock::now();
  std::vector<pid_t> workers(jobs);
  for (unsigned i = 0; i < jobs; ++i) workers[i] = start_worker(state, i, pipe, range.last, inside, until_found);

  std::string text;
  const auto read_some = [&](int wait) {
    pollfd ready{pipe[0], POLLIN, 0};
    char buffer[4096];
    if (::poll(&ready, 1, wait) <= 0) return false;
    const auto n = ::read(pipe[0], buffer, sizeof buffer);
    if (n > 0) text.append(buffer, static_cast<std::size_t>(n));
    return n > 0;
  };
  for (std::size_t alive = jobs; alive > 0;) {
    static_cast<void>(read_some(20));
    for (unsigned i = 0; i < jobs; ++i) {
      int status = 0;
      if (workers[i] == 0 || ::waitpid(workers[i], &status, WNOHANG) != workers[i]) continue;
      workers[i] = 0;
      --alive;
      if (WIFEXITED(status) && WEXITSTATUS(status) == 0) continue;
      const auto seed = state.running[i].exchange(0);
      if (seed != 0) t.failures.push_back({seed - 1, "the process died of " + (WIFSIGNALED(status) ? "signal " + std::to_string(WTERMSIG(status)) : "exit status " + std::to_string(WEXITSTATUS(status)))});
      if (until_found) state.stop = true;
      if (seed == 0 || state.stop) continue;
      workers[i] = start_worker(state, i, pipe, range.last, inside, until_found);
      ++alive;
    }
  }
  while (read_some(0)) {}
  for (std::size_t at = 0, end; (end = text.find('\n', at)) != text.npos; at = end + 1) take_line(std::string_view(text).substr(at, end - at), t);
  t.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  t.went_through = state.averages();
  t.seeds = std::min(state.next.load(), range.last + 1) - range.first;
  std::sort(t.failures.begin(), t.failures.end(), [](const auto& a, const auto& b) { return a.seed < b.seed; });
  ::close(pipe[0]);
  ::close(pipe[1]);
  ::munmap(memory, sizeof(shared_state));
  return t;
}

result<std::uint64_t> campaign_record::resume(const seed_range& range, const std::string& commit) const {
  std::ifstream in(file_);
  if (!in) return range.first;
  std::string line;
  if (!std::getline(in, line) || line != heading) return fail(errc::corruption, file_.string() + " is no record of a campaign: its first line should be " + heading);
  auto next = range.first;
  while (std::getline(in, line)) {
    const auto a = line.find(','), b = line.find(',', a + 1), c = line.find(',', b + 1);
    if (c == line.npos) return fail(errc::corruption, file_.string() + ": '" + line + "' should be " + heading);
    const auto first = number(std::string_view(line).substr(a + 1, b - a - 1)), last = number(std::string_view(line).substr(b + 1, c - b - 1));
    if (!first || !last) return fail(errc::corruption, file_.string() + ": '" + line + "' should be " + heading);
    if (line.substr(0, a) == commit && *first <= next && *last >= next) next = *last + 1;
  }
  return next;
}

result<void> campaign_record::append(const std::string& commit, const seed_range& part, const tally& t) const {
  const bool fresh = !std::filesystem::exists(file_);
  std::ofstream out(file_, std::ios::app);
  char seconds[32];
  std::snprintf(seconds, sizeof seconds, "%.1f", t.seconds);
  if (fresh) out << heading << '\n';
  out << commit << ',' << part.first << ',' << part.last << ',' << t.failures.size() << ',' << seconds << '\n';
  out.flush();
  if (!out) return fail(errc::io, file_.string() + " cannot be written");
  return {};
}

std::string commit_of(const std::string& folder) {
  const auto output_of = [&](const std::string& command) {
    std::string out;
    if (auto* p = ::popen(("git -C '" + folder + "' " + command + " 2>/dev/null").c_str(), "r")) {
      char buffer[256];
      while (const auto n = std::fread(buffer, 1, sizeof buffer, p)) out.append(buffer, n);
      ::pclose(p);
    }
    return out;
  };
  auto commit = output_of("rev-parse --short=12 HEAD");
  while (!commit.empty() && commit.back() == '\n') commit.pop_back();
  if (commit.empty()) return "unknown";
  // Records and documents may differ: they are written while campaigns run.
  return output_of("status --porcelain --untracked-files=no -- cluster config ledger tests/sim").empty() ? commit : commit + "+";
}

}  // namespace weft::sim
