// When transactions are meant to start. Latency counts from there, so that a stalled system cannot hide behind a waiting generator.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace weft::bench {

/// Fixed by the rate alone: transaction i starts i / rate seconds after the first. No drift, whatever the rate.
class rate_schedule {
 public:
  /// `per_second` > 0.
  explicit rate_schedule(double per_second) : per_second_(per_second) {}
  [[nodiscard]] std::chrono::nanoseconds start_of(std::uint64_t i) const {
    return std::chrono::nanoseconds(static_cast<std::int64_t>(static_cast<double>(i) * 1e9 / per_second_));
  }

 private:
  double per_second_;
};

/// Transactions at the beginning that are not measured: caches fill, tables grow. 5 %, at least 500, never more than a quarter.
[[nodiscard]] constexpr std::uint64_t warm_up_of(std::uint64_t txs) {
  const auto wanted = txs / 20 > 500 ? txs / 20 : 500;
  return wanted < txs / 4 ? wanted : txs / 4;
}

}  // namespace weft::bench
