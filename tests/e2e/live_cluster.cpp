#include "tests/e2e/live_cluster.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <set>

namespace weft::live {

namespace {

constexpr std::size_t spans_kept = 10'000;
const std::vector<std::string> peers{"peer0.org1.example.com", "peer0.org2.example.com"};

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
  // Sanitizers make everything some times slower, so raft ticks as much slower there: a node that is silent for 20 ticks counts as frozen.
  const auto tick = std::to_string(10 * WEFT_TEST_PATIENCE) + "ms";
  return out + "channels:\n  - {name: mychannel, ordering: raft, raft: {tick_interval: " + tick + "}, contracts: [{name: kv, version: \"1.0\"}]}\nnodes:\n" + nodes;
}

/// How often each transaction of the chain is valid (never more than once), and how many copies were marked.
struct walked {
  std::map<std::string, std::uint64_t> valid;  ///< Id to block.
  std::size_t copies = 0;
};

walked walk(const driver& d, std::uint64_t height) {
  walked out;
  for (std::uint64_t n = 1; n < height; ++n) {
    const auto b = d.block(peers[0], n);
    const auto& codes = b.metadata(ledger::metadata_slot::transactions_filter);
    for (std::size_t i = 0; i < b.envelopes().size(); ++i) {
      const auto& h = b.envelopes()[i].header();
      if (!h) continue;
      if (codes.at(i) != 0) ++out.copies;
      else require(out.valid.emplace(h->tx_id, n).second, "transaction " + h->tx_id + " is valid twice");
    }
  }
  return out;
}

}  // namespace

const std::vector<std::string>& process_cluster::organizations() {
  static const std::vector<std::string> names{"org1", "org2"};
  return names;
}

process_cluster::process_cluster(std::string weft, fs::path folder, std::size_t orderers) : weft_(std::move(weft)), folder_(std::move(folder)) {
  const auto document = folder_ / "topology.yaml";
  std::ofstream(document) << topology(orderers, lane_.base());
  const auto command = "'" + weft_ + "' topology init '" + document.string() + "' --out '" + (folder_ / "nodes").string() + "' >/dev/null";
  require(std::system(command.c_str()) == 0, "weft topology init failed");
  for (std::size_t i = 0; i < orderers; ++i) orderers_.push_back("ord" + std::to_string(i));
  auto all = orderers_;
  all.insert(all.end(), organizations().begin(), organizations().end());
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
  for (const auto& org : organizations()) wait_for("the contracts", [&] { return at(org).status().channels(0).deployment().empty(); });
}

void process_cluster::start(const std::string& name) {
  std::mutex alone;
  start(name, alone);
}

void process_cluster::start(const std::string& name, std::mutex& mutex) {
  const char* level = std::getenv("WEFT_LIVE_LOG");
  auto p = std::make_unique<process>(weft_, std::vector<std::string>{"node", name, "--dir", (folder_ / "nodes").string(), "--json", "--log", level ? level : "error"});
  std::lock_guard lock(mutex);
  processes_[name] = std::move(p);
}

control::OrdererHeight process_cluster::view(const std::string& name) const {
  const auto status = at(name).status();
  return status.channels_size() > 0 && status.channels(0).orderers_size() > 0 ? status.channels(0).orderers(0) : control::OrdererHeight();
}

std::string process_cluster::whole_leader() const {
  // A leader that was just thawed takes itself for one until it hears of the next, and followers may not be linked with each other yet: a fault now would
  // be two.
  std::string leader;
  bool whole = true;
  std::set<std::pair<std::uint64_t, std::uint64_t>> believed;  // term and id
  for (const auto& name : orderers_) {
    const auto v = view(name);
    const bool leads = v.raft().role() == "leader";
    believed.emplace(v.raft().term(), v.raft().leader());
    for (const auto& m : v.raft().members()) whole = whole && m.reachable() && (!leads || m.match() + 1 >= v.raft().committed());
    if (leads) leader = name;
  }
  return whole && believed.size() == 1 ? leader : std::string();
}

load::load(const process_cluster& c, options o) : options_(o) {
  for (std::size_t i = 0; i < clients; ++i) {
    threads_.emplace_back([this, i, gateway = c.at(process_cluster::organizations()[i % 2]).gateway(1 + i % 2)] { put(gateway, i); });
  }
}

void load::stop() {
  over_ = true;
  for (auto& t : threads_) {
    if (t.joinable()) t.join();
  }
}

std::optional<double> load::first_after(steady::time_point fault) {
  std::lock_guard lock(mutex_);
  std::optional<double> out;
  for (auto it = spans_.rbegin(); it != spans_.rend() && it->second >= fault; ++it) {
    if (it->first < fault) continue;
    out = std::chrono::duration<double, std::milli>(it->second - fault).count();
  }
  return out;
}

