// BASP frames, written by hand.
#pragma once

#include <string>

#include "config/base/bytes.hpp"

namespace weft::testing {

/// A process as BASP writes it.
inline bytes mark(char which) { return "default!" + bytes(24, which); }

struct frame_fields {
  std::uint8_t flags = 0;
  std::uint64_t data = 0, source = 0, destination = 0;
};

inline bytes big_endian(std::uint64_t value, int size) {
  bytes out;
  for (int shift = 8 * (size - 1); shift >= 0; shift -= 8) out += static_cast<char>(value >> shift);
  return out;
}

inline bytes header(std::uint8_t operation, std::uint32_t payload, const frame_fields& f) {
  return bytes(1, static_cast<char>(operation)) + bytes(2, '\0') + bytes(1, static_cast<char>(f.flags)) + big_endian(payload, 4) + big_endian(f.data, 8) +
         big_endian(f.source, 8) + big_endian(f.destination, 8);
}
inline bytes frame(std::uint8_t operation, const bytes& payload, const frame_fields& f) {
  return header(operation, static_cast<std::uint32_t>(payload.size()), f) + payload;
}

/// The beginning of a message: its types.
inline bytes types(const bytes& names) {
  const bytes all = "@<>" + names;
  bytes length;
  for (auto n = all.size();; n >>= 7) {
    if (n < 128) {
      length += static_cast<char>(n);
      break;
    }
    length += static_cast<char>((n & 127) | 128);
  }
  return bytes(2, '\0') + length + all;
}
inline bytes message(const bytes& names, const bytes& values, const frame_fields& f = {0, 0, 9, 5}) {
  return frame(2, bytes(1, '\0') + types(names) + values, f);
}
inline bytes heartbeat() { return header(6, 0, {}); }
inline bytes client_handshake(const bytes& who) { return frame(1, who, {}); }
/// As tunnels wrap it.
inline bytes piece(const bytes& content) { return big_endian(content.size(), 4) + content; }
inline bytes server_handshake(const bytes& who) { return frame(0, who + bytes(20, '\0'), {.data = 4}); }

}  // namespace weft::testing
