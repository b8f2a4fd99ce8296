// Encoding: https://protobuf.dev/programming-guides/encoding/
#include "proto/wire.hpp"

#include <array>
#include <cstddef>

namespace weft::proto {

namespace {

constexpr std::uint32_t number_max = (1u << 29) - 1;
constexpr std::size_t group_depth_max = 100;  // as deep as decode() goes
constexpr unsigned end_group = 4;

bool take_varint(std::string_view& rest, std::uint64_t& value) noexcept {
  std::uint64_t result = 0;
  for (unsigned i = 0; i < 10; ++i) {
    if (i >= rest.size()) return false;
    const auto byte = static_cast<unsigned char>(rest[i]);
    if (i == 9 && byte > 1) return false;  // would not fit in 64 bits
    result |= std::uint64_t{byte & 0x7fu} << (7 * i);
    if (byte < 0x80) {
      rest.remove_prefix(i + 1);
      value = result;
      return true;
    }
  }
  return false;
}

bool take_fixed(std::string_view& rest, std::size_t width, std::uint64_t& value) noexcept {
  if (rest.size() < width) return false;
  value = 0;
  for (std::size_t i = 0; i < width; ++i) value |= std::uint64_t{static_cast<unsigned char>(rest[i])} << (8 * i);
  rest.remove_prefix(width);
  return true;
}

bool take_tag(std::string_view& rest, std::uint32_t& number, unsigned& type) noexcept {
  const std::size_t before = rest.size();
  std::uint64_t tag = 0;
  if (!take_varint(rest, tag) || before - rest.size() > 5) return false;
  if ((tag >> 3) == 0 || (tag >> 3) > number_max) return false;
  number = static_cast<std::uint32_t>(tag >> 3);
  type = static_cast<unsigned>(tag & 7);
  return true;
}

/// Everything but groups.
bool take_value(std::string_view& rest, unsigned type, std::uint64_t& value, std::string_view& payload) noexcept {
  switch (type) {
    case 0:
      return take_varint(rest, value);
    case 1:
      return take_fixed(rest, 8, value);
    case 5:
      return take_fixed(rest, 4, value);
    case 2: {
      std::uint64_t length = 0;
      if (!take_varint(rest, length) || length > rest.size()) return false;
      payload = rest.substr(0, static_cast<std::size_t>(length));
      rest.remove_prefix(static_cast<std::size_t>(length));
      return true;
    }
    default:
      return false;
  }
}

/// Up to and including the end tag of group `number`; without recursion, so that depth costs no stack.
bool take_group(std::string_view& rest, std::uint32_t number, std::string_view& payload) noexcept {
  std::array<std::uint32_t, group_depth_max> open{};
  std::size_t depth = 0;
  open[depth++] = number;
  const char* const begin = rest.data();
  for (;;) {
    const char* const here = rest.data();
    std::uint32_t inner = 0;
    unsigned type = 0;
    if (!take_tag(rest, inner, type)) return false;
    if (type == static_cast<unsigned>(wire_type::group)) {
      if (depth == group_depth_max) return false;
      open[depth++] = inner;
    } else if (type == end_group) {
      if (open[--depth] != inner) return false;
      if (depth == 0) {
        payload = std::string_view(begin, static_cast<std::size_t>(here - begin));
        return true;
      }
    } else {
      std::uint64_t value = 0;
      std::string_view content;
      if (!take_value(rest, type, value, content)) return false;
    }
  }
}

template <class Take>
wire_status find_last(std::string_view message, std::uint32_t number, wire_type type, Take take) noexcept {
  wire_status status = wire_status::absent;
  const bool whole = for_each_field(message, [&](const wire_field& field) {
    if (field.number != number || field.type != type) return;
    take(field);
    status = wire_status::found;
  });
  return whole ? status : wire_status::malformed;
}

}  // namespace

wire_status wire_reader::next(wire_field& field) noexcept {
  if (failed_) return wire_status::malformed;
  if (rest_.empty()) return wire_status::absent;
  std::string_view rest = rest_;
  wire_field read;
  unsigned type = 0;
  const bool ok = take_tag(rest, read.number, type) &&
                  (type == static_cast<unsigned>(wire_type::group) ? take_group(rest, read.number, read.payload)
                                                                   : take_value(rest, type, read.value, read.payload));
  if (!ok) {
    failed_ = true;
    return wire_status::malformed;
  }
  read.type = static_cast<wire_type>(type);
  read.stored = rest_.substr(0, rest_.size() - rest.size());
  rest_ = rest;
  field = read;
  return wire_status::found;
}

wire_status find_bytes(std::string_view message, std::uint32_t number, std::string_view& value) noexcept {
  std::string_view last;
  const auto status = find_last(message, number, wire_type::length_delimited, [&](const wire_field& f) { last = f.payload; });
  if (status == wire_status::found) value = last;
  return status;
}

wire_status find_varint(std::string_view message, std::uint32_t number, std::uint64_t& value) noexcept {
  std::uint64_t last = 0;
  const auto status = find_last(message, number, wire_type::varint, [&](const wire_field& f) { last = f.value; });
  if (status == wire_status::found) value = last;
  return status;
}

}  // namespace weft::proto
