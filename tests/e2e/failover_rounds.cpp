// A cluster of processes under load whose leader dies (SIGKILL) or freezes (SIGSTOP), round by round: how long until transactions commit again, and
// whether any client noticed, anything acknowledged was lost, or anything became valid twice.
//   weft_e2e_failover WEFT ORDERERS
// WEFT_FAILOVER_ROUNDS (5, of each kind), WEFT_FAILOVER_FAULTS (both; kill or freeze).
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <optional>
#include <thread>

#include "tests/e2e/live_network.hpp"

namespace {

using namespace weft;
using namespace weft::live;
using steady = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::size_t clients = 4;
const std::vector<std::string> peers{"peer0.org1.example.com", "peer0.org2.example.com"};

/// Until `holds`, for at most a minute.
template <class Condition>
void wait_for(const std::string& what, Condition holds) {
  for (int i = 0; i < 6000; ++i) {
    if (holds()) return;
    ::poll(nullptr, 0, 10);
  }
  give_up("still not so after a minute: " + what);
}

std::string topology(std::size_t orderers, unsigned port) {
  std::string hosts, nodes;
  const auto node = [&](const std::string& name, const std::string& member) {
    nodes += "  - {name: " + name + ", address: \"127.0.0.1:" + std::to_string(port++) + "\", members: [" + member + "]}\n";
  };
  for (std::size_t i = 0; i < orderers; ++i) {
    const auto n = std::to_string(i);
    hosts += (i ? ", orderer" : "orderer") + n;
    node("ord" + n, "orderer" + n + ".example.com");
  }
  for (const char* org : {"org1", "org2"}) node(org, "peer0." + std::string(org) + ".example.com");
  std::string out = "organizations:\n";
  for (const char* n : {"1", "2"}) {
    out += std::string("  - {name: Org") + n + ", msp_id: Org" + n + "MSP, domain: org" + n + ".example.com, kind: peer, hosts: [peer0], users: 1}\n";
  }
  out += "  - {name: Orderer, msp_id: OrdererMSP, domain: example.com, kind: orderer, hosts: [" + hosts + "]}\n";
  return out + "channels:\n  - {name: mychannel, ordering: raft, contracts: [{name: kv, version: \"1.0\"}]}\nnodes:\n" + nodes;
}

class cluster {
 public:
  cluster(std::string weft, fs::path folder, std::size_t orderers) : weft_(std::move(weft)), folder_(std::move(folder)) {
    const auto document = folder_ / "topology.yaml";
    std::ofstream(document) << topology(orderers, 20'000 + static_cast<unsigned>(::getpid()) * 11 % 20'000);
    const auto command = "'" + weft_ + "' topology init '" + document.string() + "' --out '" + (folder_ / "nodes").string() + "' >/dev/null";
    require(std::system(command.c_str()) == 0, "weft topology init failed");
    for (std::size_t i = 0; i < orderers; ++i) names_.push_back("ord" + std::to_string(i));
    auto all = names_;
    all.insert(all.end(), {"org1", "org2"});
    std::mutex mutex;
    std::string failure;
    std::vector<std::thread> starts;
    for (const auto& name : all) {
      starts.emplace_back([&, name] {
        try {
          start(name, mutex);
        } catch (const std::exception& e) {
          std::lock_guard lock(mutex);
          failure = name + ": " + e.what();
        }
      });
    }
    for (auto& t : starts) t.join();
    require(failure.empty(), failure);
  }
  void start(const std::string& name) {
    std::mutex alone;
    start(name, alone);
  }
  process& of(const std::string& name) { return *processes_.at(name); }
  [[nodiscard]] const std::vector<std::string>& orderers() const { return names_; }
  [[nodiscard]] driver at(const std::string& name) const { return driver(folder_ / "nodes" / name, folder_ / "nodes" / "operator"); }
  /// What that orderer knows of its group and its chain.
  [[nodiscard]] control::OrdererHeight view(const std::string& name) const {
    const auto status = at(name).status();
    return status.channels_size() > 0 && status.channels(0).orderers_size() > 0 ? status.channels(0).orderers(0) : control::OrdererHeight();
  }
  /// The node of the leader that sees everybody; empty while there is none.
  [[nodiscard]] std::string whole_leader() const {
    for (const auto& name : names_) {
      const auto v = view(name);
      bool whole = v.raft().role() == "leader";
      for (const auto& m : v.raft().members()) whole = whole && m.reachable() && m.match() + 1 >= v.raft().committed();
      if (whole) return name;
    }
    return {};
  }

