// The part of DER (X.690) that keys, signatures and certificates need: a strict reader and a writer. No OpenSSL.
#pragma once

#include <initializer_list>
#include <optional>

#include "config/base/bytes.hpp"

namespace weft::crypto::der {

inline constexpr unsigned char boolean_tag = 0x01, integer_tag = 0x02, bit_string_tag = 0x03, octet_string_tag = 0x04, oid_tag = 0x06,
                               utf8_tag = 0x0c, printable_tag = 0x13, utc_time_tag = 0x17, generalized_time_tag = 0x18,
                               sequence_tag = 0x30, set_tag = 0x31;
/// Tag [n], constructed or primitive.
[[nodiscard]] constexpr unsigned char context_tag(unsigned n, bool constructed = true) {
  return static_cast<unsigned char>((constructed ? 0xa0u : 0x80u) | n);
}

struct element {
  unsigned char tag = 0;
  bytes_view body;   ///< Without tag and length.
  bytes_view whole;  ///< With them.
};

/// Reads one element after another. Strict: definite lengths in the fewest bytes, one-byte tags, nothing beyond the end.
/// Views point into the bytes that were given.
class reader {
 public:
  explicit reader(bytes_view data) : rest_(data) {}
  /// Nothing if the bytes ahead are no element; the reader then stays where it is.
  [[nodiscard]] std::optional<element> next();
  /// The next element if it has this tag, else nothing and the reader stays.
  [[nodiscard]] std::optional<element> next(unsigned char tag);
  [[nodiscard]] bool done() const noexcept { return rest_.empty(); }

 private:
  bytes_view rest_;
};

/// The only element of `data`, if it has this tag and nothing follows it.
[[nodiscard]] std::optional<element> only(bytes_view data, unsigned char tag);
/// Magnitude of a positive INTEGER's body without leading zeros (empty for zero). Nothing if negative or not minimal.
[[nodiscard]] std::optional<bytes_view> magnitude(bytes_view integer_body);
/// Bytes of a BIT STRING's body that uses all its bits.
[[nodiscard]] std::optional<bytes_view> whole_bits(bytes_view bit_string_body);

/// Tag, length and the parts, one after the other.
[[nodiscard]] bytes tlv(unsigned char tag, std::initializer_list<bytes_view> parts);
[[nodiscard]] inline bytes sequence(std::initializer_list<bytes_view> parts) { return tlv(sequence_tag, parts); }
/// INTEGER from a big-endian magnitude, leading zeros allowed.
[[nodiscard]] bytes integer(bytes_view big_endian);
[[nodiscard]] bytes octet_string(bytes_view data);
[[nodiscard]] bytes bit_string(bytes_view data);

}  // namespace weft::crypto::der
