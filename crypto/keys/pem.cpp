#include "crypto/keys/pem.hpp"

#include <array>

namespace weft::crypto::pem {

namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view begin_mark = "-----BEGIN ", end_mark = "-----END ", dashes = "-----";
constexpr std::size_t label_bytes_max = 64;

constexpr std::array<signed char, 256> digit_values = [] {
  std::array<signed char, 256> values{};
  values.fill(-1);
  for (std::size_t i = 0; i < alphabet.size(); ++i) values[static_cast<unsigned char>(alphabet[i])] = static_cast<signed char>(i);
  return values;
}();

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool is_blank(std::string_view text) {
  for (const char c : text)
    if (!is_space(c)) return false;
  return true;
}

/// Base64 with white space between digits; padding must be complete and last.
result<bytes> decode_base64(std::string_view text) {
  bytes out;
  out.reserve(text.size() / 4 * 3);
  std::uint32_t bits = 0;
  int digits = 0, padding = 0;
  for (const char c : text) {
    if (is_space(c)) continue;
    const int value = c == '=' ? 0 : digit_values[static_cast<unsigned char>(c)];
    if (c == '=') ++padding;
    if (value < 0 || (padding > 0 && c != '=') || padding > 2) return fail(errc::invalid_argument, "PEM block holds a character that is no base64");
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    if (++digits % 4 != 0) continue;
    out.push_back(static_cast<char>(bits >> 16 & 0xff));
    if (padding < 2) out.push_back(static_cast<char>(bits >> 8 & 0xff));
    if (padding < 1) out.push_back(static_cast<char>(bits & 0xff));
  }
  if (digits % 4 != 0) return fail(errc::invalid_argument, "PEM block's base64 is cut short");
  return out;
}

/// Where the next BEGIN mark stands at the start of a line.
std::size_t find_begin(std::string_view text) {
  for (std::size_t at = text.find(begin_mark); at != text.npos; at = text.find(begin_mark, at + 1))
    if (at == 0 || text[at - 1] == '\n') return at;
  return text.npos;
}

}  // namespace

result<std::optional<block>> next(std::string_view& text) {
  const auto begin = find_begin(text);
  if (begin == text.npos) return std::optional<block>();
  std::string_view rest = text.substr(begin + begin_mark.size());
  const auto label_end = rest.substr(0, label_bytes_max + dashes.size()).find(dashes);
  if (label_end == rest.npos) return fail(errc::invalid_argument, "PEM block's first line is malformed");
  block b{std::string(rest.substr(0, label_end)), {}};
  rest.remove_prefix(label_end + dashes.size());
  const std::string closing = std::string(end_mark) + b.label + std::string(dashes);
  const auto end = rest.find(dashes);
  if (end == rest.npos || rest.substr(end, closing.size()) != closing) return fail(errc::invalid_argument, "PEM block " + b.label + " has no end");
  auto der = decode_base64(rest.substr(0, end));
  if (!der) return fail(within("PEM block " + b.label, std::move(der).error()));
  b.der = std::move(*der);
  text = rest.substr(end + closing.size());
  return std::optional<block>(std::move(b));
}

result<block> only(std::string_view text) {
  const auto begin = find_begin(text);
  if (begin == text.npos) return fail(errc::invalid_argument, "no PEM block");
  if (!is_blank(text.substr(0, begin))) return fail(errc::invalid_argument, "text before the PEM block");
  WEFT_TRY(auto found, next(text));
  if (!is_blank(text)) return fail(errc::invalid_argument, "bytes after the PEM block");
  return std::move(*found);
}

std::string encode(std::string_view label, bytes_view der) {
  std::string out = std::string(begin_mark) + std::string(label) + std::string(dashes) + "\n";
  std::size_t column = 0;
  for (std::size_t i = 0; i < der.size(); i += 3) {
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < 3; ++k) bits = bits << 8 | (i + k < der.size() ? static_cast<unsigned char>(der[i + k]) : 0u);
    for (std::size_t k = 0; k < 4; ++k) out.push_back(i + k <= der.size() ? alphabet[bits >> (18 - 6 * k) & 63] : '=');
    if ((column += 4) == 64) out.push_back('\n'), column = 0;
  }
  if (column != 0) out.push_back('\n');
  return out + std::string(end_mark) + std::string(label) + std::string(dashes) + "\n";
}

}  // namespace weft::crypto::pem
