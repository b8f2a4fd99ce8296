// Kills a network with SIGKILL at random moments under load, starts it again, and checks that nothing acknowledged was lost.
//   weft_e2e_crash WEFT
// WEFT_CRASH_ROUNDS (5), WEFT_CRASH_SEED (1), WEFT_CRASH_DIR (a scratch folder; a given one is kept and goes on).
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "crypto/msp/folder.hpp"
#include "edge/client/gateway_client.hpp"
#include "edge/door.hpp"
#include "ledger/block/block.hpp"
#include "proto/encode.hpp"
#include "weft/control.pb.h"

namespace {

namespace fs = std::filesystem;
namespace control = ::weft::control;
using namespace weft;

constexpr std::size_t clients = 4;
constexpr int start_timeout_ms = 60'000;
const std::vector<std::string> peers{"peer0.org1.example.com", "peer0.org2.example.com"};

[[noreturn]] void give_up(const std::string& why) { throw std::runtime_error(why); }
void require(bool holds, const std::string& what) {
  if (!holds) give_up(what);
}

/// The real binary as a child.
class network_process {
 public:
  network_process(const std::string& weft, const fs::path& folder) {
    int ends[2];
    require(::pipe2(ends, O_CLOEXEC) == 0, "no pipe");
    pid_ = ::fork();
    require(pid_ >= 0, "no process");
    if (pid_ == 0) {
      ::dup2(ends[1], STDOUT_FILENO);
      ::execl(weft.c_str(), weft.c_str(), "up", "--json", "--dir", folder.c_str(), nullptr);
      ::_exit(127);
    }
    ::close(ends[1]);
    const auto line = read_line(ends[0]);
    ::close(ends[0]);
    if (line.find("ready_ms") == std::string::npos) {
      kill();
      give_up("the network did not become ready: " + line);
    }
  }
  ~network_process() { kill(); }
  network_process(const network_process&) = delete;
  network_process& operator=(const network_process&) = delete;

  void kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(std::exchange(pid_, 0), nullptr, 0);
  }
  void stop() {
    ::kill(pid_, SIGTERM);
    int status = 0;
    ::waitpid(std::exchange(pid_, 0), &status, 0);
    require(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the network did not stop cleanly");
  }

 private:
  static std::string read_line(int fd) {
    std::string line;
    for (char c = 0;;) {
      pollfd p{fd, POLLIN, 0};
      if (::poll(&p, 1, start_timeout_ms) <= 0 || ::read(fd, &c, 1) != 1 || c == '\n') return line;
      line.push_back(c);
    }
  }
  pid_t pid_ = 0;
};

struct acknowledged {
  std::string tx_id, key, value;
  std::uint64_t block = 0;
};

/// What a client knows how to do with the network in a folder.
class driver {
 public:
  explicit driver(fs::path folder) : folder_(std::move(folder)), connection_(edge::rpc_client::connect(edge::socket_address(folder_))) {}

  [[nodiscard]] edge::gateway_client gateway(std::size_t org, const std::string& peer = {}) const {
    const auto n = std::to_string(org);
    const auto msp = folder_ / "crypto/peerOrganizations" / ("org" + n + ".example.com") / "users" / ("User1@org" + n + ".example.com") / "msp";
    auto who = crypto::read_signing_identity(msp, "Org" + n + "MSP");
    require(who.has_value(), "no identity in " + msp.string());
    std::map<std::string, std::string> metadata;
    if (!peer.empty()) metadata["weft-peer"] = peer;
    return {edge::rpc_client::connect(edge::socket_address(folder_)), std::move(*who), std::make_shared<system_clock>(),
            std::make_shared<system_random>(), {}, std::move(metadata)};
  }
  template <class Response, class Request>
  Response ask(const std::string& method, const Request& request) const {
    const auto answer = connection_->call("/weft.control.Control/" + method, proto::encode(request), {std::chrono::seconds(30), {}});
    require(answer.status.ok(), method + ": " + answer.status.message);
    Response response;
    require(proto::decode(answer.response, response), method + ": malformed answer");
    return response;
  }

