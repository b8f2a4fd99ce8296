// CRC-32C (Castagnoli): detects any burst of up to 32 bits, and runs at memory speed on processors with SSE 4.2.
#pragma once

#include <cstdint>

#include "config/base/bytes.hpp"

namespace weft::ledger {

/// Checksum of `data` behind bytes whose checksum is `before` (0: none). Thread-safe.
[[nodiscard]] std::uint32_t crc32c(bytes_view data, std::uint32_t before = 0) noexcept;

/// The portable way; `crc32c` takes it where the processor has no instruction. Here so that tests compare the two.
[[nodiscard]] std::uint32_t crc32c_portable(bytes_view data, std::uint32_t before = 0) noexcept;

}  // namespace weft::ledger