 private:
  void start(const std::string& name, std::mutex& mutex) {
    auto p = std::make_unique<process>(weft_, std::vector<std::string>{"node", name, "--dir", (folder_ / "nodes").string(), "--json", "--log", "error"});
    std::lock_guard lock(mutex);
    processes_[name] = std::move(p);
  }
  std::string weft_;
  fs::path folder_;
  std::vector<std::string> names_;
  std::map<std::string, std::unique_ptr<process>> processes_;
};

/// Clients that put keys of their own until they are told to stop.
class load {
 public:
  explicit load(const cluster& c) {
    for (std::size_t i = 0; i < clients; ++i) {
      threads_.emplace_back([this, i, gateway = c.at(i % 2 ? "org2" : "org1").gateway(1 + i % 2)] { put(gateway, i); });
    }
  }
  ~load() { stop(); }
  void stop() {
    over_ = true;
    for (auto& t : threads_) {
      if (t.joinable()) t.join();
    }
  }
  /// From `fault` to the end of the first transaction that began after it; nothing while there is none.
  [[nodiscard]] std::optional<double> first_after(steady::time_point fault) {
    std::lock_guard lock(mutex_);
    std::optional<double> out;
    for (auto it = spans_.rbegin(); it != spans_.rend() && it->second >= fault; ++it) {
      if (it->first < fault) continue;
      out = std::chrono::duration<double, std::milli>(it->second - fault).count();
    }
    return out;
  }
  [[nodiscard]] std::size_t done() {
    std::lock_guard lock(mutex_);
    return all_.size();
  }
  [[nodiscard]] std::string failure() {
    std::lock_guard lock(mutex_);
    return failure_;
  }
  [[nodiscard]] const std::vector<acknowledged>& all() const { return all_; }
  [[nodiscard]] double longest_ms() const { return longest_; }

