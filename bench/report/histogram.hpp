// Latencies in logarithmic buckets: constant memory, percentiles within 0.8 %, as HdrHistogram made popular.
#pragma once

#include <array>
#include <cstdint>

namespace weft::bench {

/// Counts values (nanoseconds, say) by size. Below 128 exact; above, a bucket is at most 1/128 of its value wide.
/// Owned by one thread.
class histogram {
 public:
  void add(std::uint64_t value) noexcept;
  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  [[nodiscard]] std::uint64_t max() const noexcept { return max_; }
  /// The smallest recorded bucket that at least `percent` of all values do not exceed, by its upper bound; never above max().
  /// `percent` in (0, 100]; 0 when nothing was recorded.
  [[nodiscard]] std::uint64_t percentile(double percent) const noexcept;

 private:
  static constexpr unsigned sub_bits = 7;
  static constexpr std::size_t sub_count = std::size_t{1} << sub_bits;
  static std::size_t bucket_of(std::uint64_t value) noexcept;
  static std::uint64_t upper_bound(std::size_t bucket) noexcept;

  std::array<std::uint32_t, sub_count * (64 - sub_bits + 1)> buckets_{};
  std::uint64_t count_ = 0, max_ = 0;
};

}  // namespace weft::bench
