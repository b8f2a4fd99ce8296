// How busy a consenter is: what its cutter asks before it cuts early.
#pragma once

#include <chrono>
#include <optional>

#include "actors/interfaces.hpp"
#include "cluster/ordering/intake.hpp"

namespace weft::actors {

/// Timer number that stands for "the mailbox has been looked through": never used by the cutter, which counts from 1.
inline constexpr std::uint64_t idle_timer = 0;

/// Owned by one consenter.
struct pace {
  using time_point = caf::actor_clock::time_point;
  bool idle_asked = false;               ///< A look at the mailbox is on its way.
  std::optional<time_point> last_cut;
  time_point last_submit;

  [[nodiscard]] cluster::downstream_idle idle_at(time_point now) const {
    const auto since = [&](time_point at) { return std::chrono::duration_cast<std::chrono::microseconds>(now - at); };
    if (!last_cut) return {};
    return {since(*last_cut), since(last_submit)};
  }
};

}  // namespace weft::actors
