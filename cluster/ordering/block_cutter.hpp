// Groups envelopes into batches: everything to decide, nothing to touch.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <variant>
#include <vector>

#include "config/base/ids.hpp"
#include "ledger/tx/envelope.hpp"

namespace weft::cluster {

/// The bounds of a batch; count, bytes and age as the channel configuration names them.
struct cut_limits {
  std::size_t max_message_count = 500;
  std::size_t preferred_max_bytes = 2 * MiB;
  std::chrono::milliseconds timeout{2000};
  bool cut_when_idle = true;  ///< architecture §4.9
  /// An idle cut follows the cut before it after this time, or as soon as no envelope has come for `idle_gap`. An envelope alone behind a batch of
  /// one never waits; under load blocks fill for this long, and share what a block costs (a signature, three syncs, 1 to 2 ms of CPU over all roles).
  std::chrono::microseconds idle_spacing{0};
  std::chrono::microseconds idle_gap{0};
};

/// An envelope that passed the filters; `ticket` is the submitter's, given back with the batch.
struct cut_item {
  ledger::envelope tx;
  std::uint64_t ticket = 0;
};

struct submit { cut_item item; };
struct timer_fired { timer_id timer; };
/// A configuration transaction travels alone behind what waits: that leaves now.
struct config_follows {};
/// The shell has nothing more to submit at once, and no batch is being written.
struct downstream_idle {
  std::chrono::microseconds since_last_cut = std::chrono::microseconds::max();
  std::chrono::microseconds since_last_submit = std::chrono::microseconds{0};
};
using cut_event = std::variant<submit, timer_fired, config_follows, downstream_idle>;

struct emit_batch { std::vector<cut_item> items; };
struct start_timer { timer_id timer; std::chrono::milliseconds after; };
/// Idle too soon after the last cut: raise `downstream_idle` again after this time, if it still holds.
struct look_again { std::chrono::microseconds after; };
using cut_effect = std::variant<emit_batch, start_timer, look_again>;

/// Groups envelopes into batches; closes one at a count, a size or an age, whichever comes first (interop/02 §10).
/// Invariants: a batch is never empty; envelopes leave in arrival order; only the newest timer counts; a timer runs exactly while
/// something is pending, and an overflow does not restart it.
/// Threads: none of its own. Whoever owns the cutter calls it, one call at a time.
class block_cutter {
 public:
  explicit block_cutter(cut_limits limits) : limits_(limits) {}
  [[nodiscard]] std::vector<cut_effect> step(cut_event event);
  /// New limits count from the next submit on.
  void reconfigure(cut_limits limits) { limits_ = limits; }
  /// Gives back what waits instead of cutting it. Its timer counts no more.
  [[nodiscard]] std::vector<cut_item> drop();
  [[nodiscard]] std::size_t pending() const noexcept { return pending_.size(); }
  [[nodiscard]] const cut_limits& limits() const noexcept { return limits_; }

 private:
  void on(submit event, std::vector<cut_effect>& out);
  void on(downstream_idle event, std::vector<cut_effect>& out);
  void cut(std::vector<cut_effect>& out);
  void sync_timer(std::vector<cut_effect>& out);

  cut_limits limits_;
  std::vector<cut_item> pending_;
  std::size_t pending_bytes_ = 0;
  std::size_t last_batch_ = 0;
  timer_id timer_;
  bool timer_runs_ = false;
};

}  // namespace weft::cluster
