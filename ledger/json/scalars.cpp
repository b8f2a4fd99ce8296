#include "ledger/json/scalars.hpp"

#include <array>
#include <chrono>
#include <cstdio>

namespace weft::ledger::json {

namespace {

constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr auto digit_values = [] {
  std::array<std::int8_t, 256> out{};
  out.fill(-1);
  for (std::size_t i = 0; i < digits.size(); ++i) out[static_cast<unsigned char>(digits[i])] = static_cast<std::int8_t>(i);
  return out;
}();

auto bad_base64(std::size_t at) { return fail(errc::invalid_argument, "illegal base64 data at input byte " + std::to_string(at)); }

/// Bytes of the UTF-8 character at the front of `text`; 0 if there is none.
std::size_t character_size(std::string_view text) {
  const auto at = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const auto tail = [&](std::size_t i) { return (at(i) & 0xC0) == 0x80; };
  const unsigned first = at(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return tail(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const bool overlong = first == 0xE0 && at(1) < 0xA0;
    const bool surrogate = first == 0xED && at(1) >= 0xA0;
    return tail(1) && tail(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool overlong = first == 0xF0 && at(1) < 0x90;
    const bool beyond = first == 0xF4 && at(1) >= 0x90;
    return tail(1) && tail(2) && tail(3) && !overlong && !beyond ? 4 : 0;
  }
  return 0;
}

void append_escape(std::string& out, unsigned code) {
  char text[8];
  std::snprintf(text, sizeof text, "\\u%04x", code);
  out += text;
}

void append_ascii(std::string& out, char c) {
  switch (c) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\b': out += "\\b"; return;
    case '\f': out += "\\f"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default: break;
  }
  if (static_cast<unsigned char>(c) < 0x20 || c == '<' || c == '>' || c == '&') append_escape(out, static_cast<unsigned char>(c));
  else out.push_back(c);
}

struct civil {
  std::int64_t year;
  unsigned month, day;
};

/// std::chrono's years end at 32767, a timestamp's do not. Days are counted in eras of 400 years that begin in March.
civil civil_from_days(std::int64_t days) {
  days += 719'468;
  const std::int64_t era = (days >= 0 ? days : days - 146'096) / 146'097;
  const auto day_of_era = static_cast<unsigned>(days - era * 146'097);
  const unsigned year_of_era = (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const unsigned shifted = (5 * day_of_year + 2) / 153;
  const unsigned month = shifted < 10 ? shifted + 3 : shifted - 9;
  return {static_cast<std::int64_t>(year_of_era) + era * 400 + (month <= 2 ? 1 : 0), month, day_of_year - (153 * shifted + 2) / 5 + 1};
}

/// Reads fixed-width numbers and separators off the front of a text.
class time_reader {
 public:
  explicit time_reader(std::string_view text) : rest_(text) {}
  int number(std::size_t width) {
    int value = 0;
    if (rest_.size() < width) good_ = false;
    for (std::size_t i = 0; good_ && i < width; ++i) {
      good_ = rest_[i] >= '0' && rest_[i] <= '9';
      value = value * 10 + (rest_[i] - '0');
    }
    if (good_) rest_.remove_prefix(width);
    return good_ ? value : 0;
  }
  void expect(char c) { good_ = take(c) && good_; }
  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  /// Nanoseconds of a fraction without its point.
  int fraction() {
    int value = 0, place = 100'000'000;
    good_ = good_ && !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9';
    for (; !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9'; rest_.remove_prefix(1), place /= 10) value += (rest_.front() - '0') * place;
    return value;
  }
  [[nodiscard]] bool good() const { return good_; }
  [[nodiscard]] bool done() const { return good_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool good_ = true;
};

}  // namespace

void append_base64(std::string& out, bytes_view data) {
  out.reserve(out.size() + (data.size() + 2) / 3 * 4);
  const auto at = [&](std::size_t i) { return i < data.size() ? static_cast<unsigned char>(data[i]) : 0u; };
  for (std::size_t i = 0; i < data.size(); i += 3) {
    const unsigned triple = at(i) << 16 | at(i + 1) << 8 | at(i + 2);
    out.push_back(digits[triple >> 18]);
    out.push_back(digits[triple >> 12 & 63]);
    out.push_back(i + 1 < data.size() ? digits[triple >> 6 & 63] : '=');
    out.push_back(i + 2 < data.size() ? digits[triple & 63] : '=');
  }
}

result<bytes> from_base64(std::string_view text) {
  bytes out;
  out.reserve(text.size() / 4 * 3);
  unsigned bits = 0, held = 0, padding = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n' || c == '\r') continue;
    const bool pad = c == '=' && held + padding >= 2;
    const int value = digit_values[static_cast<unsigned char>(c)];
    if ((!pad && (value < 0 || padding > 0)) || held + padding >= 4) return bad_base64(i);
    if (pad) ++padding;
    else bits = bits << 6 | static_cast<unsigned>(value), ++held;
    if (held + padding < 4) continue;
    bits <<= 6 * padding;
    const char triple[] = {static_cast<char>(bits >> 16), static_cast<char>(bits >> 8), static_cast<char>(bits)};
    out.append(triple, held - 1);
    if (padding == 0) bits = held = 0;
  }
  if (padding == 0 ? held != 0 : held + padding != 4) return bad_base64(text.size());
  return out;
}

void append_string(std::string& out, std::string_view text) {
  out.push_back('"');
  while (!text.empty()) {
    const std::size_t size = character_size(text);
    const auto character = text.substr(0, size);
    if (size == 1) append_ascii(out, text.front());
    else if (size == 0) out += "\\ufffd";
    else if (character == "\u2028" || character == "\u2029") append_escape(out, character == "\u2028" ? 0x2028 : 0x2029);
    else out += character;
    text.remove_prefix(size == 0 ? 1 : size);
  }
  out.push_back('"');
}

result<std::string> time_text(std::int64_t seconds, std::int32_t nanoseconds) {
  if (nanoseconds < 0 || nanoseconds > 999'999'999) return fail(errc::invalid_argument, "ns out of range [0, 1000000000)");
  const bool before_day = seconds % 86'400 < 0;  // division rounds towards zero, days begin below
  const std::int64_t days = seconds / 86'400 - (before_day ? 1 : 0);
  const auto second = static_cast<int>(seconds % 86'400 + (before_day ? 86'400 : 0));
  const auto date = civil_from_days(days);
  char text[64];
  std::snprintf(text, sizeof text, "%s%04lld-%02u-%02uT%02d:%02d:%02d.%09d", date.year < 0 ? "-" : "",
                static_cast<long long>(date.year < 0 ? -date.year : date.year), date.month, date.day, second / 3'600, second / 60 % 60, second % 60,
                nanoseconds);
  std::string out(text);
  for (const char* end : {"000", "000", ".000"}) {
    if (out.ends_with(end)) out.resize(out.size() - std::string_view(end).size());
  }
  return out + "Z";
}

result<time_value> parse_time(std::string_view text) {
  using namespace std::chrono;
  const auto bad = [&] {
    return fail(errc::invalid_argument, "bad Timestamp: \"" + std::string(text.substr(0, 64)) + "\" is not of the form 2026-11-20T11:07:49.016Z");
  };
  time_reader in(text);
  const int years = in.number(4);
  in.expect('-');
  const int months = in.number(2);
  in.expect('-');
  const int days_of_month = in.number(2);
  in.expect('T');
  const int hour = in.number(2);
  in.expect(':');
  const int minute = in.number(2);
  in.expect(':');
  const int second = in.number(2);
  const int nanoseconds = in.good() && in.take('.') ? in.fraction() : 0;
  int offset_minutes = 0;
  if (!in.take('Z')) {
    const bool east = in.take('+');
    if (!east) in.expect('-');
    const int hours_off = in.number(2);
    in.expect(':');
    const int minutes_off = in.number(2);
    if (hours_off > 23 || minutes_off > 59) return bad();
    offset_minutes = (hours_off * 60 + minutes_off) * (east ? 1 : -1);
  }
  const year_month_day date{year{years}, month{static_cast<unsigned>(months)}, day{static_cast<unsigned>(days_of_month)}};
  if (!in.done() || !date.ok() || hour > 23 || minute > 59 || second > 59) return bad();
  const std::int64_t day_number = sys_days(date).time_since_epoch().count();
  return time_value{((day_number * 24 + hour) * 60 + minute - offset_minutes) * 60 + second, nanoseconds};
}

}  // namespace weft::ledger::json
