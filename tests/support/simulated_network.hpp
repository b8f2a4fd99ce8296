// A whole network in memory under CAF's testing scheduler: one thread, virtual time, everything from one seed.
#pragma once

#include <caf/all.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actors/node/node.hpp"
#include "config/topology/topology.hpp"

namespace weft::testing {

/// The outcome of one transaction, from proposal to verdict.
struct outcome {
  actors::rpc_status status;     ///< Of the step that failed, else ok.
  std::string tx_id;
  std::uint8_t code = 255;       ///< TxValidationCode, when it was committed.
  std::uint64_t block = 0;
};

/// Owns system and node. Single-threaded: nothing runs except inside its calls.
class simulated_network {
 public:
  explicit simulated_network(std::uint64_t seed, config::topology t = config::dev_topology({}));
  ~simulated_network();

  /// Runs until nothing is runnable, moving time forward at most `horizon` where only timers are left. True when `until` held.
  bool run(const std::function<bool()>& until, std::chrono::seconds horizon = std::chrono::seconds(120));
  [[nodiscard]] actors::node& node() { return *node_; }
  [[nodiscard]] manual_clock& wall() { return *clock_; }
  /// True when the contracts are deployed.
  bool ready();

  [[nodiscard]] bytes sign_proposal(const std::string& user, const std::string& contract, const std::vector<std::string>& args, std::string& tx_id);
  /// Endorse → sign → submit → await, as `user`, through the gateway of `peer` (default: the first).
  outcome invoke(const std::string& user, const std::string& contract, const std::vector<std::string>& args, std::size_t peer = 0);
  /// The same, and a query, on another channel than mychannel.
  outcome invoke_on(const std::string& channel, const std::string& user, const std::string& contract, const std::vector<std::string>& args, std::size_t peer = 0);
  bytes query_on(const std::string& channel, const std::string& user, const std::string& contract, const std::vector<std::string>& args, std::string* error = nullptr,
                 std::size_t peer = 0);
  /// Kills a role as a fault would, and lets the supervisor notice.
  void kill(const std::string& role_name);
  /// First half of an invoke: an envelope that is signed and not submitted.
  ledger::envelope endorse(const std::string& user, const std::string& contract, const std::vector<std::string>& args, outcome& out,
                           std::size_t peer = 0);
  outcome submit(const ledger::envelope& tx, const std::string& tx_id, std::size_t peer = 0);
  /// Bytes straight to the first peer's endorser or gateway, and an envelope straight to the first orderer.
  actors::endorse_reply endorse_raw(const bytes& signed_proposal);
  actors::gateway_reply gateway_endorse(const bytes& signed_proposal);
  actors::broadcast_reply broadcast(const ledger::envelope& tx);
  /// Several at once, which travel together as far as the orderer lets them.
  std::vector<actors::broadcast_reply> broadcast(const std::vector<ledger::envelope>& txs);
  /// Sends an envelope to the first orderer and returns at once: `step` and `run` let the answer come.
  std::shared_ptr<std::optional<actors::broadcast_reply>> begin_broadcast(const ledger::envelope& tx);
  /// Lets one actor work; false when none has anything to do.
  bool step() { return scheduler_->try_run_once(); }
  [[nodiscard]] caf::actor_system& system() { return *system_; }
  template <class Handle>
  [[nodiscard]] Handle role(const std::string& name) { return caf::actor_cast<Handle>(node_->where()->find(name)); }
  /// A signed envelope with a payload of at least this size, for the channel.
  ledger::envelope endorse_payload_of_size(std::size_t size, const crypto::signing_identity& who);
  /// Payload of the contract's answer, or the error text in `error`.
  bytes query(const std::string& user, const std::string& contract, const std::vector<std::string>& args, std::string* error = nullptr,
              std::size_t peer = 0);

 private:
  std::shared_ptr<manual_clock> clock_;
  std::unique_ptr<caf::actor_system_config> config_;
  std::unique_ptr<caf::actor_system> system_;
  caf::scheduler::test_coordinator* scheduler_ = nullptr;
  std::unique_ptr<actors::node> node_;
  std::shared_ptr<std::optional<result<void>>> ready_;
  std::string channel_ = "mychannel";  ///< That the calls are for.
  seeded_random random_;
};

}  // namespace weft::testing
