// What a member's roles count and time while they work, for the operations service. Names are Fabric's where they mean the same (interop/06 §8).
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace weft::actors {

/// Thread-safe. Counting costs a lock and a look-up: for what happens once a transaction or a block, not once a key.
class tallies {
 public:
  using labels = std::vector<std::pair<std::string, std::string>>;  ///< Name and value, in a fixed order for each name of a series.
  /// Beyond so many label values of one name everything is booked on one more series, whose values are "other": strangers may choose values.
  static constexpr std::size_t series_max = 500;
  /// Upper bounds in seconds of the classes that durations are counted in: Prometheus' defaults. One more class has no bound.
  static constexpr std::array<double, 11> bounds{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10};

  struct timing {
    std::array<std::uint64_t, bounds.size() + 1> classes{};
    double seconds = 0;  ///< Their sum.
  };
  /// `name` and `help` are literals: they are kept as pointers.
  void count(const char* name, const char* help, const labels& l, std::uint64_t by = 1);
  void took(const char* name, const char* help, const labels& l, std::chrono::nanoseconds time);

  template <class Value>
  struct family {
    const char* help = "";
    std::map<labels, Value> series;
  };
  using counts = std::map<std::string, family<std::uint64_t>>;
  using timings = std::map<std::string, family<timing>>;
  [[nodiscard]] counts all_counts() const;
  [[nodiscard]] timings all_timings() const;

 private:
  mutable std::mutex mutex_;
  std::map<const char*, family<std::uint64_t>> counts_;  ///< By pointer: the same literal may have several, which are merged when they are read.
  std::map<const char*, family<timing>> timings_;
};

}  // namespace weft::actors
