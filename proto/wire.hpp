// Looks into a serialized message without parsing it: finds the stored bytes of a field, so that they can be hashed as
// they arrived. Nothing is copied; every view points into the message that was given.
#pragma once

#include <cstdint>
#include <string_view>

namespace weft::proto {

enum class wire_type : std::uint8_t { varint = 0, fixed64 = 1, length_delimited = 2, group = 3, fixed32 = 5 };

/// One field as it stands in the message.
struct wire_field {
  std::uint32_t number = 0;  ///< 1 .. 2^29-1.
  wire_type type{};
  std::uint64_t value = 0;   ///< Varint and fixed types; zero otherwise.
  std::string_view payload;  ///< Length-delimited: the content. Group: all between its tags. Else empty.
  std::string_view stored;   ///< The whole field, tag included.
};

enum class wire_status : std::uint8_t {
  found,
  absent,     ///< The message is well-formed and has no such field of that type.
  malformed,  ///< Truncated, a bad tag or length, an overlong number, unbalanced or too deep groups.
};

/// Walks the fields of one message in stored order. Nested messages stay payloads: they may be well-formed or not.
/// Never reads outside the message, and takes time linear in its size.
class wire_reader {
 public:
  explicit wire_reader(std::string_view message) noexcept : rest_(message) {}
  /// `found` with the next field, `absent` at the end, `malformed` from the first fault on. `field` changes on `found` only.
  [[nodiscard]] wire_status next(wire_field& field) noexcept;

 private:
  std::string_view rest_;
  bool failed_ = false;
};

/// The stored content of bytes or text field `number`: the last occurrence, as parsers see it. (A field that is itself a message
/// would be merged by a parser if it came twice; signed and hashed fields of Fabric are of type bytes.)
/// The whole message is walked, so `found` and `absent` also mean that it is well-formed. A field of that number with another
/// wire type counts as unknown. `value` changes on `found` only; a present but empty field is `found`.
[[nodiscard]] wire_status find_bytes(std::string_view message, std::uint32_t number, std::string_view& value) noexcept;

/// The same for an integer, bool or enum field; negative numbers come as two's complement of 64 bits.
[[nodiscard]] wire_status find_varint(std::string_view message, std::uint32_t number, std::uint64_t& value) noexcept;

/// Calls `visit(const wire_field&)` for each field in stored order. False: malformed; the fields before the fault were visited.
template <class Visit>
[[nodiscard]] bool for_each_field(std::string_view message, Visit&& visit) {
  wire_reader reader(message);
  wire_field field;
  for (;;) {
    const wire_status status = reader.next(field);
    if (status != wire_status::found) return status == wire_status::absent;
    visit(static_cast<const wire_field&>(field));
  }
}

}  // namespace weft::proto
