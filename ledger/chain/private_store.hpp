// Plain private write sets beside the blocks, in files of their own ("pvt-000000", …), since they cannot be made again.
// Written and synced before the block that they belong to; index entries go into the batch of the block.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "ledger/chain/channel_ledger.hpp"
#include "ledger/store/block_log.hpp"

namespace weft::ledger {

/// A record: the private data of one block, or some of them.
[[nodiscard]] bytes encode_private_data(const std::vector<block_private_data>& data);
[[nodiscard]] result<std::vector<block_private_data>> decode_private_data(bytes_view raw);  ///< Errors: `corruption`.

/// One writer; reads are thread-safe beside it.
class private_store {
 public:
  /// Reads what the index does not know yet, and drops the record of a block that is not stored: `height` is the number of the next block.
  /// Errors: `corruption`, `io`.
  [[nodiscard]] static result<std::unique_ptr<private_store>> open(std::shared_ptr<env> files, std::shared_ptr<kv_store> index,
                                                                   std::uint64_t segment_bytes, block_number height,
                                                                   ledger_open_report& report);

  /// Stores and syncs the private data of a block; its index entries are added to `batch`. Errors: `io`.
  [[nodiscard]] result<void> append(block_number number, const std::vector<block_private_data>& data, kv_batch& batch);
  /// All that was stored for a block; empty when there was nothing. Errors: `corruption`, `io`.
  [[nodiscard]] result<std::vector<block_private_data>> read(block_number number) const;

 private:
  private_store(std::unique_ptr<block_log> log, std::shared_ptr<kv_store> index) : log_(std::move(log)), index_(std::move(index)) {}
  [[nodiscard]] result<void> recover(block_number height, ledger_open_report& report);

  std::unique_ptr<block_log> log_;
  std::shared_ptr<kv_store> index_;
};

}  // namespace weft::ledger
