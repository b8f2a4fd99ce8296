// Stored form of a versioned value: varint block, varint transaction, varint length of the metadata, metadata, value.
#pragma once

#include "ledger/state/state.hpp"

namespace weft::ledger {

[[nodiscard]] bytes encode_value(version at, bytes_view metadata, bytes_view value);
/// Errors: `corruption`.
[[nodiscard]] result<versioned_value> decode_value(bytes_view stored);

}  // namespace weft::ledger
