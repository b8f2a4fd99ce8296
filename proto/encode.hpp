// The one place where weft turns a protobuf message into bytes, and back.
#pragma once

#include <string>
#include <string_view>

namespace google::protobuf {
class MessageLite;
}

namespace weft::proto {

/// Nesting that `decode` follows. Fabric's deepest honest message, a nested policy or configuration tree, stays below 30.
inline constexpr int decode_depth_max = 100;

/// The message's bytes: fields in number order, map entries in key order, so equal messages give equal bytes in every
/// process. (Without the ordering protobuf writes maps in the order of addresses.) Unknown fields that were parsed come last.
/// Not for what was signed or hashed elsewhere: digest the bytes that arrived.
/// Throws std::length_error above 2 GiB, protobuf's own bound. Thread-safe.
[[nodiscard]] std::string encode(const google::protobuf::MessageLite& message);

/// Replaces `message` by what `data` holds. False: malformed, truncated, text that is no UTF-8, or nested deeper than
/// `decode_depth_max`; `message` is then empty. Unknown fields are kept. Thread-safe for distinct messages.
[[nodiscard]] bool decode(std::string_view data, google::protobuf::MessageLite& message);

}  // namespace weft::proto
