#include "bench/report/histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace weft::bench {

std::size_t histogram::bucket_of(std::uint64_t value) noexcept {
  if (value < sub_count) return static_cast<std::size_t>(value);
  const auto shift = static_cast<unsigned>(std::bit_width(value)) - sub_bits - 1;  // leaves sub_bits + 1 significant bits
  return sub_count * shift + static_cast<std::size_t>(value >> shift);
}

std::uint64_t histogram::upper_bound(std::size_t bucket) noexcept {
  if (bucket < 2 * sub_count) return bucket;
  const auto shift = bucket / sub_count - 1;
  const auto lead = static_cast<std::uint64_t>(bucket - sub_count * shift);
  return (lead << shift) + ((std::uint64_t{1} << shift) - 1);
}

void histogram::add(std::uint64_t value) noexcept {
  ++buckets_[bucket_of(value)];
  ++count_;
  max_ = std::max(max_, value);
}

std::uint64_t histogram::percentile(double percent) const noexcept {
  if (count_ == 0) return 0;
  const auto wanted = static_cast<std::uint64_t>(std::ceil(percent / 100.0 * static_cast<double>(count_)));
  const auto rank = std::clamp<std::uint64_t>(wanted, 1, count_);
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    seen += buckets_[i];
    if (seen >= rank) return std::min(upper_bound(i), max_);
  }
  return max_;
}

}  // namespace weft::bench
