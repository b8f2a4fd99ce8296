// Which transactions wrote a key. Only marks are kept; values are read from the blocks that hold them anyway.
//
//   y/ <namespace> <key> ~<block> ~<tx> → nothing. Numbers are inverted, so that a walk meets the newest first.
#pragma once

#include <vector>

#include "ledger/chain/channel_ledger.hpp"

namespace weft::ledger {

/// Marks for the public writes of a block's valid transactions.
void put_history(kv_batch& batch, block_number number, const state_batch& updates);

/// Newest first, at most `limit`, of blocks below `height`. Errors: `corruption`, `io`.
[[nodiscard]] result<std::vector<history_entry>> read_history(const kv_store& kv, const block_store& blocks, block_number height,
                                                              std::string_view ns, std::string_view key, std::size_t limit);

}  // namespace weft::ledger
