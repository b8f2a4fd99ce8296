// Reading Fabric's messages field by field, in place, with the semantics of Go's protobuf. Used by the parsers of tx/ and block/.
//
// A singular field that comes twice: the last value counts; an embedded message is merged, which means that a reader which visits
// every occurrence in order and lets later fields overwrite earlier ones sees the same. A known field of another wire type is unknown.
// Text must be UTF-8, or the whole message is refused.
#pragma once

#include <cstdint>
#include <string>

#include "config/base/bytes.hpp"
#include "proto/wire.hpp"

namespace weft::ledger::fields {

using proto::wire_field;

/// True if the text is UTF-8 as Go understands it: no overlong forms, no surrogates, nothing above U+10FFFF.
[[nodiscard]] bool valid_utf8(bytes_view text) noexcept;

/// Calls `visit(field) -> bool` on every field. False: the message is malformed, or a visit said so.
template <class Visit>
[[nodiscard]] bool walk(bytes_view message, Visit&& visit) {
  proto::wire_reader reader(message);
  wire_field field;
  for (;;) {
    const auto status = reader.next(field);
    if (status != proto::wire_status::found) return status == proto::wire_status::absent;
    if (!visit(static_cast<const wire_field&>(field))) return false;
  }
}

/// Field `number` as bytes, text or embedded message.
[[nodiscard]] inline bool is_block(const wire_field& f, std::uint32_t number) noexcept {
  return f.number == number && f.type == proto::wire_type::length_delimited;
}
/// Field `number` as integer, bool or enum.
[[nodiscard]] inline bool is_number(const wire_field& f, std::uint32_t number) noexcept {
  return f.number == number && f.type == proto::wire_type::varint;
}

/// Takes a text field. False: no UTF-8.
template <class Text>
[[nodiscard]] bool take_text(const wire_field& f, Text& out) {
  if (!valid_utf8(f.payload)) return false;
  out = f.payload;
  return true;
}

}  // namespace weft::ledger::fields
