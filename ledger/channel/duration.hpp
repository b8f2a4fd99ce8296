// Durations as Go writes them, "1m30s": the form of BatchTimeout in a channel configuration.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "config/base/result.hpp"

namespace weft::ledger {

/// Reads a signed sequence of decimal numbers with units (ns, us, µs, ms, s, m, h), fractions allowed; "0" needs no unit.
/// Errors: `invalid_argument` for anything else, and beyond ±2^63 ns.
[[nodiscard]] result<std::chrono::nanoseconds> parse_duration(std::string_view text);

/// Writes a duration of whole milliseconds as Go prints it: 90000 ms is "1m30s", 1500 ms "1.5s", 0 "0s".
[[nodiscard]] std::string format_duration(std::chrono::milliseconds duration);

}  // namespace weft::ledger
