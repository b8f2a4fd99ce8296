#include "config/yaml/scalars.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

namespace weft::config {

namespace {

template <class Number>
std::optional<Number> whole(std::string_view text, int base) {
  Number n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n, base);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return n;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view take_while(std::string_view& text, bool (*wanted)(char)) {
  const auto end = static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), wanted) - text.begin());
  const auto taken = text.substr(0, end);
  text.remove_prefix(end);
  return taken;
}

std::optional<std::uint64_t> nanoseconds_of(std::string_view unit) {
  if (unit == "ns") return 1;
  if (unit == "us" || unit == "\xc2\xb5s" || unit == "\xce\xbcs") return 1'000;  // both Unicode micros
  if (unit == "ms") return 1'000'000;
  if (unit == "s") return 1'000'000'000;
  if (unit == "m") return 60'000'000'000;
  if (unit == "h") return 3'600'000'000'000;
  return std::nullopt;
}

/// One "1.5s" from the front of `text`, in nanoseconds.
std::optional<std::uint64_t> take_duration(std::string_view& text) {
  constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  const auto before = take_while(text, is_digit);
  std::string_view after;
  if (!text.empty() && text[0] == '.') {
    text.remove_prefix(1);
    after = take_while(text, is_digit);
  }
  const auto unit = nanoseconds_of(take_while(text, [](char c) { return !is_digit(c) && c != '.'; }));
  const auto number = before.empty() ? std::optional<std::uint64_t>(0) : whole<std::uint64_t>(before, 10);
  if ((before.empty() && after.empty()) || !unit || !number || *number > most / *unit) return std::nullopt;
  std::uint64_t total = *number * *unit, place = *unit;
  for (const char c : after) total += static_cast<std::uint64_t>(c - '0') * (place /= 10);
  return total <= most ? std::optional(total) : std::nullopt;
}

}  // namespace

std::optional<std::uint64_t> parse_unsigned(std::string_view text) {
  if (text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) return whole<std::uint64_t>(text.substr(2), 16);
  return whole<std::uint64_t>(text, 10);
}

std::optional<std::int64_t> parse_signed(std::string_view text) { return whole<std::int64_t>(text, 10); }

std::optional<bool> parse_switch(std::string_view text) {
  for (const auto* word : {"true", "yes", "on", "y", "false", "no", "off", "n"}) {
    std::string small(word), capital = small, upper = small;
    capital[0] = static_cast<char>(capital[0] - 'a' + 'A');
    for (auto& c : upper) c = static_cast<char>(c - 'a' + 'A');
    if (text == small || text == capital || text == upper) return small == "true" || small == "yes" || small == "on" || small == "y";
  }
  return std::nullopt;
}

std::optional<std::chrono::nanoseconds> parse_go_duration(std::string_view text) {
  const bool negative = !text.empty() && text[0] == '-';
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  if (text == "0") return std::chrono::nanoseconds(0);
  if (text.empty()) return std::nullopt;
  std::int64_t total = 0;
  while (!text.empty()) {
    const auto part = take_duration(text);
    if (!part || *part > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max() - total)) return std::nullopt;
    total += static_cast<std::int64_t>(*part);
  }
  return std::chrono::nanoseconds(negative ? -total : total);
}

std::optional<std::uint64_t> parse_byte_size(std::string_view text) {
  const auto digits = take_while(text, is_digit);
  const auto number = whole<std::uint64_t>(digits, 10);
  if (!number) return std::nullopt;
  if (text.empty()) return number;
  take_while(text, [](char c) { return c == ' '; });
  if (text.empty()) return std::nullopt;
  const char unit = static_cast<char>(text[0] | 0x20);
  const unsigned shift = unit == 'k' ? 10 : unit == 'm' ? 20 : unit == 'g' ? 30 : 0;
  text.remove_prefix(1);
  if (text.size() == 2 && (text[0] | 0x20) == 'i') text.remove_prefix(1);
  if (shift == 0 || text.size() > 1 || (text.size() == 1 && (text[0] | 0x20) != 'b')) return std::nullopt;
  if (*number > (std::numeric_limits<std::uint64_t>::max() >> shift)) return std::nullopt;
  return *number << shift;
}

}  // namespace weft::config
