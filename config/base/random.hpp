// Randomness is injected. Keys, nonces and serials come from the system in production, from a seed in tests and simulations.
#pragma once

#include <cstdint>
#include <mutex>

#include "config/base/bytes.hpp"

namespace weft {

/// Source of random numbers. Thread-safe: callers may share one.
class random_source {
 public:
  virtual ~random_source() = default;
  /// Fills `size` bytes at `out`.
  virtual void fill(void* out, std::size_t size) = 0;

  [[nodiscard]] bytes make_bytes(std::size_t count);
  [[nodiscard]] std::uint64_t next();
  /// Uniform in [0, bound); bound must be positive. Our own, because standard distributions differ between libraries.
  [[nodiscard]] std::uint64_t below(std::uint64_t bound);
};

/// The kernel's generator: fit for keys.
class system_random final : public random_source {
 public:
  void fill(void* out, std::size_t size) override;
};

/// xoshiro256** seeded through splitmix64 (Blackman, Vigna 2018): the same bytes for a seed, everywhere, forever. Never for real keys.
class seeded_random final : public random_source {
 public:
  explicit seeded_random(std::uint64_t seed);
  void fill(void* out, std::size_t size) override;

 private:
  std::uint64_t step();
  std::mutex mutex_;
  std::uint64_t state_[4];
};

}  // namespace weft
