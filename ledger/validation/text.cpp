#include "ledger/validation/text.hpp"

#include "ledger/tx/fields.hpp"

namespace weft::ledger {
namespace {

/// Length of the UTF-8 sequence at `at`, or 0 when there is none.
std::size_t utf8_sequence(bytes_view raw, std::size_t at) noexcept {
  const auto lead = static_cast<unsigned char>(raw[at]);
  const std::size_t size = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  return raw.size() - at >= size && fields::valid_utf8(raw.substr(at, size)) ? size : 0;
}

void append_escaped(std::string& out, unsigned char byte) {
  constexpr char digits[] = "0123456789abcdef";
  out += "\\x";
  out += digits[byte >> 4];
  out += digits[byte & 15];
}

}  // namespace

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
