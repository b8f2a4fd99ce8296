#include "ledger/validation/text.hpp"

namespace weft::ledger {
namespace {

/// Length of the UTF-8 sequence at `at`, or 0 when there is none. RFC 3629 §4.
std::size_t utf8_sequence(bytes_view raw, std::size_t at) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(raw[at + i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  const std::size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || raw.size() - at < size) return 0;
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  const unsigned char second = byte(1);
  const bool overlong = (lead == 0xe0 && second < 0xa0) || (lead == 0xf0 && second < 0x90);
  const bool out_of_range = (lead == 0xed && second > 0x9f) || (lead == 0xf4 && second > 0x8f);
  return overlong || out_of_range ? 0 : size;
}

void append_escaped(std::string& out, unsigned char byte) {
  constexpr char digits[] = "0123456789abcdef";
  out += "\\x";
  out += digits[byte >> 4];
  out += digits[byte & 15];
}

}  // namespace

bool is_utf8(bytes_view raw) noexcept {
  for (std::size_t at = 0; at < raw.size();) {
    const std::size_t size = utf8_sequence(raw, at);
    if (size == 0) return false;
    at += size;
  }
  return true;
}

std::string printable(bytes_view raw, std::size_t max_bytes) {
  std::string out;
  for (std::size_t at = 0; at < raw.size();) {
    if (at >= max_bytes) return out + "…";
    const std::size_t size = utf8_sequence(raw, at);
    const auto byte = static_cast<unsigned char>(raw[at]);
    if (size == 0 || byte < 0x20 || byte == 0x7f) {
      append_escaped(out, byte);
      ++at;
    } else {
      out.append(raw.substr(at, size));
      at += size;
    }
  }
  return out;
}

std::string describe(const std::optional<version>& at) {
  if (!at) return "absent";
  return "block " + std::to_string(at->block.value) + ", transaction " + std::to_string(at->tx.value);
}

}  // namespace weft::ledger
