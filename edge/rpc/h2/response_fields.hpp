// Headers and trailers of answers, as nghttp2 takes them. Inside this folder, in .cpp files only.
#pragma once

#include <nghttp2/nghttp2.h>

#include <array>
#include <string>
#include <vector>

#include "edge/rpc/h2/grpc_text.hpp"
#include "edge/rpc/server.hpp"
#include "edge/rpc/trailer.hpp"

namespace weft::edge::h2 {

inline std::uint8_t* raw(bytes_view text) { return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data())); }
/// `name` and `value` outlive the call that submits it; literals outlive all.
inline nghttp2_nv header(bytes_view name, bytes_view value) { return {raw(name), raw(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE}; }
inline constexpr std::uint8_t kept = NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE;
inline nghttp2_nv literal(bytes_view name, bytes_view value) { return {raw(name), raw(value), name.size(), value.size(), kept}; }

inline const std::array<nghttp2_nv, 2> response_headers{literal(":status", "200"), literal("content-type", "application/grpc")};

/// The trailers that say how a call ended, with the texts that they point into.
struct trailers {
  explicit trailers(const actors::rpc_status& whole) {
    if (whole.ok()) {
      fields.push_back(literal("grpc-status", "0"));
      return;
    }
    const auto s = fit_for_trailer(whole);
    code = std::to_string(s.code);
    message = percent_encode(s.message);
    details = base64_encode(encode_details(s));
    fields.push_back(header("grpc-status", code));
    if (!message.empty()) fields.push_back(header("grpc-message", message));
    if (!details.empty()) fields.push_back(header("grpc-status-details-bin", details));
    if (s.code == static_cast<std::int32_t>(actors::rpc_code::unimplemented)) fields.push_back(literal("grpc-accept-encoding", "identity"));
  }
  trailers(const trailers&) = delete;
  trailers& operator=(const trailers&) = delete;
  std::string code, message, details;
  std::vector<nghttp2_nv> fields;
};

}  // namespace weft::edge::h2
