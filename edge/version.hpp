// Which weft this is.
#pragma once

#include <string_view>

namespace weft::edge {
/// "0.1.0"
[[nodiscard]] std::string_view version() noexcept;
}  // namespace weft::edge
