// What goes wrong in a run, and when: drawn from its seed before it begins.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "cluster/faults/network.hpp"

namespace weft::cluster::faults {

enum class fault_kind : std::uint8_t {
  crash,          ///< The power goes, at any moment; it is back after `lasts`.
  crash_in_call,  ///< The power goes after the `amount`th change to the disk from now on, in the middle of whatever is written then.
  kill,           ///< The process dies; what it had written is still there.
  freeze,         ///< The node does nothing for a while, then goes on as if nothing had been (SIGSTOP, a long pause).
  disk_full,      ///< `amount` bytes are left.
  slow_disk,      ///< `amount` times as slow.
  split,          ///< `nodes` and the others do not hear each other.
  mute,           ///< `nodes` are not heard by the others, but hear them.
  slow_node,      ///< Messages to and from it take `amount` times as long.
  loss,           ///< `amount` messages in a thousand are lost.
  late,           ///< `amount` messages in a thousand are late, and overtaken.
  repeat,         ///< `amount` messages in a thousand arrive twice.
  clock_drift,    ///< Its clock is `amount` thousandths as fast as real time.
};
inline constexpr std::size_t fault_kinds = 13;

/// From `at` on for `lasts`. Faults may overlap.
struct fault {
  fault_kind kind{};
  instant at{}, lasts{};
  /// A bit (1 << number) for each node. Bit 0: whichever node leads at that moment, which the simulation finds out.
  std::uint64_t nodes = 0;
  unsigned amount = 0;
};

struct schedule_shape {
  unsigned nodes = 3;
  unsigned faults = 5;
  instant from{500'000'000}, until{4'000'000'000};  ///< All of them begin behind `from` and are over at `until`: then the world heals.
  instant lasts_max{1'500'000'000};
  unsigned leader_percent = 40;                      ///< Of those that hit one node, so many hit the one that leads.
  /// How often each kind is drawn, by fault_kind; 0: never.
  std::array<unsigned, fault_kinds> weights{10, 14, 6, 6, 2, 4, 14, 10, 5, 6, 6, 6, 6};
};

/// In order of their beginning.
[[nodiscard]] std::vector<fault> draw_schedule(const schedule_shape& shape, dice& random);

/// "split of nodes 1 3 from 1.250 s for 0.400 s".
[[nodiscard]] std::string to_text(const fault& f);

}  // namespace weft::cluster::faults
