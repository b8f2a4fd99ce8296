// How keys and versions are shown to people.
#pragma once

#include <optional>
#include <string>

#include "config/base/bytes.hpp"
#include "config/base/ids.hpp"

namespace weft::ledger {

/// `raw` with control characters and bytes that are no UTF-8 as \xNN (composite keys are full of U+0000), cut after `max_bytes`.
[[nodiscard]] std::string printable(bytes_view raw, std::size_t max_bytes = 200);
/// "block 4, transaction 1", or "absent".
[[nodiscard]] std::string describe(const std::optional<version>& at);

}  // namespace weft::ledger
