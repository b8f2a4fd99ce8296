// Time is injected. Production uses the one system clock made here; tests and simulations move a manual one.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

namespace weft {

/// Wall-clock time, nanoseconds since the Unix epoch.
using timestamp = std::chrono::sys_time<std::chrono::nanoseconds>;

/// Source of wall-clock time. Thread-safe.
class clock {
 public:
  virtual ~clock() = default;
  [[nodiscard]] virtual timestamp now() const = 0;
};

/// The machine's clock: the only place that reads it.
class system_clock final : public clock {
 public:
  [[nodiscard]] timestamp now() const override;
};

/// Stands still until it is moved.
class manual_clock final : public clock {
 public:
  explicit manual_clock(timestamp start) : nanos_(start.time_since_epoch().count()) {}
  [[nodiscard]] timestamp now() const override { return timestamp{std::chrono::nanoseconds{nanos_.load()}}; }
  void advance(std::chrono::nanoseconds by) { nanos_ += by.count(); }

 private:
  std::atomic<std::int64_t> nanos_;
};

/// "2026-11-20T09:30:00.123Z", for logs and JSON.
[[nodiscard]] std::string to_rfc3339(timestamp t);

}  // namespace weft
