#include "tests/e2e/live_network.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <utility>

#include "crypto/msp/folder.hpp"

namespace weft::live {

namespace {

constexpr int start_timeout_ms = 60'000;

std::string read_line(int fd) {
  std::string line;
  for (char c = 0;;) {
    pollfd p{fd, POLLIN, 0};
    if (::poll(&p, 1, start_timeout_ms) <= 0 || ::read(fd, &c, 1) != 1 || c == '\n') return line;
    line.push_back(c);
  }
}

}  // namespace

void give_up(const std::string& why) { throw std::runtime_error(why); }
void require(bool holds, const std::string& what) {
  if (!holds) give_up(what);
}

std::uint64_t number_from(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text && *text ? std::strtoull(text, nullptr, 10) : otherwise;
}

void pause(std::chrono::milliseconds time) {
  if (time.count() > 0) ::poll(nullptr, 0, static_cast<int>(time.count()));
}

process::process(const std::string& weft, std::vector<std::string> arguments) {
  std::vector<char*> argv{const_cast<char*>(weft.c_str())};
  for (auto& a : arguments) argv.push_back(a.data());
  argv.push_back(nullptr);
  int ends[2];
  require(::pipe2(ends, O_CLOEXEC) == 0, "no pipe");
  pid_ = ::fork();
  require(pid_ >= 0, "no process");
  if (pid_ == 0) {
    ::dup2(ends[1], STDOUT_FILENO);
    ::execv(weft.c_str(), argv.data());
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

void process::kill() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(std::exchange(pid_, 0), nullptr, 0);
}

void process::freeze() { ::kill(pid_, SIGSTOP); }
void process::thaw() { ::kill(pid_, SIGCONT); }

double process::resident_mib() const {
  std::ifstream status("/proc/" + std::to_string(pid_) + "/statm");
  double pages = 0, resident = 0;
  status >> pages >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE)) / (1024 * 1024);
}

void process::stop() {
  ::kill(pid_, SIGTERM);
  int status = 0;
  ::waitpid(std::exchange(pid_, 0), &status, 0);
  require(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the network did not stop cleanly");
}

driver::driver(fs::path folder, fs::path users)
    : folder_(std::move(folder)), users_(users.empty() ? folder_ : std::move(users)), connection_(edge::rpc_client::connect(edge::socket_address(folder_))) {}

edge::gateway_client driver::gateway(std::size_t org, const std::string& peer) const {
  const auto n = std::to_string(org);
  const auto msp = users_ / "crypto/peerOrganizations" / ("org" + n + ".example.com") / "users" / ("User1@org" + n + ".example.com") / "msp";
  auto who = crypto::read_signing_identity(msp, "Org" + n + "MSP");
  require(who.has_value(), "no identity in " + msp.string());
  std::map<std::string, std::string> metadata;
  if (!peer.empty()) metadata["weft-peer"] = peer;
  return {edge::rpc_client::connect(edge::socket_address(folder_)), std::move(*who), std::make_shared<system_clock>(),
          std::make_shared<system_random>(), {}, std::move(metadata)};
}

ledger::block driver::block(const std::string& peer, std::uint64_t number) const {
  control::GetBlockRequest request;
  request.set_peer(peer);
  request.set_number(number);
  auto b = ledger::block::parse(shared_bytes{ask<control::GetBlockResponse>("GetBlock", request).block()});
  require(b.has_value(), peer + ": block " + std::to_string(number) + " does not parse");
  return std::move(*b);
}

std::string check_chain(const driver& d, const std::string& peer) {
  control::ChannelInfoRequest info_request;
  info_request.set_peer(peer);
  const auto info = d.ask<control::ChannelInfoResponse>("ChannelInfo", info_request);
  bytes previous;
  for (std::uint64_t n = 0; n < info.height(); ++n) {
    const auto b = d.block(peer, n);
    const auto links = ledger::check_links(b, block_number{n}, previous);
    require(links.has_value(), peer + ": " + (links ? "" : links.error().context));
    previous = b.hash();
  }
  require(previous == info.current_block_hash(), peer + ": the newest block is not what the peer says");
  return std::to_string(info.height()) + " " + to_hex(info.commit_hash());
}

void check_acknowledged(const driver& d, const std::vector<edge::gateway_client>& readers, const std::vector<acknowledged>& all, std::size_t from) {
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

}  // namespace weft::live
