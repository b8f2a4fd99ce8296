// Phantoms: does a range query still give what the endorser saw? interop/05 §7, interop/01 §10.8.
#pragma once

#include <optional>
#include <string>

#include "ledger/state/state.hpp"
#include "ledger/tx/rwset.hpp"

namespace weft::ledger {

/// The first difference between a recorded range and the range now.
struct phantom {
  std::string key;           ///< The first key that differs, as far as a summary tells.
  bool key_is_exact = true;  ///< False: a Merkle summary differs, `key` is the likeliest or the first of the part at fault.
  std::optional<version> read, now;
  std::string text;
};

/// Walks the committed state with the updates of this block so far on top, over [start, end), or with the end where the query was
/// not exhausted. Nothing when it gives the same keys and versions. Errors: `io`, `corruption` from the state.
[[nodiscard]] result<std::optional<phantom>> check_range(const range_query& query, const std::string& ns,
                                                         const state_view& committed, const state_batch& updates);

}  // namespace weft::ledger