 private:
  fs::path folder_;
  std::shared_ptr<edge::rpc_client> connection_;
};

/// Every block of a peer follows from the one before, and holds what its header says.
std::string check_chain(const driver& d, const std::string& peer) {
  control::ChannelInfoRequest info_request;
  info_request.set_peer(peer);
  const auto info = d.ask<control::ChannelInfoResponse>("ChannelInfo", info_request);
  bytes previous;
  for (std::uint64_t n = 0; n < info.height(); ++n) {
    control::GetBlockRequest request;
    request.set_peer(peer);
    request.set_number(n);
    const auto response = d.ask<control::GetBlockResponse>("GetBlock", request);
    const auto b = ledger::block::parse(shared_bytes{response.block()});
    require(b.has_value(), peer + ": block " + std::to_string(n) + " does not parse");
    const auto links = ledger::check_links(*b, block_number{n}, previous);
    require(links.has_value(), peer + ": " + (links ? "" : links.error().context));
    previous = b->hash();
  }
  require(previous == info.current_block_hash(), peer + ": the newest block is not what the peer says");
  return std::to_string(info.height()) + " " + to_hex(info.commit_hash());
}

void check_acknowledged(const driver& d, const std::vector<acknowledged>& all, std::size_t from) {
  std::vector<edge::gateway_client> readers;
  for (std::size_t i = 0; i < peers.size(); ++i) readers.push_back(d.gateway(i + 1, peers[i]));
  for (std::size_t i = from; i < all.size(); ++i) {
    const auto& tx = all[i];
    control::GetTransactionRequest request;
    request.set_tx_id(tx.tx_id);
    const auto found = d.ask<control::GetTransactionResponse>("GetTransaction", request);
    require(found.validation_code() == 0 && found.block_number() == tx.block, "transaction " + tx.tx_id + " is not what was reported");
    for (const auto& reader : readers) {
      const auto value = reader.evaluate({"mychannel", "kv", {"get", tx.key}, {}, false});
      require(value.has_value(), "reading " + tx.key + ": " + (value ? "" : value.error().status.message));
      require(value->payload == tx.value, tx.key + " is '" + value->payload + "', acknowledged was '" + tx.value + "'");
    }
  }
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

std::uint64_t number_from(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text && *text ? std::strtoull(text, nullptr, 10) : otherwise;
}

void wait_until_equal(const driver& d) {
  // A peer commits what the other has within moments; the chains are compared at equal height.
  for (int attempt = 0; attempt < 200; ++attempt) {
    const auto status = d.ask<control::StatusResponse>("Status", control::StatusRequest());
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
  check_acknowledged(d, all, from);
  return first;
}

void run(const std::string& weft, const fs::path& folder) {
  const auto rounds = number_from("WEFT_CRASH_ROUNDS", 5), seed = number_from("WEFT_CRASH_SEED", 1);
  seeded_random random(seed);
  std::vector<acknowledged> all;
  std::size_t checked = 0;
  for (std::uint64_t round = 1; round <= rounds; ++round) {
    network_process network(weft, folder);
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
    network.kill();
    for (auto& t : threads) t.join();
    require(failure.empty(), failure);
    std::printf("round %llu: killed after %llu ms, %zu transactions acknowledged\n", static_cast<unsigned long long>(round),
                static_cast<unsigned long long>(after_ms), all.size() - before);
    std::fflush(stdout);
  }
  std::string sum;
  {
    network_process network(weft, folder);
    sum = check_all(folder, all, 0);
    network.stop();
  }
  for (const auto& peer : peers) fs::remove_all(folder / "data" / peer / "mychannel" / "state");
  network_process network(weft, folder);
  require(check_all(folder, all, 0) == sum, "state rebuilt from the blocks differs from the state before");
  network.stop();
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
