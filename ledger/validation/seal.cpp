// Slots 2 and 4: what a peer adds to a block. interop/01 §9, §11.
#include "common/common.pb.h"
#include "ledger/validation/validator.hpp"
#include "proto/encode.hpp"

namespace weft::ledger {

bytes seal(block& b, const judged_block& judged, bytes_view previous_commit_hash) {
  const bytes filter = judged.filter();
  b.set_metadata(metadata_slot::transactions_filter, filter);
  if (b.number() == block_number(0)) return {};  // genesis has no commit hash, and block 1 starts from an empty one
  bytes hash = next_commit_hash(filter, encode_updates(judged.updates), previous_commit_hash);
  ::common::Metadata slot;
  slot.set_value(hash);
  b.set_metadata(metadata_slot::commit_hash, proto::encode(slot));
  return hash;
}

}  // namespace weft::ledger
