// Bytes as vectors in papers and standards write them.
#pragma once

#include <string_view>

#include "config/base/bytes.hpp"

namespace weft::crypto::test {

[[nodiscard]] inline bytes hex(std::string_view text) { return from_hex(text).value(); }

}  // namespace weft::crypto::test
