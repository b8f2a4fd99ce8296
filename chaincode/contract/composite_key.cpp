#include "chaincode/contract/contract.hpp"

namespace weft::chaincode {
namespace {

constexpr char separator = '\0';

/// Length of the UTF-8 sequence at `i` and its code point; 0 for what is no UTF-8 (overlong forms and surrogates included).
std::size_t sequence_at(std::string_view text, std::size_t i, std::uint32_t& point) {
  const auto byte = [&](std::size_t k) { return static_cast<unsigned char>(text[k]); };
  const unsigned char lead = byte(i);
  const std::size_t length = lead < 0x80 ? 1 : lead >= 0xC2 && lead < 0xE0 ? 2 : (lead & 0xF0) == 0xE0 ? 3 : lead >= 0xF0 && lead < 0xF5 ? 4 : 0;
  if (length == 0 || i + length > text.size()) return 0;
  static constexpr unsigned char lead_bits[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
  point = lead & lead_bits[length];
  for (std::size_t k = 1; k < length; ++k) {
    if ((byte(i + k) & 0xC0) != 0x80) return 0;
    point = point << 6 | (byte(i + k) & 0x3Fu);
  }
  static constexpr std::uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = point >= 0xD800 && point < 0xE000;
  return point < smallest[length] || point > 0x10FFFF || surrogate ? 0 : length;
}

/// Types and attributes: UTF-8 without the two characters that delimit composite keys.
result<void> check_part(std::string_view part) {
  for (std::size_t i = 0; i < part.size();) {
    std::uint32_t point = 0;
    const std::size_t length = sequence_at(part, i, point);
    if (length == 0) return fail(errc::invalid_argument, "not a valid utf8 string: [" + to_hex(part) + "]");
    if (point == 0 || point == 0x10FFFF) {
      return fail(errc::invalid_argument, std::string("input contains unicode ") + (point == 0 ? "U+0000" : "U+10FFFF") + " starting at position [" +
                                              std::to_string(i) + "]. U+0000 and U+10FFFF are not allowed in the input attribute of a composite key");
    }
    i += length;
  }
  return {};
}

}  // namespace

bool valid_key_text(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    std::uint32_t point = 0;
    const std::size_t length = sequence_at(text, i, point);
    if (length == 0) return false;
    i += length;
  }
  return true;
}

result<std::string> make_composite_key(std::string_view object_type, const std::vector<std::string>& attributes) {
  WEFT_CHECK(check_part(object_type));
  std::string key(1, separator);
  key.append(object_type).push_back(separator);
  for (const auto& attribute : attributes) {
    WEFT_CHECK(check_part(attribute));
    key.append(attribute).push_back(separator);
  }
  return key;
}

result<std::vector<std::string>> split_composite_key(std::string_view key) {
  if (key.size() < 2 || key.front() != separator || key.back() != separator) {
    return fail(errc::invalid_argument, "not a composite key: [" + to_hex(key) + "]");
  }
  std::vector<std::string> parts;
  for (std::size_t begin = 1; begin < key.size();) {
    const std::size_t end = key.find(separator, begin);
    parts.emplace_back(key.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

}  // namespace weft::chaincode