std::size_t load::done() {
  std::lock_guard lock(mutex_);
  return all_.size();
}

std::string load::failure() {
  std::lock_guard lock(mutex_);
  return failure_;
}

std::vector<load::trouble> load::take_troubles() {
  std::lock_guard lock(mutex_);
  return std::exchange(troubles_, {});
}

void load::keep(steady::time_point begin, std::string what) {
  std::lock_guard lock(mutex_);
  if (failure_.empty()) failure_ = what;
  troubles_.push_back({begin, std::move(what)});
}

void load::put(const edge::gateway_client& gateway, std::size_t client) {
  for (std::size_t i = 0; !over_; ++i) {
    if (i > 0) pause(options_.between);
    const auto key = "c" + std::to_string(client) + "k" + std::to_string(i), value = "value of " + key;
    const auto begin = steady::now();
    const auto failed = [&](const edge::call_failure& f) {
      auto what = std::string(edge::to_string(f.at)) + " of " + key + ": " + f.status.message;
      for (const auto& d : f.status.details) what += "; " + d.address + ": " + d.message;
      keep(begin, std::move(what));
      if (options_.after_errors) pause(milliseconds(50));
      return options_.after_errors;
    };
    const auto tx = gateway.endorse({"mychannel", "kv", {"put", key, value}, {}, false});
    if (!tx) {
      if (failed(tx.error())) continue;
      return;
    }
    if (const auto sent = gateway.submit(*tx); !sent) {
      if (failed(sent.error())) continue;
      return;
    }
    const auto committed = gateway.commit_status(tx->channel, tx->tx_id);
    if (!committed) {
      if (failed(committed.error())) continue;
      return;
    }
    if (committed->code != 0) keep(begin, key + " got code " + std::to_string(committed->code));
    const auto end = steady::now();
    std::lock_guard lock(mutex_);
    all_.push_back({tx->tx_id, key, value, committed->block});
    spans_.emplace_back(begin, end);
    if (spans_.size() > 2 * spans_kept) spans_.erase(spans_.begin(), spans_.end() - spans_kept);
    longest_ = std::max(longest_, std::chrono::duration<double, std::milli>(end - begin).count());
  }
}

void check(const process_cluster& c, const std::vector<acknowledged>& all, std::size_t read_back) {
  wait_for("orderers and peers have the same chain", [&] {
    const auto newest = c.view("ord0");
    bool same = newest.height() > 0;
    for (const auto& name : c.orderers()) {
      const auto v = c.view(name);
      same = same && v.height() == newest.height() && v.block_hash() == newest.block_hash();
    }
    for (const auto& org : process_cluster::organizations()) {
      const auto status = c.at(org).status();
      same = same && status.channels(0).peers(0).height() == newest.height() && status.channels(0).peers(0).block_hash() == newest.block_hash();
    }
    return same;
  });
  const auto one = c.at("org1"), two = c.at("org2");
  const auto sum = check_chain(one, peers[0]);
  require(sum == check_chain(two, peers[1]), "the peers' chains differ");
  const auto chain = walk(one, std::stoull(sum));
  for (const auto& tx : all) {
    const auto at = chain.valid.find(tx.tx_id);
    require(at != chain.valid.end(), "transaction " + tx.tx_id + " is lost");
    require(at->second == tx.block, "transaction " + tx.tx_id + " is in block " + std::to_string(at->second) + ", reported was " + std::to_string(tx.block));
  }
  std::vector<acknowledged> some;
  const auto step = std::max<std::size_t>(1, all.size() / std::max<std::size_t>(1, read_back));
  for (std::size_t i = 0; i < all.size(); i += step) some.push_back(all[i]);
  std::vector<edge::gateway_client> readers;
  readers.push_back(two.gateway(2, peers[1]));
  check_acknowledged(one, readers, some, 0);
  std::printf("%zu transactions acknowledged, each valid once, %zu of them read back; %zu second copies marked; all chains the same\n", all.size(),
              some.size(), chain.copies);
}

int run_in_scratch(int argc, char** argv, const std::string& program,
                   void (*run)(const std::string& weft, const fs::path& folder, std::size_t orderers)) {
  const auto orderers = argc == 3 ? std::strtoul(argv[2], nullptr, 10) : 0;
  if (orderers < 3 || orderers > 9) {
    std::fprintf(stderr, "usage: %s WEFT ORDERERS   (3 to 9)\n", program.c_str());
    return 2;
  }
  auto scratch = (fs::temp_directory_path() / (program + "-XXXXXX")).string();
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

double quantile(std::vector<double> xs, double q) {
  if (xs.empty()) return 0;
  std::sort(xs.begin(), xs.end());
  return xs[std::min(xs.size() - 1, static_cast<std::size_t>(q * static_cast<double>(xs.size())))];
}

}  // namespace weft::live
