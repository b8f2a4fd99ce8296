// Puts stored bytes into a message without copying them through a protobuf object: an envelope around a payload, a block around
// envelopes. The output is what `encode` would give: shortest varints, and nothing for a zero or empty value unless said otherwise.
// The caller writes fields in number order.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace weft::proto {

/// Appends a varint in its shortest form, 1 to 10 bytes.
inline void put_raw_varint(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<char>(value));
}

/// Bytes that a varint takes.
[[nodiscard]] constexpr std::size_t varint_size(std::uint64_t value) noexcept {
  std::size_t size = 1;
  for (; value >= 0x80; value >>= 7) ++size;
  return size;
}

/// Bytes that a present length-delimited field takes, tag included.
[[nodiscard]] constexpr std::size_t field_size(std::uint32_t number, std::size_t length) noexcept {
  return varint_size(std::uint64_t{number} << 3) + varint_size(length) + length;
}

/// Tag and length of a length-delimited field; the caller appends `length` bytes behind it.
inline void put_length(std::string& out, std::uint32_t number, std::size_t length) {
  put_raw_varint(out, std::uint64_t{number} << 3 | 2);
  put_raw_varint(out, length);
}

/// A field that is present even when it is empty: an embedded message, or an entry of a repeated field.
inline void put_present(std::string& out, std::uint32_t number, std::string_view content) {
  put_length(out, number, content.size());
  out.append(content);
}

/// A singular bytes or string field of proto3: nothing when empty.
inline void put_bytes(std::string& out, std::uint32_t number, std::string_view value) {
  if (!value.empty()) put_present(out, number, value);
}

/// A singular integer, bool or enum field of proto3: nothing when zero.
inline void put_varint(std::string& out, std::uint32_t number, std::uint64_t value) {
  if (value == 0) return;
  put_raw_varint(out, std::uint64_t{number} << 3);
  put_raw_varint(out, value);
}

}  // namespace weft::proto
