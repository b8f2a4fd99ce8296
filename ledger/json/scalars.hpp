// Bytes, times and names as text. Internal to ledger/json.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "config/base/bytes.hpp"
#include "config/base/result.hpp"

namespace weft::ledger::json {

/// Base64 with padding (RFC 4648 §4).
void append_base64(std::string& out, bytes_view data);
/// Line breaks inside are passed over, as Go does. Errors: `invalid_argument` with the position.
[[nodiscard]] result<bytes> from_base64(std::string_view text);

/// A JSON string with quotes. `<`, `>`, `&` and the two Unicode line separators are escaped too, as Go does; text that is no UTF-8 gets U+FFFD.
void append_string(std::string& out, std::string_view text);

/// "2026-11-20T11:07:49.016461618Z": no fraction, or one of 3, 6 or 9 digits. Errors: `invalid_argument` for nanoseconds out of range.
[[nodiscard]] result<std::string> time_text(std::int64_t seconds, std::int32_t nanoseconds);

struct time_value {
  std::int64_t seconds = 0;      ///< Since 1970, UTC.
  std::int32_t nanoseconds = 0;  ///< 0 .. 999,999,999
};
/// RFC 3339 with any fraction (digits after the ninth are dropped) and any offset. Errors: `invalid_argument`.
[[nodiscard]] result<time_value> parse_time(std::string_view text);

}  // namespace weft::ledger::json
