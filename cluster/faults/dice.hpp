// Where every decision of a simulated world comes from: one seed.
#pragma once

#include <bit>
#include <chrono>
#include <cstdint>
#include <optional>

#include "config/base/random.hpp"

namespace weft::cluster::faults {

/// Virtual time: nanoseconds since the run began. Nothing in a simulation reads another clock.
using instant = std::chrono::nanoseconds;

/// Random numbers for one thread: xoshiro256** as `seeded_random`, without a lock and drawn inline, because a simulation draws millions a second.
/// Integers only: a run is the same on every machine and compiler. Unlike other sources it must not be shared between threads.
class dice final : public random_source {
 public:
  explicit dice(std::uint64_t seed) noexcept {
    for (auto& word : state_) word = spread(seed += 0x9e3779b97f4a7c15ULL);
  }

  /// A stream of its own. Parts of a world that draw from different streams do not move each other: one more draw in the network leaves the disks
  /// as they were, which keeps a failing seed failing while the cause is looked for.
  [[nodiscard]] dice fork(std::uint64_t stream) const noexcept { return dice(spread(state_[0] ^ spread(stream + 1))); }

  [[nodiscard]] std::uint64_t next() noexcept {
    const auto value = std::rotl(state_[1] * 5, 7) * 9;
    const auto shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return value;
  }
  /// In [0, bound); bound must be positive. Bounds here are far below 2^32, so the bias (below bound / 2^64) is of no account.
  [[nodiscard]] std::uint64_t below(std::uint64_t bound) noexcept {
    __extension__ using wide = unsigned __int128;
    return static_cast<std::uint64_t>(static_cast<wide>(next()) * bound >> 64);
  }
  /// In [low, high], both included.
  [[nodiscard]] std::uint64_t between(std::uint64_t low, std::uint64_t high) noexcept { return low + below(high - low + 1); }
  [[nodiscard]] instant between(instant low, instant high) noexcept {
    return low + instant(static_cast<std::int64_t>(below(static_cast<std::uint64_t>((high - low).count()) + 1)));
  }
  [[nodiscard]] bool percent(unsigned chance) noexcept { return below(100) < chance; }
  [[nodiscard]] bool per_mille(unsigned chance) noexcept { return chance != 0 && below(1000) < chance; }
  /// One of a list that is not empty.
  template <class List>
  [[nodiscard]] auto& pick(List& from) noexcept { return from[static_cast<std::size_t>(below(std::size(from)))]; }

  void fill(void* out, std::size_t size) override;

 private:
  /// The last step of splitmix64: neighbouring seeds share nothing.
  [[nodiscard]] static constexpr std::uint64_t spread(std::uint64_t z) noexcept {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  std::uint64_t state_[4];
};

/// WEFT_SEED of the environment, decimal or 0x...: replay exactly this run. Nothing if it is not set or is no number.
[[nodiscard]] std::optional<std::uint64_t> seed_to_replay();

}  // namespace weft::cluster::faults
