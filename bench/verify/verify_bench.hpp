// `bench verify`: what a P-256 verification costs a core, with and without tables and batches.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "config/base/result.hpp"

namespace weft::bench {

struct verify_options {
  std::size_t keys = 4;      ///< 1 to 64, met in turns.
  std::size_t batch = 32;    ///< 1 to 1024 signatures of different messages.
  std::size_t threads = 1;   ///< 1 to 256, each on its own; they share the tables.
  double seconds = 1;        ///< 0.01 to 600: CPU time of each thread for each row.
};

/// One way to verify.
struct verify_row {
  std::string id, text;                ///< "openssl", "table", "table_batch", "batch"
  std::size_t batch = 1;
  double per_core_second = 0;          ///< Verifications per second of CPU: median of the rounds.
  double least = 0, most = 0;          ///< Of the rounds.
  double per_second = 0;               ///< All threads together by the clock on the wall: median of the rounds.
  [[nodiscard]] double us() const { return per_core_second > 0 ? 1e6 / per_core_second : 0; }
};

struct verify_report {
  std::vector<verify_row> rows;
  double table_build_ms = 0, table_kib = 0;  ///< Each; memory as resident, so it needs some keys to be exact.
  verify_options conditions;
  std::size_t rounds = 0;
  unsigned cores = 0;
  std::string cpu_model, build, openssl;
};

/// Rows take turns in several rounds, so that a busy machine is busy for all of them. Errors: `invalid_argument`; `internal` for a wrong verdict.
[[nodiscard]] result<verify_report> run_verify(const verify_options& options);
[[nodiscard]] std::string to_text(const verify_report& r);
/// One JSON object on one line.
[[nodiscard]] std::string to_json(const verify_report& r);

}  // namespace weft::bench
