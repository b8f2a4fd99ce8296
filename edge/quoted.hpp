// Names that somebody typed, as messages repeat them.
#pragma once

#include <string>
#include <string_view>

namespace weft::edge {

/// In quotes; at most 60 bytes of it, so that a message stays one, and nothing that a terminal would obey.
[[nodiscard]] std::string in_quotes(std::string_view name);

}  // namespace weft::edge
