// The life of one contract's process as a state machine: when it is started, stopped, killed, and started again. Pure: time comes in, orders go out.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace weft::chaincode {

struct lifeline_options {
  std::chrono::milliseconds listen_timeout{30'000};  ///< Until it accepts connections; after that whoever waits is told, and it goes on trying.
  std::chrono::milliseconds probe{20}, probe_slowly{1'000};
  std::chrono::milliseconds stop_timeout{2'000};     ///< From SIGTERM to SIGKILL.
  std::chrono::milliseconds pause{500};              ///< Before the second start after a death in a row; doubles …
  std::chrono::milliseconds pause_most{30'000};      ///< … up to this. The first one is at once.
  std::chrono::milliseconds proven{10'000};          ///< Who listened so long has no death in a row behind it.
};

/// Threads: none of its own. Whoever owns it calls it, one call at a time, with a time that does not run back.
class lifeline {
 public:
  using time = std::chrono::steady_clock::time_point;
  enum class phase { pausing, starting, listening, stopping, gone };

  // events
  struct start_wanted {};               ///< The first start; or again with what lies there now, if it runs already.
  struct stop_wanted {};                ///< For good.
  struct spawned {};
  struct spawn_failed { std::string why; };
  struct listens {};
  struct exited { std::string how; };   ///< "exited with 1", "killed by signal 9"
  struct tick {};
  using event = std::variant<start_wanted, stop_wanted, spawned, spawn_failed, listens, exited, tick>;

  // effects
  struct spawn {};
  struct probe {};                      ///< See whether it listens; the answer is `listens`, or nothing.
  struct terminate {};                  ///< SIGTERM to the whole group.
  struct kill {};                       ///< SIGKILL to the whole group.
  struct tell_ready {};                 ///< To whoever waits for a start.
  struct tell_failed { std::string why; };
  struct tell_gone {};                  ///< To whoever waits for the stop. The last effect.
  using effect = std::variant<spawn, probe, terminate, kill, tell_ready, tell_failed, tell_gone>;

  explicit lifeline(lifeline_options options = {}) : options_(options) {}

  /// What is to be done now, in order.
  [[nodiscard]] std::vector<effect> step(const event& e, time now);
  /// When a tick is due; nothing: never.
  [[nodiscard]] std::optional<time> wakes() const noexcept { return wakes_; }
  [[nodiscard]] phase now_in() const noexcept { return phase_; }
  [[nodiscard]] std::size_t starts() const noexcept { return starts_; }
  [[nodiscard]] const std::string& last_end() const noexcept { return last_end_; }  ///< How it ended the last time; empty: not yet.

 private:
  std::vector<effect> on_start(time now);
  std::vector<effect> on_stop(time now);
  std::vector<effect> on_end(const std::string& how, time now);
  std::vector<effect> on_tick(time now);
  std::vector<effect> begin();

  lifeline_options options_;
  phase phase_ = phase::pausing;
  bool wanted_ = false;        ///< In phase stopping: start again afterwards.
  bool told_ = true;           ///< Nobody waits for this start any more.
  std::size_t deaths_ = 0;     ///< In a row.
  std::size_t starts_ = 0;
  time since_{};               ///< Of the phase.
  std::optional<time> wakes_;
  std::string last_end_;
};

[[nodiscard]] std::string_view to_string(lifeline::phase p) noexcept;

}  // namespace weft::chaincode
