// Block files, the truth of a channel: append-only, checksummed, with an index that can always be rebuilt from them.
#pragma once

#include <memory>
#include <optional>
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
class block_store {
 public:
  virtual ~block_store() = default;
  [[nodiscard]] virtual block_number height() const = 0;  ///< Number of the next block.
  [[nodiscard]] virtual bytes last_hash() const = 0;      ///< Hash of the last block's header; empty at height 0.
  /// Appends the next block; durable only after sync(). Errors: `failed_precondition` for a number or previous hash that does not fit,
  /// `io`: nothing is then stored and the store goes on.
  [[nodiscard]] virtual result<void> append(const block& b) = 0;
  [[nodiscard]] virtual result<void> sync() = 0;
  /// Errors: `not_found`, `corruption` with file and offset, `io`.
  [[nodiscard]] virtual result<block> read(block_number number) const = 0;
  [[nodiscard]] virtual result<block_number> find_hash(bytes_view block_hash) const = 0;
  /// First occurrence of a transaction id. The code is that of slot 2 (0 on orderers, where it is empty).
  [[nodiscard]] virtual result<std::optional<tx_location>> find_tx(std::string_view tx_id) const = 0;
};

/// Opens (or starts) a channel's block files in `files`, cutting a torn tail and refusing a damaged middle.
/// Index entries live in `index`, written without sync and rebuilt from the files where they are behind.
/// `segment_bytes`: a file is closed and the next begun when it exceeds this.
/// Errors: `corruption` naming file and offset; `io`.
[[nodiscard]] result<std::shared_ptr<block_store>> open_block_store(std::shared_ptr<env> files, std::shared_ptr<kv_store> index,
                                                                    std::uint64_t segment_bytes = 64 * MiB);

}  // namespace weft::ledger
