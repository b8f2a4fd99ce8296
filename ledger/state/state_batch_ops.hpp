// The two halves of a state store, for an owner that writes more than state in one batch: the ledger of a channel.
#pragma once

#include <memory>

#include "ledger/state/state.hpp"
#include "ledger/store/kv.hpp"

namespace weft::ledger {

/// Adds the updates of block `number`, and the savepoint behind it, to a batch.
void put_updates(kv_batch& out, block_number number, const state_batch& updates);

/// The state as `kv` holds it now. Errors: `corruption`, `io`.
[[nodiscard]] result<std::shared_ptr<const state_view>> open_state_view(const kv_store& kv);
/// The same behind `before`, whose owner has just written `applied` and nothing else of the state: what `before` knows of contract
/// definitions is kept when the block did not change them.
[[nodiscard]] result<std::shared_ptr<const state_view>> next_state_view(const kv_store& kv, const state_view& before, const state_batch& applied);

}  // namespace weft::ledger
