// A node's disk: takes virtual time, loses what was not synced, fills up, and loses its power between any two calls.
#pragma once

#include <cstdint>
#include <memory>

#include "cluster/faults/dice.hpp"
#include "ledger/store/env.hpp"

namespace weft::cluster::faults {

/// How long writes take.
struct disk_speed {
  instant sync_min{200'000};    ///< A sync takes between 0.2 ms…
  instant sync_max{4'000'000};  ///< …and 4 ms,
  unsigned stall_per_mille = 5; ///< but for so many,
  instant stall_max{80'000'000};///< which take up to this long.
  instant per_kibibyte{5'000};  ///< About 200 MB a second.
};

/// One `memory_env` behind a switch. The process writes through `folder()`; when the power goes, that folder answers nothing but errors, and after
/// `restart` there is another, with what the disk shows.
///
/// Time: a call is done when it returns, for the code under test knows no virtual time. A simulation asks `time_for` when a write begins, and makes
/// the call when that time is over. A crash meanwhile is then a crash within the call: `power_off_after(n)`, the call, `restart`.
class disk {
 public:
  explicit disk(dice random, const disk_speed& speed = {});
  ~disk();
  disk(disk&&) noexcept;

  /// The folder as the running process sees it. Ask again after `restart`; the one before refuses everything from then on.
  [[nodiscard]] std::shared_ptr<ledger::env> folder() const;

  // ---- power
  /// Every call that changes something counts, from construction on: opening a file that was not there, append, sync, truncate, remove, replace.
  [[nodiscard]] std::uint64_t changes() const noexcept;
  /// So many changes are still made; the next is not, and no call does anything from then on.
  void power_off_after(std::uint64_t changes) noexcept;
  [[nodiscard]] bool off() const noexcept;
  /// The power was gone, and is back: what was not synced is lost in whole or in part, as `memory_env::crash` draws it. Space is as it was.
  void restart();
  /// The process died and the machine did not: everything that was written is still there. Its folder refuses from now on.
  void restart_process();

  // ---- space
  /// Only so many bytes more can be written.
  void fill_up(std::uint64_t bytes_left);
  void make_room();

  // ---- time
  [[nodiscard]] instant time_for(std::uint64_t bytes, unsigned syncs);
  /// Everything takes so many times as long; 1: as usual.
  void slow(unsigned factor) noexcept { factor_ = factor; }
  /// To damage it by hand.
  [[nodiscard]] ledger::memory_env& bare() noexcept { return *bare_; }

 private:
  struct power;
  void attach();

  dice random_;
  disk_speed speed_;
  unsigned factor_ = 1;
  std::uint64_t bytes_left_;
  std::shared_ptr<ledger::memory_env> bare_;
  std::shared_ptr<power> power_;
  std::shared_ptr<ledger::env> folder_;
};

}  // namespace weft::cluster::faults
