// The client's side of a bench: makes and signs proposals ahead of time and signs envelopes, on threads of its own whose CPU is not the network's.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "config/base/clock.hpp"
#include "config/base/random.hpp"
#include "crypto/msp/msp.hpp"
#include "ledger/tx/envelope.hpp"

namespace weft::bench {

struct generator_settings {
  std::string channel = "mychannel";
  std::uint64_t txs = 0;              ///< Proposals to make.
  std::size_t clients = 1;            ///< Envelopes that may wait for a signature: one a client.
  std::size_t threads = 1;
  std::size_t look_ahead = 1 << 15;   ///< Signed proposals that wait, at most: 1.7 KB each.
  std::size_t value_bytes = 100;
};

/// One signed proposal `kv put key-<number> <value>`.
struct ready_proposal {
  bytes signed_proposal;              ///< pb(SignedProposal)
  std::string tx_id;
};

/// Where finished work goes; called from the generator's threads.
struct generator_sinks {
  std::function<void(std::size_t client, ledger::envelope)> on_envelope;
  std::function<void()> on_refill;                      ///< There are proposals again after take() had none.
  std::function<void(const error&)> on_failure;         ///< Signing failed; the generator has stopped.
};

/// Thread-safe after construction. Its threads end in the destructor.
class generator {
 public:
  generator(generator_settings settings, crypto::signing_identity client, std::shared_ptr<const weft::clock> clock,
            std::shared_ptr<random_source> random);
  ~generator();
  generator(const generator&) = delete;
  generator& operator=(const generator&) = delete;

  /// Starts the threads. They sign proposals until the look-ahead is full, and go on as it is used up.
  void start(generator_sinks sinks);
  /// Blocks until the look-ahead is full or every proposal is made.
  void wait_until_ahead();
  /// The next proposal; nothing when none is ready, and `on_refill` will tell.
  [[nodiscard]] std::optional<ready_proposal> take();
  /// Signs a transaction's payload for a client. At most one waits for each client.
  void sign(std::size_t client, bytes payload);
  /// CPU time of the generator's threads so far, nanoseconds.
  [[nodiscard]] std::uint64_t cpu_nanos() const;

 private:
  struct envelope_job {
    std::size_t client;
    bytes payload;
  };
  void work();
  [[nodiscard]] result<ready_proposal> make_one(std::uint64_t number) const;
  void stop();

  const generator_settings settings_;
  const crypto::signing_identity client_;
  const std::shared_ptr<const weft::clock> clock_;
  const std::shared_ptr<random_source> random_;
  generator_sinks sinks_;

  std::mutex mutex_;
  std::condition_variable wake_, ahead_;
  std::deque<envelope_job> envelopes_;
  std::deque<ready_proposal> ready_;
  std::uint64_t begun_ = 0, made_ = 0;   ///< Proposals taken up, and finished.
  bool hungry_ = false, stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace weft::bench
