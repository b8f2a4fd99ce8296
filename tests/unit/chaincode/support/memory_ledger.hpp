// A peer's ledger of the golden channel without a validator: the recorded blocks, their codes, and history made from them.
#pragma once

#include "ledger/chain/channel_ledger.hpp"

namespace weft::chaincode::testing {

/// Blocks 0 to height - 1. History is newest first.
[[nodiscard]] std::shared_ptr<const ledger::channel_ledger> make_golden_ledger(std::uint64_t height);

}  // namespace weft::chaincode::testing
