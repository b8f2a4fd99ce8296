// The small texts of gRPC over HTTP/2 (grpc/doc/PROTOCOL-HTTP2.md). Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "config/base/bytes.hpp"

namespace weft::edge::h2 {

/// "grpc-timeout": at most eight digits and a unit, H M S m u n. Rounded up to nanoseconds of at most a year or so; nothing when it is none.
[[nodiscard]] std::optional<std::chrono::nanoseconds> parse_timeout(bytes_view text);
/// "grpc-message": what is no printable ASCII, and '%', as %XX.
[[nodiscard]] std::string percent_encode(bytes_view text);
/// The reverse; what is no %XX stays as it is.
[[nodiscard]] std::string percent_decode(bytes_view text);
/// Values of keys that end in "-bin". Without padding, as gRPC wants them sent.
[[nodiscard]] std::string base64_encode(bytes_view data);
/// With padding or without; nothing when it is no base64.
[[nodiscard]] std::optional<bytes> base64_decode(bytes_view text);
/// "application/grpc", with "+proto", ";…" or nothing behind it.
[[nodiscard]] bool is_grpc_content(bytes_view content_type);

}  // namespace weft::edge::h2
