// Multi-version concurrency control: was what a transaction read still so when its turn came? interop/05 §7.
#pragma once

#include <functional>
#include <string>

#include "ledger/validation/judgement.hpp"

namespace weft::ledger {

/// Judges reads against the state before the block and the updates of the valid transactions so far. A key that was written or
/// deleted earlier in the block is a conflict whatever its version. Borrows everything; not thread-safe.
class mvcc_check {
 public:
  mvcc_check(const prepared_block& block, const state_view& committed, const state_batch& updates,
             const std::function<std::string(version)>& winner_of)
      : block_(block), committed_(committed), updates_(updates), winner_of_(winner_of) {}

  /// Namespace by namespace: public reads, ranges, private reads; the first difference decides. Errors: `io`, `corruption`.
  [[nodiscard]] result<judgement> check(const rwset& sets) const;

 private:
  result<judgement> check_namespace(const namespace_rwset& sets, const state_batch::namespace_updates* updates) const;
  result<judgement> check_read(const std::string& ns, const kv_read& read, const state_batch::namespace_updates* updates) const;
  result<judgement> check_range_query(const std::string& ns, const range_query& query) const;
  result<judgement> check_hashed_read(const std::string& ns, const std::string& collection, const hashed_read& read,
                                      const state_batch::namespace_updates* updates) const;
  judgement conflict(std::string ns, std::string key, const std::optional<version>& read, const std::optional<version>& met,
                     bool in_block, const std::optional<version>& by) const;
  std::string winner(const std::optional<version>& at) const;

  const prepared_block& block_;
  const state_view& committed_;
  const state_batch& updates_;
  const std::function<std::string(version)>& winner_of_;
};

}  // namespace weft::ledger
