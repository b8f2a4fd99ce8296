// What people write for numbers, switches, durations and sizes. Pure; nothing for text that is none.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weft::config {

/// Decimal, or "0x…". No sign, no spaces.
[[nodiscard]] std::optional<std::uint64_t> parse_unsigned(std::string_view text);
[[nodiscard]] std::optional<std::int64_t> parse_signed(std::string_view text);
/// true/false, yes/no, on/off, y/n, as YAML 1.1 has them: lower, Capitalised or UPPER.
[[nodiscard]] std::optional<bool> parse_switch(std::string_view text);
/// As Go writes them: "2s", "500ms", "1h30m", "1.5s", "-2s", "0". Units ns, us, µs, ms, s, m, h.
[[nodiscard]] std::optional<std::chrono::nanoseconds> parse_go_duration(std::string_view text);
/// Bytes: "512", "512 KB", "10MB", "2 g", "90 MiB". As in Fabric, K, M and G are powers of 1024, with or without "B".
[[nodiscard]] std::optional<std::uint64_t> parse_byte_size(std::string_view text);

}  // namespace weft::config
