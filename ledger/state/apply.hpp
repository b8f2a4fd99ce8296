// What a valid transaction does to the state: the one place that knows how values, metadata and deletes combine.
// The validator applies each valid transaction as it judges; the ledger applies the same code when it replays stored blocks.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "ledger/state/state.hpp"
#include "ledger/tx/rwset.hpp"

namespace weft::ledger {

class block;

/// The committed state with the updates of the block so far on top: what the next transaction of the block meets.
/// Borrows both; reads the batch as it is at the time of the call. Errors: `io`, `corruption` from the view.
class pending_state {
 public:
  pending_state(const state_batch& batch, const state_view& committed) : batch_(batch), committed_(committed) {}
  [[nodiscard]] result<std::optional<versioned_value>> get(const std::string& ns, const std::string& key) const;
  [[nodiscard]] result<std::optional<versioned_value>> get_hashed(const std::string& ns, const std::string& collection,
                                                                  const bytes& key_hash) const;
  [[nodiscard]] result<std::optional<versioned_value>> get_private(const std::string& ns, const std::string& collection,
                                                                   const std::string& key) const;

 private:
  const state_batch& batch_;
  const state_view& committed_;
};

/// Adds the writes of a valid transaction, public and hashed, to the batch of its block. The transaction meets `committed` (the state
/// before the block) with `batch` on top. Rules, as Fabric applies them:
/// - a value write keeps the metadata that the key has, unless the transaction writes metadata of that key too;
/// - a write of metadata alone keeps the value and moves the version; of a key that does not exist it is ignored;
/// - no entries remove the metadata; a delete removes value and metadata, whatever else is written;
/// - an empty value (or value hash) and a purge are deletes. A delete of an absent key is an update too: the commit hash has it.
/// Errors: `io`, `corruption` from the view; the batch is then to be thrown away.
[[nodiscard]] result<void> apply_writes(state_batch& batch, const rwset& sets, version at, const state_view& committed);

/// Adds plain private values: those of a block, or some that come later. The hashes in `now` decide: a value counts if its own is there, with the
/// version that the hash has by now; a delete, if none is there. So sets may come in any order, and twice; metadata alone moves the version of a value
/// that is the right one. `now` is the state with the block's own updates.
[[nodiscard]] result<void> apply_private_writes(state_batch& batch, const private_writes& writes, const pending_state& now);

/// The public and hashed updates of a stored block: the writes of its endorser transactions with code 0 in `filter` (slot 2).
/// Configuration transactions change no state. Errors: `corruption` when a valid transaction does not parse; `io`.
[[nodiscard]] result<state_batch> updates_of(const block& b, bytes_view filter, const state_view& committed);

using metadata_entries = std::vector<std::pair<std::string, bytes>>;
/// `versioned_value::metadata` of these entries, sorted by name; empty for none.
[[nodiscard]] bytes encode_metadata(metadata_entries entries);
/// The entries again, e.g. VALIDATION_PARAMETER. Errors: `corruption`.
[[nodiscard]] result<metadata_entries> decode_metadata(bytes_view metadata);

}  // namespace weft::ledger
