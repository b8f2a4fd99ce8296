// Kills a network with SIGKILL at random moments under load, starts it again, and checks that nothing acknowledged was lost.
//   weft_e2e_crash WEFT
// WEFT_CRASH_ROUNDS (5), WEFT_CRASH_SEED (1), WEFT_CRASH_DIR (a scratch folder; a given one is kept and goes on).
#include <poll.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <thread>

#include "tests/e2e/live_network.hpp"

namespace {

using namespace weft;
using namespace weft::live;

constexpr std::size_t clients = 4;
const std::vector<std::string> peers{"peer0.org1.example.com", "peer0.org2.example.com"};

std::unique_ptr<process> start(const std::string& weft, const fs::path& folder) {
  return std::make_unique<process>(weft, std::vector<std::string>{"up", "--json", "--dir", folder.string()});
}

/// Puts keys of its own until the network dies; remembers what was reported committed.
void put_until_death(const driver& d, const std::string& prefix, std::size_t org, std::mutex& mutex, std::vector<acknowledged>& done) {
  const auto gateway = d.gateway(org);
  for (std::size_t i = 0;; ++i) {
    const auto key = prefix + std::to_string(i), value = "value of " + key;
    const auto tx = gateway.endorse({"mychannel", "kv", {"put", key, value}, {}, false});
    if (!tx || !gateway.submit(*tx)) return;
    const auto committed = gateway.commit_status(tx->channel, tx->tx_id);
    if (!committed) return;
    require(committed->code == 0, "transaction " + tx->tx_id + " got code " + std::to_string(committed->code));
    std::lock_guard lock(mutex);
    done.push_back({tx->tx_id, key, value, committed->block});
  }
}

void wait_until_equal(const driver& d) {
  // A peer commits what the other has within moments; the chains are compared at equal height.
  for (int attempt = 0; attempt < 200; ++attempt) {
    const auto status = d.status();
    const auto& channel = status.channels(0);
    bool equal = true;
    for (const auto& p : channel.peers()) equal &= p.height() == channel.orderers(0).height();
    if (equal) return;
    ::poll(nullptr, 0, 20);
  }
  give_up("the peers do not reach the orderer's height");
}

std::string check_all(const fs::path& folder, const std::vector<acknowledged>& all, std::size_t from) {
  const driver d(folder);
  wait_until_equal(d);
  const auto first = check_chain(d, peers[0]);
  require(first == check_chain(d, peers[1]), "the peers' chains differ");
  std::vector<edge::gateway_client> readers;
  for (std::size_t i = 0; i < peers.size(); ++i) readers.push_back(d.gateway(i + 1, peers[i]));
  check_acknowledged(d, readers, all, from);
  return first;
}

void run(const std::string& weft, const fs::path& folder) {
  const auto rounds = number_from("WEFT_CRASH_ROUNDS", 5), seed = number_from("WEFT_CRASH_SEED", 1);
  seeded_random random(seed);
  std::vector<acknowledged> all;
  std::size_t checked = 0;
  for (std::uint64_t round = 1; round <= rounds; ++round) {
    const auto network = start(weft, folder);
    check_all(folder, all, checked);
    const auto before = checked = all.size();
    const driver d(folder);
    std::mutex mutex;
    std::string failure;
    std::vector<std::thread> threads;
    for (std::size_t c = 0; c < clients; ++c) {
      threads.emplace_back([&, c] {
        try {
          put_until_death(d, "s" + std::to_string(seed) + "r" + std::to_string(round) + "c" + std::to_string(c) + "k", 1 + c % peers.size(), mutex, all);
        } catch (const std::exception& e) {
          std::lock_guard lock(mutex);
          failure = e.what();
        }
      });
    }
    const auto after_ms = 50 + random.below(700);
    ::poll(nullptr, 0, static_cast<int>(after_ms));
    network->kill();
    for (auto& t : threads) t.join();
    require(failure.empty(), failure);
    std::printf("round %llu: killed after %llu ms, %zu transactions acknowledged\n", static_cast<unsigned long long>(round),
                static_cast<unsigned long long>(after_ms), all.size() - before);
    std::fflush(stdout);
  }
  std::string sum;
  {
    const auto network = start(weft, folder);
    sum = check_all(folder, all, 0);
    network->stop();
  }
  for (const auto& peer : peers) fs::remove_all(folder / "data" / peer / "mychannel" / "state");
  const auto network = start(weft, folder);
  require(check_all(folder, all, 0) == sum, "state rebuilt from the blocks differs from the state before");
  network->stop();
  std::printf("%zu acknowledged transactions, all there; chains whole; state equals its replay\n", all.size());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: weft_e2e_crash WEFT\n");
    return 2;
  }
  const char* given = std::getenv("WEFT_CRASH_DIR");
  auto scratch = (fs::temp_directory_path() / "weft-crash-XXXXXX").string();
  if (!given && ::mkdtemp(scratch.data()) == nullptr) return 1;
  const fs::path folder = given ? fs::path(given) : fs::path(scratch) / "net";
  try {
    run(fs::absolute(argv[1]), folder);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "FAILED: %s (folder kept: %s)\n", e.what(), folder.c_str());
    return 1;
  }
  if (!given) fs::remove_all(scratch);
  return 0;
}
