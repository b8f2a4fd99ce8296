// `weft bench ordering`: the same load on one solo orderer and on raft groups, in one process and as processes over the tunnel. What raft adds to a
// transaction, and what the tunnel adds.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "bench/put/put_bench.hpp"

namespace weft::bench {

/// One way to order. The first of all is the one that the others are compared with.
struct ordering_way {
  std::string name;  ///< "raft, 3 orderers as processes"
  std::size_t orderers = 1;
  bool raft = false, processes = false;
};

/// Median and extremes over the rounds.
struct spread {
  double median = 0, least = 0, most = 0;
};
[[nodiscard]] spread spread_of(std::vector<double> values);

struct ordering_row {
  ordering_way way;
  spread cpu_us, committed_tps, p50_ms, txs_per_block;
};

struct ordering_options {
  put_options put;         ///< What each run is like; orderers and ways of ordering come from here below.
  std::size_t rounds = 3;  ///< 1 to 100; each round runs every way once, so that what the machine does meanwhile strikes all alike.
  std::vector<std::size_t> sizes{1, 3, 5};
};

struct ordering_report {
  std::vector<ordering_row> rows;
  std::size_t rounds = 0;
  bench::conditions conditions;  ///< Of the last run; orderers and processes differ from row to row.
};

/// Solo, then raft with each size in one process, then with each size as processes.
[[nodiscard]] std::vector<ordering_way> ways_of(const std::vector<std::size_t>& sizes);

/// Errors: those of `run_put`, with the way that failed. The caller has one thread.
[[nodiscard]] result<ordering_report> run_ordering(const ordering_options& o, const std::function<void(const std::string&)>& say = {});

[[nodiscard]] std::string to_text(const ordering_report& r);
/// One object without line breaks.
[[nodiscard]] std::string to_json(const ordering_report& r);

}  // namespace weft::bench
