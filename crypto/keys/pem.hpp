// PEM (RFC 7468): labelled base64 blocks in a text.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/base/bytes.hpp"

namespace weft::crypto::pem {

struct block {
  std::string label;  ///< "CERTIFICATE", "PRIVATE KEY", …
  bytes der;
};

/// Takes the next block off the front of `text`, passing over other text before it. Nothing when no block follows.
/// Errors: `invalid_argument` for a block without end, with headers, or with characters that are no base64.
[[nodiscard]] result<std::optional<block>> next(std::string_view& text);
/// The only block of `text`: nothing but white space around it.
[[nodiscard]] result<block> only(std::string_view text);
/// 64-character lines and a trailing newline.
[[nodiscard]] std::string encode(std::string_view label, bytes_view der);

}  // namespace weft::crypto::pem
