#include "ledger/channel/duration.hpp"

#include <cstdint>

namespace weft::ledger {
namespace {

struct unit {
  std::string_view name;
  std::int64_t nanoseconds;
};
// Longer names before their prefixes: "ms" is not "m" followed by "s".
constexpr unit units[] = {
    {"ns", 1},          {"us", 1'000},         {"\xc2\xb5s", 1'000}, {"\xce\xbcs", 1'000},
    {"ms", 1'000'000},  {"s", 1'000'000'000}, {"m", 60'000'000'000}, {"h", 3'600'000'000'000},
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Takes the digits at the front of `text` as a number. False: there are more than 64 bits hold.
bool take_digits(std::string_view& text, std::int64_t& value) {
  value = 0;
  for (; !text.empty() && is_digit(text.front()); text.remove_prefix(1))
    if (__builtin_mul_overflow(value, std::int64_t{10}, &value) || __builtin_add_overflow(value, text.front() - '0', &value)) return false;
  return true;
}

/// The digits behind a decimal point as a part of `nanoseconds`; digits below a nanosecond are cut.
std::int64_t fraction_of(std::string_view digits, std::int64_t nanoseconds) {
  std::int64_t sum = 0;
  for (const char digit : digits) {
    nanoseconds /= 10;  // what is lost here lies below a nanosecond
    sum += (digit - '0') * nanoseconds;
  }
  return sum;
}

tl::unexpected<error> bad_duration(std::string_view text) { return fail(errc::invalid_argument, "invalid duration \"" + std::string(text) + "\""); }

/// One number with its unit, taken from the front of `rest`. False: malformed or too large.
bool take_term(std::string_view& rest, std::int64_t& total) {
  const std::size_t before = rest.size();
  std::int64_t whole = 0;
  if (!take_digits(rest, whole)) return false;
  const bool has_whole = rest.size() != before;
  std::string_view fraction;
  if (!rest.empty() && rest.front() == '.') {
    rest.remove_prefix(1);
    std::size_t length = 0;
    while (length < rest.size() && is_digit(rest[length])) ++length;
    fraction = rest.substr(0, length);
    rest.remove_prefix(length);
  }
  if (!has_whole && fraction.empty()) return false;
  for (const unit& u : units) {
    if (!rest.starts_with(u.name)) continue;
    rest.remove_prefix(u.name.size());
    std::int64_t term = 0;
    return !__builtin_mul_overflow(whole, u.nanoseconds, &term) && !__builtin_add_overflow(term, fraction_of(fraction, u.nanoseconds), &term) &&
           !__builtin_add_overflow(total, term, &total);
  }
  return false;
}

}  // namespace

result<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  std::string_view rest = text;
  const bool negative = rest.starts_with('-');
  if (negative || rest.starts_with('+')) rest.remove_prefix(1);
  if (rest == "0") return std::chrono::nanoseconds{0};
  if (rest.empty()) return bad_duration(text);
  std::int64_t total = 0;
  while (!rest.empty())
    if (!take_term(rest, total)) return bad_duration(text);
  return std::chrono::nanoseconds{negative ? -total : total};
}

std::string format_duration(std::chrono::milliseconds duration) {
  std::int64_t ms = duration.count();
  if (ms == 0) return "0s";
  std::string out;
  if (ms < 0) {
    out = "-";
    ms = -ms;
  }
  if (ms < 1000) return out + std::to_string(ms) + "ms";
  const std::int64_t hours = ms / 3'600'000, minutes = ms / 60'000 % 60, seconds = ms / 1000 % 60;
  if (hours != 0) out += std::to_string(hours) + "h";
  if (hours != 0 || minutes != 0) out += std::to_string(minutes) + "m";
  out += std::to_string(seconds);
  if (ms % 1000 != 0) {
    std::string fraction = std::to_string(1000 + ms % 1000).substr(1);
    fraction.erase(fraction.find_last_not_of('0') + 1);
    out += "." + fraction;
  }
  return out + "s";
}

}  // namespace weft::ledger
