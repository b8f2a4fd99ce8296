// Work that nobody waits for, behind a seam: a thread of its own in production, the caller's own in simulations.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace weft {

/// Runs tasks one at a time, in the order in which they were taken. Thread-safe. Tasks must not throw.
class executor {
 public:
  virtual ~executor() = default;
  /// False: as many tasks wait as may, or it was stopped. The task is then dropped; come again some other time.
  [[nodiscard]] virtual bool try_run(std::function<void()> task) = 0;
  /// Takes nothing any more, drops what waits and returns when no task runs. Idempotent.
  virtual void stop() = 0;
};

/// One thread; at most `waiting_max` tasks wait behind the one that runs. Its destructor stops it; a task may drop the last reference.
[[nodiscard]] std::shared_ptr<executor> make_background_executor(std::size_t waiting_max);
/// Runs each task before try_run returns: the same order of events in every run. Tasks must not be given to it under a lock they take.
[[nodiscard]] std::shared_ptr<executor> make_inline_executor();

}  // namespace weft
