#include "edge/version.hpp"

namespace weft::edge {
std::string_view version() noexcept { return WEFT_VERSION; }
}  // namespace weft::edge
