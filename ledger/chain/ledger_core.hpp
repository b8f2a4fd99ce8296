// The parts of a channel's ledger before it is opened: what recovery puts in step and the ledger then owns.
//
//   i/config              → number of the last config block
//   r/<block><tx>         → JSON of why a transaction is invalid
// and the keys of block_index.hpp, private_store.cpp, late_store.hpp, history.hpp and state/keys.hpp.
#pragma once

#include <memory>

#include "ledger/chain/channel_ledger.hpp"
#include "ledger/chain/late_store.hpp"
#include "ledger/chain/private_store.hpp"

namespace weft::ledger {

struct ledger_core {
  std::shared_ptr<kv_store> kv;
  std::shared_ptr<deferred_block_store> blocks;
  std::unique_ptr<private_store> privates;
  std::unique_ptr<late_store> late;
  collection_membership member_of;
  std::shared_ptr<const state_view> view;
  std::shared_ptr<const channel_bundle> bundle;
  block_number bundle_at;  ///< The config block that `bundle` was made of; known while recovering.
  bytes commit_hash;
};

/// Notes what the claims of a block name and `privates` lack.
void put_missing(kv_batch& batch, block_number number, const std::vector<private_claim>& claims, const std::vector<block_private_data>& privates,
                 const collection_membership& member_of);

/// State, history and config mark of one block, with the savepoint; block index and reasons are not in it.
/// Errors: `corruption`, `io` from the view.
[[nodiscard]] result<void> put_block_effects(kv_batch& batch, const block& b, const state_batch& updates,
                                             const std::vector<block_private_data>& privates, const state_view& before);

/// Why transactions are not valid, for `reason_of`.
void put_reasons(kv_batch& batch, block_number number, const judged_block& judged);
[[nodiscard]] bytes reason_key(block_number b, tx_number tx);

/// A config transaction stands alone in its block; one that was ordered is valid, or the channel had stopped.
[[nodiscard]] bool is_config_block(const block& b);

/// Slot 4, or empty. Errors: `corruption`.
[[nodiscard]] result<bytes> stored_commit_hash(const block& b);

/// Opens the files, starts the channel with `genesis` when there is nothing, replays what the state does not have.
[[nodiscard]] result<ledger_core> recover_ledger(std::shared_ptr<env> files, std::shared_ptr<kv_store> kv, const block& genesis,
                                                 const std::function<void(block_number, block_number)>& progress, std::uint64_t segment_bytes,
                                                 ledger_open_report& report, const bundle_source& bundles,
                                                 collection_membership member_of);

}  // namespace weft::ledger
