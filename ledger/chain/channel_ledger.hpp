// One peer's ledger of one channel: block files, index, state, history and private write sets, kept in step through crashes.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "ledger/state/state.hpp"
#include "ledger/store/block_store.hpp"
#include "ledger/validation/validator.hpp"

namespace weft::ledger {

/// One change of one key, newest first in answers.
struct history_entry {
  std::string tx_id;
  timestamp time{};
  bool is_delete = false;
  bytes value;
  version at;
};

/// The plain private writes that belong to a transaction of a block.
struct block_private_data {
  tx_number tx;
  private_writes writes;
};

/// What a peer keeps. One writer (the committer); views and lookups are thread-safe.
/// Order of a commit: private data and block appended, one sync, then index, state and history in one batch with the savepoint.
/// A crash anywhere between leaves block files ahead of the state; opening replays them from the savepoint.
class channel_ledger {
 public:
  virtual ~channel_ledger() = default;
  [[nodiscard]] virtual block_number height() const = 0;
  [[nodiscard]] virtual bytes last_hash() const = 0;
  [[nodiscard]] virtual bytes last_commit_hash() const = 0;
  [[nodiscard]] virtual std::shared_ptr<const state_view> view() const = 0;
  [[nodiscard]] virtual const block_store& blocks() const = 0;
  /// Stores a sealed block with its verdicts: slot 2 must say the same as they do, since a rebuild goes by slot 2. Private values are
  /// added to the state from `privates`; `judged.updates` need not hold them. `privates` were checked against the claims' hashes. Reasons of invalid transactions go into the index.
  /// Errors: `failed_precondition` (another number or previous hash) and `invalid_argument` change nothing. After any other, `io` above
  /// all, nothing is acknowledged, reads go on, and no further block is taken until the channel is opened anew.
  [[nodiscard]] virtual result<void> commit(const block& sealed, const judged_block& judged, const std::vector<block_private_data>& privates) = 0;
  /// The bundle after the last committed config block.
  [[nodiscard]] virtual std::shared_ptr<const channel_bundle> bundle() const = 0;
  /// JSON of `reason` for an invalid transaction, if it was kept.
  [[nodiscard]] virtual result<std::optional<bytes>> reason_of(std::string_view tx_id) const = 0;
  /// Every committed change of a key, newest first; at most `limit`.
  [[nodiscard]] virtual result<std::vector<history_entry>> history(std::string_view ns, std::string_view key, std::size_t limit) const = 0;
  /// Private writes stored with a transaction; nothing when this peer does not hold them.
  [[nodiscard]] virtual result<std::optional<private_writes>> private_data(block_number block, tx_number tx, std::string_view ns,
                                                                           std::string_view collection) const = 0;
};

/// What opening found and did: for the log.
struct ledger_open_report {
  open_report blocks, privates;          ///< Files; torn tails that were cut.
  std::uint64_t replayed_blocks = 0;     ///< Applied to the state again.
  std::uint64_t dropped_private_data = 0;  ///< Records of blocks that were never finally stored.
};

/// Makes the configuration that a config block holds. Who opens the ledgers of many peers that trust one another may give all the same one.
using bundle_source = std::function<result<std::shared_ptr<const channel_bundle>>(const block& config_block)>;

/// Opens a channel's ledger, recovering it: state that is lost or behind is rebuilt from the block files. `genesis` is used when nothing is there yet.
/// Errors: `corruption`, `io`, `failed_precondition` when the stored genesis is another one.
/// `progress` hears how many blocks of a long rebuild are done. `report` tells what was found and cut.
[[nodiscard]] result<std::shared_ptr<channel_ledger>> open_channel_ledger(std::shared_ptr<env> files, std::shared_ptr<kv_store> state,
                                                                          const block& genesis,
                                                                          const std::function<void(block_number, block_number)>& progress = {},
                                                                          ledger_open_report* report = nullptr,
                                                                          std::uint64_t segment_bytes = 64 * MiB,
                                                                          const bundle_source& bundles = channel_bundle::from_block);

}  // namespace weft::ledger
