// When to dial a node again: pauses that double up to a bound, with jitter so that nodes which fell together do not rise together. Pure.
#pragma once

#include <algorithm>
#include <chrono>

#include "config/base/random.hpp"

namespace weft::actors::remoting {

/// Time for deadlines and pauses; never set back. The tunnel gets its source injected.
using steady_time = std::chrono::steady_clock::time_point;

struct pauses {
  std::chrono::milliseconds first{20};
  std::chrono::milliseconds longest{1000};         ///< A node that comes back is reached after this at the latest.
  std::chrono::milliseconds steady_life{1000};     ///< A link that lived this long starts the pauses from the beginning.
};

class redial {
 public:
  explicit redial(pauses p) : pauses_(p) {}
  /// A link or an attempt at one ended, having been up for `life` (zero: never up).
  void ended(steady_time now, std::chrono::nanoseconds life, random_source& random) {
    if (life >= pauses_.steady_life) failures_ = 0;
    const auto whole = std::min<std::chrono::nanoseconds>(pauses_.first * (1u << std::min(failures_, 16u)), pauses_.longest);
    ++failures_;
    const auto half = static_cast<std::uint64_t>(whole.count()) / 2;
    next_ = now + std::chrono::nanoseconds(half + random.below(half + 1));
  }
  /// Something happened that makes an attempt worth while now.
  void hurry(steady_time now) {
    failures_ = 0;
    next_ = now;
  }
  [[nodiscard]] steady_time next() const noexcept { return next_; }
  [[nodiscard]] unsigned failures() const noexcept { return failures_; }

 private:
  pauses pauses_;
  steady_time next_{};
  unsigned failures_ = 0;
};

}  // namespace weft::actors::remoting
