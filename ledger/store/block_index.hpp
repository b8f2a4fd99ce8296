// Keys and values of the block index. Nothing in it is the truth: all of it can be made again from the block files.
//
//   i/checkpoint    → format, height, where the last indexed record ends, hash of the last block
//   n/<number>      → location of the record
//   h/<block hash>  → number
//   t/<tx id>       → block, index, code of the first transaction with that id; T/<digest> for ids above 128 bytes
//
// An id that is the hexadecimal form of a digest, as honest ones are, stands as 00 and its 32 bytes, any other as 01 and its text: these entries are
// most of what a peer's LevelDB merges, and come in no order.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "ledger/store/block_store.hpp"
#include "ledger/store/segments.hpp"

namespace weft::ledger {

struct record_location {
  segment_number segment = 0;
  std::uint64_t offset = 0;  ///< Of the record's header.
  std::uint32_t length = 0;  ///< Of the payload.
};

struct index_checkpoint {
  block_number height;
  segment_number segment = 0;
  std::uint64_t offset = 0;  ///< Where the next record would begin.
  bytes last_hash;
};

/// What the index says of one block.
struct index_entry {
  block_number number;
  record_location at;
  bytes hash;
  std::vector<std::pair<std::string, tx_location>> txs;  ///< Ids that no earlier block has, each once.
};

/// Id of an envelope as the index knows it: the one in its header, or the computed one; empty when there is none.
[[nodiscard]] std::string indexed_tx_id(const envelope& e);

/// Reads the index. Thread-safe. A value that does not parse is `corruption`.
class block_index {
 public:
  explicit block_index(std::shared_ptr<kv_store> kv) : kv_(std::move(kv)) {}
  [[nodiscard]] result<std::optional<index_checkpoint>> checkpoint() const;  ///< Nothing also for another format: index anew.
  [[nodiscard]] result<std::optional<record_location>> location(block_number n) const;
  [[nodiscard]] result<std::optional<block_number>> number_of(bytes_view block_hash) const;
  [[nodiscard]] result<std::optional<tx_location>> tx(std::string_view tx_id) const;
  /// Stands on the first entry of a transaction whose id is short enough to be a key; `id_at` tells the id, and nothing behind the last.
  [[nodiscard]] std::unique_ptr<kv_cursor> tx_ids() const;
  [[nodiscard]] static std::optional<std::string> id_at(const kv_cursor& c);
  /// Ids above this are known by their digest.
  static constexpr std::size_t tx_id_max = 128;  // an honest one has 64 digits; what a header claims may be megabytes
  [[nodiscard]] result<void> write(const kv_batch& batch) const { return kv_->write(batch, false); }

  static void put(kv_batch& batch, const index_entry& e);
  static void put(kv_batch& batch, const index_checkpoint& c);

 private:
  std::shared_ptr<kv_store> kv_;
};

}  // namespace weft::ledger
