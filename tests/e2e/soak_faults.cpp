// A cluster of processes under a steady load, with a random fault every second: nodes die and freeze, roles inside them die. In the end nothing
// acknowledged may be lost, nothing valid twice, and all chains must be the same; memory is written down all the way.
//   weft_e2e_soak WEFT ORDERERS
// WEFT_SOAK_SECONDS (20), WEFT_SOAK_SEED (1), WEFT_SOAK_OUT (a folder for memory.csv, memory.svg and faults.csv; nothing is written without it).
//
// Minutes alternate. In the first, third, … only orderers are struck: no client may see an error. In the others peers are struck as well, where a
// client whose node dies has to see one. Nodes ord0 and org1 are frozen and lose roles, but their processes live from the first second to the last:
// theirs are the lines of memory to look at.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "config/base/random.hpp"
#include "tests/e2e/live_cluster.hpp"
#include "tests/e2e/memory_chart.hpp"

namespace {

using namespace weft;
using namespace weft::live;
using std::chrono::seconds;

constexpr auto phase = seconds(60), settling = seconds(10), between_samples = seconds(5);

struct tally {
  std::map<std::string, std::size_t> faults;
  std::size_t client_errors = 0;
  std::string last_error;
};

class soak {
 public:
  soak(process_cluster& c, load& l, std::uint64_t seed, fs::path out) : cluster_(c), load_(l), random_(seed), out_(std::move(out)) {
    if (out_.empty()) return;
    fs::create_directories(out_);
    faults_.open(out_ / "faults.csv");
    faults_ << "second,fault\n";
  }

  void run(seconds length) {
    begin_ = steady::now();
    auto sample_at = begin_;
    for (auto next = begin_; next < begin_ + length; next = std::max(next + seconds(1), steady::now())) {
      pause(std::chrono::duration_cast<milliseconds>(next - steady::now()));
      const bool peers_too = (next - begin_) / phase % 2 == 1;
      strike(peers_too);
      look_at_clients();
      if (steady::now() < sample_at) continue;
      sample();
      sample_at = steady::now() + between_samples;
    }
  }

  /// Clients may be in trouble for what peers' nodes went through, and for some time after; never in the minutes of orderers.
  void look_at_clients() {
    for (const auto& t : load_.take_troubles()) {
      ++sum_.client_errors;
      sum_.last_error = t.what;
      const auto since = t.begin - begin_;
      const bool settled = since / phase % 2 == 0 && (since < phase || since % phase > settling);
      require(!settled, "a client saw an error in second " + std::to_string(std::chrono::duration_cast<seconds>(since).count()) +
                            ", when only orderers were struck: " + t.what);
    }
  }

  void sample() {
    memory_sample s{std::chrono::duration<double>(steady::now() - begin_).count(), {}};
    for (const auto& name : nodes()) s.mib[name] = cluster_.of(name).resident_mib();
    samples_.push_back(std::move(s));
  }

  [[nodiscard]] const tally& sum() const { return sum_; }
  [[nodiscard]] const std::vector<memory_sample>& samples() const { return samples_; }

 private:
  [[nodiscard]] std::vector<std::string> nodes() const {
    auto all = cluster_.orderers();
    all.insert(all.end(), process_cluster::organizations().begin(), process_cluster::organizations().end());
    return all;
  }
  template <class T>
  const T& any(const std::vector<T>& of) {
    return of[random_.below(of.size())];
  }

