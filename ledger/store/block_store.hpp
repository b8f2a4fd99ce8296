// Block files, the truth of a channel: append-only, checksummed, with an index that can always be rebuilt from them.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ledger/block/block.hpp"
#include "ledger/store/env.hpp"
#include "ledger/store/kv.hpp"

namespace weft::ledger {

/// Where a transaction is and what became of it.
struct tx_location {
  block_number block;
  tx_number index;
  std::uint8_t code = 0;  ///< TxValidationCode
};

/// One channel's blocks. One writer; reads are thread-safe and see what was appended (synced or not).
/// The index learns of a block after its bytes were synced, so an index that knows more than the files proves that files lost something.
class block_store {
 public:
  virtual ~block_store() = default;
  [[nodiscard]] virtual block_number height() const = 0;  ///< Number of the next block.
  [[nodiscard]] virtual bytes last_hash() const = 0;      ///< Hash of the last block's header; empty at height 0.
  /// Appends the next block; durable only after sync(). Errors: `failed_precondition` for a number or previous hash that does not fit,
  /// `invalid_argument` for a block above `block_bytes_max`; `io`: nothing is then stored and the store goes on.
  [[nodiscard]] virtual result<void> append(const block& b) = 0;
  /// One fdatasync for all blocks appended so far; then their index entries are written. Errors: `io`. When the files could not be synced,
  /// reads go on and no block is taken until the store is opened anew; when only the index could not be written, sync may be repeated.
  [[nodiscard]] virtual result<void> sync() = 0;
  /// Errors: `not_found`, `corruption` with file and offset, `io`.
  [[nodiscard]] virtual result<block> read(block_number number) const = 0;
  [[nodiscard]] virtual result<block_number> find_hash(bytes_view block_hash) const = 0;
  /// First occurrence of a transaction id. The code is that of slot 2. Errors: `failed_precondition` where transactions are not indexed.
  [[nodiscard]] virtual result<std::optional<tx_location>> find_tx(std::string_view tx_id) const = 0;
};

/// A block file is closed and the next begun when it exceeds this.
inline constexpr std::uint64_t segment_bytes_default = 64 * MiB;
/// Largest pb(Block) that is stored.
inline constexpr std::size_t block_bytes_max = 512 * MiB;

/// What opening found and did: for the log.
struct open_report {
  std::uint64_t indexed_blocks = 0;  ///< Read from the files, because the index did not know them.
  std::string cut_file;              ///< The file whose torn tail was cut off, or empty.
  std::uint64_t cut_at = 0;          ///< Its size now.
  std::uint64_t cut_bytes = 0;       ///< How many bytes were cut off: of blocks that were never acknowledged.
};

/// Whether transaction ids are indexed. Nobody asks an orderer for a transaction, and it would pay a look-up and an entry for each.
enum class tx_index : std::uint8_t { kept, none };

/// Opens (or starts) a channel's block files in `files`, cutting a torn tail and refusing a damaged middle.
/// Index entries live in `index`, written without sync and rebuilt from the files where they are behind.
/// `segment_bytes`: a file is closed and the next begun when it exceeds this.
/// Errors: `corruption` naming file and offset; `io`. What is torn and what is damage: README.md of this folder.
[[nodiscard]] result<std::shared_ptr<block_store>> open_block_store(std::shared_ptr<env> files, std::shared_ptr<kv_store> index,
                                                                    std::uint64_t segment_bytes = segment_bytes_default, open_report* report = nullptr,
                                                                    tx_index txs = tx_index::kept);

/// Block files whose owner writes the index entries together with something else, in one batch: a peer's ledger, with its state.
class deferred_block_store : public block_store {
 public:
  /// Index entries of the blocks that were synced since index_written(). sync() writes none here.
  [[nodiscard]] virtual kv_batch index_ops() const = 0;
  /// The owner has written what index_ops() gave; until then look-ups are answered from memory.
  virtual void index_written() = 0;
};
/// Opening writes entries that are behind by itself; the entries that it needs are those under the prefixes "i/", "n/", "h/", "t/" and "T/".
[[nodiscard]] result<std::shared_ptr<deferred_block_store>> open_deferred_block_store(std::shared_ptr<env> files,
                                                                                      std::shared_ptr<kv_store> index,
                                                                                      std::uint64_t segment_bytes = segment_bytes_default,
                                                                                      open_report* report = nullptr);

}  // namespace weft::ledger
