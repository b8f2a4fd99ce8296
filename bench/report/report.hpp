// What a bench found, as plain data, and its two renderings.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace weft::bench {

/// Everything that must be known to compare a figure with another one.
struct conditions {
  std::string contract_call;             ///< "kv put"
  std::string via;                       ///< Which services over TLS; empty: in process.
  std::uint64_t txs = 0, warm_up = 0, clients = 0;
  std::optional<double> rate;            ///< Absent: closed loop.
  std::size_t value_bytes = 0;
  unsigned cores = 0;
  std::string cpu_model;
  std::string build;                     ///< "release" or "debug"
  bool durable = true;                   ///< fdatasync per block at the orderer and at every peer.
  std::string trust;                     ///< "shared" or "each"
  std::size_t orgs = 0, peers_per_org = 0, orderers = 0;
  std::string ordering = "solo";        ///< solo, raft
  std::size_t processes = 1;             ///< Above 1: each orderer in one of its own, over the tunnel.
  std::size_t endorsements_per_tx = 0;   ///< Counted in a submitted envelope.
  double envelope_bytes = 0;             ///< Mean.
  std::uint32_t block_max_messages = 0, block_preferred_bytes = 0, block_timeout_ms = 0;
  bool cut_when_idle = true;
  double txs_per_block = 0;              ///< Mean of what came about.
  std::size_t scheduler_threads = 0, generator_threads = 0;
};

struct latencies_ms {
  double p50 = 0, p95 = 0, p99 = 0, p999 = 0;
};

/// One of several parts of the measured window, by where it ended.
struct part {
  std::uint64_t txs = 0;     ///< Transactions of the run so far: as many keys are in the state.
  std::uint64_t blocks = 0;  ///< Height of the channel.
  double cpu_us = 0;         ///< Per valid transaction of this part, all but the generator.
  std::map<std::string, double> cpu_us_by_role;  ///< The same by role; `other` is what no role's handler owns.
  double rss_mib = 0;
};

struct report {
  double committed_tps = 0;                    ///< Valid transactions per second of the measured window.
  std::uint64_t measured = 0, valid = 0;       ///< Finished in the window; of these with code 0.
  std::map<std::string, std::uint64_t> others; ///< By validation code or refusal: everything that is not VALID, whole run.
  /// Microseconds of CPU per committed transaction by role; `other` is what no role's handler owns, `total` all but the generator.
  std::map<std::string, double> cpu_us_by_role;
  double cpu_us_other = 0, cpu_us_total = 0, cpu_us_generator = 0;
  latencies_ms latency;                        ///< From the intended start to the commit notice.
  double rss_mib = 0;                          ///< Resident at the end, the generator's signed proposals included.
  std::uint64_t starved = 0;                   ///< How often a client had to wait for the generator: above 0, the load was not as intended.
  std::vector<part> parts;                     ///< Empty when the window was not divided.
  bench::conditions conditions;
};

/// For people: a table.
[[nodiscard]] std::string to_text(const report& r);
/// One JSON object on one line.
[[nodiscard]] std::string to_json(const report& r);

}  // namespace weft::bench
