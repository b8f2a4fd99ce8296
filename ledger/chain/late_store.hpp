// What is missing of the private data, and what came of it later than its block: in files of its own ("late-000000", …), as nobody else may have it
// tomorrow. Claims follow from the blocks, so they live in the key-value store only.
//
//   m/<block><tx><length of ns><ns><collection>  → pvt_rwset_hash of a set that is missing
//   l/ and the same                              → location of the record that brought it
//   i/late                                       → where the last indexed record ends
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "ledger/chain/private_gaps.hpp"
#include "ledger/chain/private_store.hpp"

namespace weft::ledger {

/// One writer; reads are thread-safe beside it.
class late_store {
 public:
  [[nodiscard]] static result<std::unique_ptr<late_store>> open(std::shared_ptr<env> files, std::shared_ptr<kv_store> kv, std::uint64_t segment_bytes);
  /// Indexes records that the key-value store does not know and puts their values into the state, when that stands behind block `height` - 1.
  /// Errors: `corruption`, `io`.
  [[nodiscard]] result<void> recover(block_number height, ledger_open_report& report);

  /// Notes that a set is missing, in the batch of its block.
  static void put_missing(kv_batch& batch, const missing_private_data& what);
  [[nodiscard]] result<std::vector<missing_private_data>> missing(const std::optional<missing_private_data>& after, std::size_t limit) const;
  /// Stores and syncs what is missing and right of `found`; index, values and the end of the claims go into `batch`. Errors: `corruption`, `io`.
  [[nodiscard]] result<std::vector<late_outcome>> take(const std::vector<late_private_data>& found, const state_view& now, kv_batch& batch);
  [[nodiscard]] result<std::optional<private_writes>> read(version at, std::string_view ns, std::string_view collection) const;

 private:
  late_store(std::unique_ptr<block_log> log, std::shared_ptr<kv_store> kv) : log_(std::move(log)), kv_(std::move(kv)) {}

  std::unique_ptr<block_log> log_;
  std::shared_ptr<kv_store> kv_;
};

}  // namespace weft::ledger
