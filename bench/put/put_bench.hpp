// `weft bench put`: a network of its own, real disk, every signature; driven in process through the gateway or through the doors, measured from outside.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "bench/report/report.hpp"
#include "config/base/result.hpp"

namespace weft::bench {

struct put_options {
  std::uint64_t txs = 20'000;               ///< 1 to 100,000,000.
  std::size_t clients = 64;                 ///< 1 to 4,096: transactions in flight.
  std::optional<double> rate;               ///< Per second: open loop. Absent: closed loop.
  std::size_t value_bytes = 100;            ///< 0 to 1 MiB.
  std::optional<std::uint64_t> warm_up;     ///< Transactions that are not measured, below `txs`. Absent: see warm_up_of.
  std::size_t parts = 1;                    ///< 1 to 1,000: of the measured transactions, each reported for itself. Shows what growth costs.
  bool trust_shared = true;                 ///< One operator shares verified signatures; else every member verifies for itself.
  bool durable = true;                      ///< fdatasync per block.
  std::size_t orgs = 2, peers = 1;
  std::size_t orderers = 1;                 ///< 1 to 9.
  bool processes = false;                   ///< Each orderer in a process of its own, over the tunnel; needs `raft`, and a caller with one thread.
  bool raft = false;                        ///< One orderer agrees with itself by raft, to see what raft costs alone. More than one always do.
  std::uint32_t block_messages = 500;
  std::uint32_t block_timeout_ms = 2'000;
  std::string via;                          ///< Empty: clients are actors of this process. "gateway", "endorser", "evaluate": clients of a process of
                                            ///< their own come over TLS; see door_kind. Needs a caller with one thread.
  std::filesystem::path dir;                ///< The scratch folder is made in here; empty: $TMPDIR, else /tmp.
  unsigned deadline_seconds = 600;          ///< For the load; a minute more for the start.
};

/// Runs it. `say` gets a line for every stage. Errors: `invalid_argument` for options out of range, `timeout` at the deadline, and
/// whatever keeps the network from starting. The scratch folder is removed in any case.
[[nodiscard]] result<report> run_put(const put_options& options, const std::function<void(const std::string&)>& say = {});

}  // namespace weft::bench
