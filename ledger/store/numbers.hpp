// Numbers as fixed bytes: little-endian in files, big-endian in keys, where byte order must be the order of the numbers.
#pragma once

#include <concepts>

#include "config/base/bytes.hpp"

namespace weft::ledger {

template <std::unsigned_integral T>
void put_little(bytes& out, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) out.push_back(static_cast<char>((value >> (8 * i)) & 0xff));
}
/// `in` holds at least sizeof(T) bytes.
template <std::unsigned_integral T>
[[nodiscard]] T get_little(bytes_view in) {
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) value = static_cast<T>(value | static_cast<T>(static_cast<unsigned char>(in[i])) << (8 * i));
  return value;
}

template <std::unsigned_integral T>
void put_big(bytes& out, T value) {
  for (std::size_t i = sizeof(T); i-- > 0;) out.push_back(static_cast<char>((value >> (8 * i)) & 0xff));
}
/// `in` holds at least sizeof(T) bytes.
template <std::unsigned_integral T>
[[nodiscard]] T get_big(bytes_view in) {
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i)
    value = static_cast<T>(value | static_cast<T>(static_cast<unsigned char>(in[i])) << (8 * (sizeof(T) - 1 - i)));
  return value;
}

}  // namespace weft::ledger
