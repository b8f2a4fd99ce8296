#include "config/base/bytes.hpp"

#include <utility>

#include "config/base/assert.hpp"

namespace weft {

std::string_view to_string(errc code) noexcept {
  switch (code) {
    case errc::invalid_argument: return "invalid_argument";
    case errc::not_found: return "not_found";
    case errc::already_exists: return "already_exists";
    case errc::permission_denied: return "permission_denied";
    case errc::failed_precondition: return "failed_precondition";
    case errc::conflict: return "conflict";
    case errc::not_leader: return "not_leader";
    case errc::busy: return "busy";
    case errc::unavailable: return "unavailable";
    case errc::timeout: return "timeout";
    case errc::corruption: return "corruption";
    case errc::io: return "io";
    case errc::unsupported: return "unsupported";
    case errc::internal: return "internal";
  }
  return "unknown";
}

shared_bytes::shared_bytes(bytes data) : owner_(std::make_shared<const bytes>(std::move(data))), view_(*owner_) {}

shared_bytes::shared_bytes(const shared_bytes& owner, bytes_view part) : owner_(owner.owner_), view_(part) {
  WEFT_ASSERT(part.empty() || (owner_ && part.data() >= owner_->data() && part.data() + part.size() <= owner_->data() + owner_->size()),
              "a slice lies inside its owner's buffer");
}

std::string to_hex(bytes_view data) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  out.reserve(data.size() * 2);
  for (unsigned char c : data) {
    out.push_back(digits[c >> 4]);
    out.push_back(digits[c & 15]);
  }
  return out;
}

namespace {
int digit_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}
}  // namespace

result<bytes> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return fail(errc::invalid_argument, "hexadecimal text has an odd number of digits");
  bytes out;
  out.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = digit_value(text[i]), low = digit_value(text[i + 1]);
    if (high < 0 || low < 0) return fail(errc::invalid_argument, "not a hexadecimal digit at offset " + std::to_string(i));
    out.push_back(static_cast<char>(high << 4 | low));
  }
  return out;
}

}  // namespace weft