 private:
  void put(const edge::gateway_client& gateway, std::size_t client) {
    for (std::size_t i = 0; !over_; ++i) {
      const auto key = "c" + std::to_string(client) + "k" + std::to_string(i), value = "value of " + key;
      const auto begin = steady::now();
      const auto fail = [&](const edge::call_failure& f) {
        std::lock_guard lock(mutex_);
        failure_ = std::string(edge::to_string(f.at)) + " of " + key + ": " + f.status.message;
        for (const auto& d : f.status.details) failure_ += "; " + d.address + ": " + d.message;
      };
      const auto tx = gateway.endorse({"mychannel", "kv", {"put", key, value}, {}, false});
      if (!tx) return fail(tx.error());
      if (const auto sent = gateway.submit(*tx); !sent) return fail(sent.error());
      const auto committed = gateway.commit_status(tx->channel, tx->tx_id);
      if (!committed) return fail(committed.error());
      const auto end = steady::now();
      std::lock_guard lock(mutex_);
      if (committed->code != 0) failure_ = key + " got code " + std::to_string(committed->code);
      all_.push_back({tx->tx_id, key, value, committed->block});
      spans_.emplace_back(begin, end);
      longest_ = std::max(longest_, std::chrono::duration<double, std::milli>(end - begin).count());
    }
  }
  std::atomic<bool> over_{false};
  std::mutex mutex_;
  std::string failure_;
  std::vector<acknowledged> all_;
  std::vector<std::pair<steady::time_point, steady::time_point>> spans_;
  double longest_ = 0;
  std::vector<std::thread> threads_;
};

double quantile(std::vector<double> xs, double q) {
  if (xs.empty()) return 0;
  std::sort(xs.begin(), xs.end());
  return xs[std::min(xs.size() - 1, static_cast<std::size_t>(q * static_cast<double>(xs.size())))];
}

double one_round(cluster& c, load& l, bool freeze) {
  std::string leader;
  wait_for("a leader that sees everybody", [&] { return !(leader = c.whole_leader()).empty() || !l.failure().empty(); });
  require(l.failure().empty(), "a client saw an error: " + l.failure());
  const auto fault = steady::now();
  if (freeze) c.of(leader).freeze(); else c.of(leader).kill();
  std::optional<double> took;
  wait_for("a transaction after the fault", [&] { return (took = l.first_after(fault)).has_value() || !l.failure().empty(); });
  require(l.failure().empty(), "a client saw an error: " + l.failure());
  const auto before = l.done();
  wait_for("load goes on", [&] { return l.done() >= before + 20 || !l.failure().empty(); });
  if (freeze) c.of(leader).thaw(); else c.start(leader);
  std::printf("%s %s: %.0f ms to the next transaction\n", leader.c_str(), freeze ? "frozen" : "killed", *took);
  std::fflush(stdout);
  return *took;
}

/// Every chain is the same, and everything that clients were told stands in it, once.
void check(const cluster& c, const std::vector<acknowledged>& all) {
  wait_for("orderers and peers have the same chain", [&] {
    const auto newest = c.view("ord0");
    bool same = newest.height() > 0;
    for (const auto& name : c.orderers()) {
      const auto v = c.view(name);
      same = same && v.height() == newest.height() && v.block_hash() == newest.block_hash();
    }
    for (const char* org : {"org1", "org2"}) {
      const auto status = c.at(org).status();
      same = same && status.channels(0).peers(0).height() == newest.height() && status.channels(0).peers(0).block_hash() == newest.block_hash();
    }
    return same;
  });
  const auto one = c.at("org1"), two = c.at("org2");
  const auto sum = check_chain(one, peers[0]);
  require(sum == check_chain(two, peers[1]), "the peers' chains differ");
  std::vector<edge::gateway_client> readers;
  readers.push_back(two.gateway(2, peers[1]));
  check_acknowledged(one, readers, all, 0);
  std::map<std::string, unsigned> valid;
  std::size_t copies = 0;
  for (std::uint64_t n = 1, height = std::stoull(sum); n < height; ++n) {
    const auto b = one.block(peers[0], n);
    const auto& codes = b.metadata(ledger::metadata_slot::transactions_filter);
    for (std::size_t i = 0; i < b.envelopes().size(); ++i) {
      const auto& h = b.envelopes()[i].header();
      if (!h) continue;
      if (codes.at(i) == 0) require(++valid[h->tx_id] == 1, "transaction " + h->tx_id + " is valid twice"); else ++copies;
    }
  }
  for (const auto& tx : all) require(valid.count(tx.tx_id) == 1, "transaction " + tx.tx_id + " is lost");
  std::printf("%zu transactions acknowledged, each valid once; %zu second copies marked; all chains the same\n", all.size(), copies);
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
  cluster c(weft, folder, orderers);
  load l(c);
  std::vector<double> killed, frozen;
  for (std::uint64_t i = 0; i < rounds; ++i) {
    if (faults != "freeze") killed.push_back(one_round(c, l, false));
    if (faults != "kill") frozen.push_back(one_round(c, l, true));
  }
  wait_for("a leader that sees everybody", [&] { return !c.whole_leader().empty(); });
  l.stop();
  require(l.failure().empty(), "a client saw an error: " + l.failure());
  check(c, l.all());
  std::printf("%zu orderers, %zu clients; the longest transaction took %.0f ms\n", orderers, clients, l.longest_ms());
  report("leader killed", killed);
  report("leader frozen", frozen);
}

}  // namespace

int main(int argc, char** argv) {
  const auto orderers = argc == 3 ? std::strtoul(argv[2], nullptr, 10) : 0;
  if (orderers < 3 || orderers > 9) {
    std::fprintf(stderr, "usage: weft_e2e_failover WEFT ORDERERS   (3 to 9)\n");
    return 2;
  }
  auto scratch = (fs::temp_directory_path() / "weft-failover-XXXXXX").string();
  if (::mkdtemp(scratch.data()) == nullptr) return 1;
  try {
    run(fs::absolute(argv[1]), scratch, orderers);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "FAILED: %s (folder kept: %s)\n", e.what(), scratch.c_str());
    return 1;
  }
  fs::remove_all(scratch);
  return 0;
}