  void strike(bool peers_too) {
    const auto& name = peers_too && random_.below(3) == 0 ? any(process_cluster::organizations()) : any(cluster_.orderers());
    const bool witness = name == "ord0" || name == "org1";
    const auto kind = random_.below(3);
    if (kind == 0 && !witness) return kill_node(name);
    if (kind == 1) return freeze(name, milliseconds(20 + random_.below(700)));
    kill_role(name);
  }
  void kill_node(const std::string& name) {
    note("kill " + name, "killed nodes");
    cluster_.of(name).kill();
    pause(milliseconds(random_.below(400)));
    cluster_.start(name);
  }
  void freeze(const std::string& name, milliseconds time) {
    note("freeze " + name + " " + std::to_string(time.count()) + " ms", "frozen nodes");
    cluster_.of(name).freeze();
    pause(time);
    cluster_.of(name).thaw();
  }
  void kill_role(const std::string& name) {
    const auto node = cluster_.at(name);
    const auto status = node.status();
    if (status.roles_size() == 0) return;
    const auto role = status.roles(static_cast<int>(random_.below(static_cast<std::uint64_t>(status.roles_size())))).name();
    control::KillRoleRequest request;
    request.set_role(role);
    note("kill " + name + ": " + role, "killed roles");
    node.ask<control::KillRoleResponse>("KillRole", request);
  }
  void note(const std::string& what, const std::string& kind) {
    ++sum_.faults[kind];
    if (faults_.is_open()) faults_ << std::chrono::duration_cast<milliseconds>(steady::now() - begin_).count() / 1000.0 << "," << what << std::endl;
  }

  process_cluster& cluster_;
  load& load_;
  seeded_random random_;
  fs::path out_;
  std::ofstream faults_;
  steady::time_point begin_;
  std::vector<memory_sample> samples_;
  tally sum_;
};

void write_down(const fs::path& out, const std::vector<memory_sample>& samples, const std::string& title) {
  if (out.empty() || samples.empty()) return;
  std::ofstream csv(out / "memory.csv");
  csv << "second";
  for (const auto& [name, mib] : samples.front().mib) csv << ',' << name;
  csv << '\n';
  for (const auto& s : samples) {
    csv << s.second;
    for (const auto& [name, mib] : s.mib) csv << ',' << mib;
    csv << '\n';
  }
  std::ofstream(out / "memory.svg") << memory_chart(title, samples);
}

/// The middle of what a node held in a part of the time, from 0 to 1.
double held(const std::vector<memory_sample>& samples, const std::string& name, double from, double to) {
  std::vector<double> mib;
  const auto n = static_cast<double>(samples.size());
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (static_cast<double>(i) >= from * n && static_cast<double>(i) < to * n) mib.push_back(samples[i].mib.at(name));
  }
  return quantile(std::move(mib), 0.5);
}

void run(const std::string& weft, const fs::path& folder, std::size_t orderers) {
  const seconds length(number_from("WEFT_SOAK_SECONDS", 20));
  const auto seed = number_from("WEFT_SOAK_SEED", 1);
  const char* given = std::getenv("WEFT_SOAK_OUT");
  const fs::path out = given ? given : "";
  process_cluster c(weft, folder, orderers);
  load l(c, {milliseconds(30), true});
  soak s(c, l, seed, out);
  const auto finish = [&] { write_down(out, s.samples(), std::to_string(orderers) + " orderers and 2 peers, a fault every second, seed " + std::to_string(seed)); };
  try {
    s.run(length);
  } catch (...) {
    finish();
    throw;
  }
  wait_for("a leader that sees everybody", [&] { return !c.whole_leader().empty(); });
  l.stop();
  s.look_at_clients();
  s.sample();
  finish();
  check(c, l.all(), 2'000);
  std::size_t faults = 0;
  for (const auto& [kind, n] : s.sum().faults) {
    std::printf("%s: %zu\n", kind.c_str(), n);
    faults += n;
  }
  std::printf("%zu faults in %lld s; %zu clients saw %zu errors, all while peers were struck too%s%s; the longest transaction took %.0f ms\n", faults,
              static_cast<long long>(length.count()), load::clients, s.sum().client_errors, s.sum().last_error.empty() ? "" : ", the last one: ",
              s.sum().last_error.c_str(), l.longest_ms());
  constexpr std::size_t enough = 30;
  for (const char* name : {"ord0", "org1"}) {
    if (s.samples().size() < enough) break;
    std::printf("%s held %.1f MiB in the second tenth of the time, %.1f in the last\n", name, held(s.samples(), name, 0.1, 0.2), held(s.samples(), name, 0.9, 1));
  }
}

}  // namespace

int main(int argc, char** argv) { return run_in_scratch(argc, argv, "weft_e2e_soak", run); }
