// A client of a Fabric gateway: proposes, signs, submits and awaits, as any SDK does. It knows nothing of the node that it talks to.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/base/clock.hpp"
#include "config/base/random.hpp"
#include "crypto/msp/msp.hpp"
#include "edge/rpc/client.hpp"

namespace weft::edge {

/// What a contract is called with.
struct contract_call {
  std::string channel, contract;
  std::vector<bytes> args;
  std::vector<std::pair<std::string, bytes>> transient_map;
  bool is_init = false;
  std::vector<std::string> endorsing_orgs = {};  ///< MSP ids: one peer of each endorses. Empty: the policy decides.
};

/// How far a call came before it failed.
enum class stage : std::uint8_t { evaluate, endorse, submit, commit_status };
[[nodiscard]] std::string_view to_string(stage s) noexcept;

/// Why a call failed: the gateway's own words.
struct call_failure {
  stage at{};
  actors::rpc_status status;
  std::string tx_id;
};
template <class T>
using outcome = tl::expected<T, call_failure>;

/// Status, message and payload of a contract's answer.
struct contract_answer {
  std::int32_t status = 0;
  std::string message;
  bytes payload;
};

/// An endorsed and signed transaction, not yet submitted.
struct endorsed_call {
  std::string tx_id, channel;
  bytes envelope;           ///< pb(common.Envelope)
  contract_answer answer;   ///< What the endorsers agreed on.
};
struct committed_call {
  std::uint8_t code = 0;    ///< TxValidationCode
  std::uint64_t block = 0;
};

/// Time limits of the steps.
struct gateway_timeouts {
  std::chrono::milliseconds evaluate{30'000}, endorse{30'000}, submit{30'000}, commit{60'000};
};

/// Thread-safe.
class gateway_client {
 public:
  gateway_client(std::shared_ptr<rpc_client> connection, crypto::signing_identity who, std::shared_ptr<const weft::clock> clock,
                 std::shared_ptr<random_source> random, gateway_timeouts timeouts = {}, std::map<std::string, std::string> metadata = {});
  /// Asks one peer. Nothing is ordered.
  [[nodiscard]] outcome<contract_answer> evaluate(const contract_call& call) const;
  /// Collects endorsements and signs the transaction.
  [[nodiscard]] outcome<endorsed_call> endorse(const contract_call& call) const;
  /// Returns when the transaction is durably ordered.
  [[nodiscard]] outcome<void> submit(const endorsed_call& tx) const;
  /// Waits for the verdict. A gateway that restarts meanwhile is asked again.
  [[nodiscard]] outcome<committed_call> commit_status(const std::string& channel, const std::string& tx_id) const;

 private:
  [[nodiscard]] tl::expected<bytes, actors::rpc_status> ask(const char* method, bytes request, std::chrono::milliseconds timeout) const;
  struct proposed {
    std::string tx_id;
    bytes signed_proposal;
  };
  [[nodiscard]] result<proposed> propose(const contract_call& call) const;

  std::shared_ptr<rpc_client> connection_;
  crypto::signing_identity who_;
  std::shared_ptr<const weft::clock> clock_;
  std::shared_ptr<random_source> random_;
  gateway_timeouts timeouts_;
  std::map<std::string, std::string> metadata_;
};

}  // namespace weft::edge
