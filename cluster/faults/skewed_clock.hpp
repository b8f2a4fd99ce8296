// A node's own clock: it began at some other time, and runs too fast or too slowly.
#pragma once

#include "cluster/faults/dice.hpp"
#include "config/base/clock.hpp"

namespace weft::cluster::faults {

/// Maps virtual time to what one node's clock shows. Exact integers; never runs backwards.
class skewed_clock {
 public:
  /// Parts per million by which the clock is fast (positive) or slow; above -1,000,000.
  explicit skewed_clock(std::int64_t fast_ppm = 0, instant offset = instant{0}) : rate_(1'000'000 + fast_ppm), shown_(offset) {}

  [[nodiscard]] instant shows(instant now) const noexcept { return shown_ + scaled(now - since_, rate_, 1'000'000); }
  /// How much virtual time passes while this clock advances by `local`: when a timer fires.
  [[nodiscard]] instant real(instant local) const noexcept { return scaled(local, 1'000'000, rate_); }
  /// From now on it runs at another rate; what it shows does not jump.
  void drift(instant now, std::int64_t fast_ppm) noexcept {
    shown_ = shows(now);
    since_ = now;
    rate_ = 1'000'000 + fast_ppm;
  }
  /// As wall-clock time, from a run that begins at `epoch`.
  [[nodiscard]] timestamp wall(instant now, timestamp epoch) const noexcept { return epoch + shows(now); }

 private:
  static instant scaled(instant t, std::int64_t by, std::int64_t over) noexcept {
    __extension__ using wide = __int128;
    return instant(static_cast<std::int64_t>(static_cast<wide>(t.count()) * by / over));
  }
  std::int64_t rate_;  ///< Shown parts per million of real ones.
  instant shown_, since_{0};
};

}  // namespace weft::cluster::faults
