// DRIVER: plays the clients. Each has one transaction on its way: endorse, sign, submit, wait for the commit. It decides nothing else.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "actors/interfaces.hpp"
#include "actors/role.hpp"
#include "bench/put/generator.hpp"
#include "bench/report/histogram.hpp"

namespace weft::bench {

namespace atom {
using made = caf::atom_constant<caf::atom("made")>;      // an envelope has been signed
using refill = caf::atom_constant<caf::atom("refill")>;  // there are proposals again
}  // namespace atom

using driver_actor = caf::typed_actor<
    // Begins what is due: sent once to start, then by the driver's own timer in open loop.
    caf::reacts_to<actors::atom::tick>,
    // From the generator: the envelope of a client is signed.
    caf::reacts_to<atom::made, std::uint64_t, ledger::envelope>,
    // From the generator.
    caf::reacts_to<atom::refill>,
    // The run is over, early: says why.
    caf::reacts_to<actors::atom::stop, std::string>>;

/// What the process and its parts have used up to a moment.
struct usage {
  std::uint64_t process_nanos = 0, generator_nanos = 0;
  std::map<std::string, std::uint64_t> role_nanos;
  std::uint64_t height = 0;  ///< Of the channel on the driver's peer.
  double rss_mib = 0;
};

/// How far the run had come at a moment within the measured window.
struct mark {
  std::uint64_t finished = 0;  ///< Of the whole run.
  std::uint64_t valid = 0;     ///< In the window so far.
  usage used;
};

struct driver_outcome {
  std::string failure;                            ///< Not empty: the run did not finish.
  usage begin, end;                               ///< Around the measured window.
  std::chrono::nanoseconds window{0};
  std::uint64_t measured = 0, valid = 0;          ///< In the window.
  std::map<std::string, std::uint64_t> others;    ///< Whole run; at most 32 kinds.
  std::vector<mark> marks;                        ///< At the end of each part of the window but the last, which `end` closes.
  histogram latency;                              ///< Nanoseconds.
  std::uint64_t starved = 0;
  std::uint64_t envelopes = 0, envelope_bytes = 0;
  std::size_t endorsements_per_tx = 0;
};

struct driver_settings {
  std::string channel = "mychannel";
  std::uint64_t txs = 0, warm_up = 0;
  std::size_t clients = 1;
  std::size_t parts = 1;                          ///< Of the window, for `driver_outcome::marks`.
  std::optional<double> rate;                     ///< Per second; absent: closed loop.
  actors::gateway_actor gateway;                  ///< Where the clients are connected.
  std::vector<actors::gateway_actor> others;      ///< Of other peers: the run's CPU counts until these have committed the last block too.
  generator* source = nullptr;                    ///< Outlives the driver.
  std::shared_ptr<actors::role_meter> meter;      ///< The driver's own CPU.
  std::function<usage()> probe;
  std::function<void(driver_outcome)> done;       ///< Called once.
};

[[nodiscard]] driver_actor spawn_driver(caf::actor_system& system, driver_settings settings);

}  // namespace weft::bench
