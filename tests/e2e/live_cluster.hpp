// What the programs that break clusters of processes share: the cluster, clients that load it, and what must hold of it in the end.
#pragma once

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/e2e/live_network.hpp"
#include "tests/e2e/ports.hpp"

namespace weft::live {

using steady = std::chrono::steady_clock;
using std::chrono::milliseconds;

/// Until `holds`, for at most a minute: throws then.
template <class Condition>
void wait_for(const std::string& what, Condition holds) {
  for (int i = 0; i < 6000; ++i) {
    if (holds()) return;
    pause(milliseconds(10));
  }
  give_up("still not so after a minute: " + what);
}

/// Nodes ord0, ord1, … with an orderer each, org1 and org2 with a peer each; channel `mychannel`, ordered by raft, contract `kv`.
class process_cluster {
 public:
  process_cluster(std::string weft, fs::path folder, std::size_t orderers);
  /// Starts a node that is not running; it logs to standard error what WEFT_LIVE_LOG says (`error`). Throws when it is not ready within a minute.
  void start(const std::string& name);
  [[nodiscard]] process& of(const std::string& name) { return *processes_.at(name); }
  [[nodiscard]] const std::vector<std::string>& orderers() const { return orderers_; }
  [[nodiscard]] static const std::vector<std::string>& organizations();
  [[nodiscard]] driver at(const std::string& name) const { return driver(folder_ / "nodes" / name, folder_ / "nodes" / "operator"); }
  /// What that orderer knows of its group and its chain.
  [[nodiscard]] control::OrdererHeight view(const std::string& name) const;
  /// The node of the leader that everybody takes for it, when everybody sees everybody; empty otherwise. Views are some 100 ms old.
  [[nodiscard]] std::string whole_leader() const;

 private:
  void start(const std::string& name, std::mutex& mutex);
  std::string weft_;
  fs::path folder_;
  port_lane lane_;  ///< Outlives the processes.
  std::vector<std::string> orderers_;
  std::map<std::string, std::unique_ptr<process>> processes_;
};

/// Clients that put keys of their own, one after the other, until they are told to stop. Half of them at each organization's node.
class load {
 public:
  static constexpr std::size_t clients = 4;
  struct options {
    milliseconds between{0};    ///< Each client waits this long before its next transaction.
    bool after_errors = false;  ///< Go on after an error; without it a client's first error is the last thing it does.
  };
  struct trouble {
    steady::time_point begin;  ///< Of the transaction.
    std::string what;
  };
  explicit load(const process_cluster& c) : load(c, options{}) {}
  load(const process_cluster& c, options o);
  ~load() { stop(); }
  load(const load&) = delete;
  load& operator=(const load&) = delete;
  void stop();
  /// From `fault` to the end of the first transaction that began after it; nothing while there is none.
  [[nodiscard]] std::optional<double> first_after(steady::time_point fault);
  [[nodiscard]] std::size_t done();
  /// A client's first error; empty while there is none.
  [[nodiscard]] std::string failure();
  /// What went wrong since the last call.
  [[nodiscard]] std::vector<trouble> take_troubles();
  /// What clients were told is committed. Only when stopped.
  [[nodiscard]] const std::vector<acknowledged>& all() const { return all_; }
  [[nodiscard]] double longest_ms() const { return longest_; }

 private:
  void put(const edge::gateway_client& gateway, std::size_t client);
  void keep(steady::time_point begin, std::string what);
  options options_;
  std::atomic<bool> over_{false};
  std::mutex mutex_;
  std::vector<trouble> troubles_;
  std::string failure_;
  std::vector<acknowledged> all_;
  std::vector<std::pair<steady::time_point, steady::time_point>> spans_;  ///< The newest ones.
  double longest_ = 0;
  std::vector<std::thread> threads_;
};

/// Every chain is the same, and everything that clients were told stands in it, once. `read_back`: how many of them are also read.
void check(const process_cluster& c, const std::vector<acknowledged>& all, std::size_t read_back);

/// The main function of a program that is called with the binary and how many orderers: a scratch folder, which is kept when `run` throws.
/// Gives the exit status.
[[nodiscard]] int run_in_scratch(int argc, char** argv, const std::string& program,
                                 void (*run)(const std::string& weft, const fs::path& folder, std::size_t orderers));

[[nodiscard]] double quantile(std::vector<double> xs, double q);

}  // namespace weft::live
