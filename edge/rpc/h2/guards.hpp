// How much of what costs a client little it may do on a connection. Pure; time is given.
#pragma once

#include <algorithm>
#include <chrono>

namespace weft::edge::h2 {

using time_point = std::chrono::steady_clock::time_point;

/// Tokens that come back with time.
class rate_guard {
 public:
  rate_guard(double burst, double per_second) : burst_(burst), per_second_(per_second), left_(burst) {}
  /// False: too many.
  [[nodiscard]] bool take(time_point now) {
    if (last_ != time_point::min()) left_ = std::min(burst_, left_ + std::chrono::duration<double>(now - last_).count() * per_second_);
    last_ = now;
    if (left_ < 1) return false;
    left_ -= 1;
    return true;
  }

 private:
  double burst_, per_second_, left_;
  time_point last_ = time_point::min();  ///< Nothing was taken.
};

/// Pings of a client, judged as gRPC's servers do: one that comes too soon after the one before is a strike; what we send of calls forgives all.
class ping_guard {
 public:
  static constexpr int strikes_max = 2;
  explicit ping_guard(std::chrono::milliseconds apart) : apart_(apart) {}
  /// False: one strike too many.
  [[nodiscard]] bool ping(time_point now) {
    const bool soon = last_ != never && now < last_ + apart_;
    last_ = now;
    return !soon || ++strikes_ <= strikes_max;
  }
  void forgive() {
    last_ = never;
    strikes_ = 0;
  }

 private:
  static constexpr time_point never = time_point::min();
  std::chrono::milliseconds apart_;
  time_point last_ = never;
  int strikes_ = 0;
};

}  // namespace weft::edge::h2
