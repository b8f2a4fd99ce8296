// Strong ids: swapping two of them is a compile error.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace weft {

/// An unsigned number with a meaning. Explicit in both directions; ordered; `next()` counts up.
template <class Tag>
struct strong_id {
  std::uint64_t value = 0;
  constexpr strong_id() = default;
  constexpr explicit strong_id(std::uint64_t v) : value(v) {}
  [[nodiscard]] constexpr strong_id next() const { return strong_id{value + 1}; }
  friend constexpr auto operator<=>(const strong_id&, const strong_id&) = default;
};

/// Position of a block in its channel; genesis is 0.
using block_number = strong_id<struct block_number_tag>;
/// Position of a transaction in its block.
using tx_number = strong_id<struct tx_number_tag>;
/// A timer that a core asked its shell for; only the newest of a kind counts.
using timer_id = strong_id<struct timer_id_tag>;
/// `Config.sequence`: how many configuration updates a channel has seen.
using config_sequence = strong_id<struct config_sequence_tag>;

/// Where a value was last written: the version that Fabric records in read sets.
struct version {
  block_number block;
  tx_number tx;
  friend constexpr auto operator<=>(const version&, const version&) = default;
};

}  // namespace weft

template <class Tag>
struct std::hash<weft::strong_id<Tag>> {
  std::size_t operator()(weft::strong_id<Tag> id) const noexcept { return std::hash<std::uint64_t>{}(id.value); }
};
