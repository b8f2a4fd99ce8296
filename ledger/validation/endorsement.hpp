// Whether enough organizations endorsed what a transaction writes: policies of namespaces, collections and single keys.
// interop/05 §7.
#pragma once

#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "ledger/validation/judgement.hpp"
#include "ledger/validation/policies.hpp"

namespace weft::ledger {

/// Judges the transactions of one block in block order, by the policies of the state before the block. Borrows everything; not
/// thread-safe.
///
/// A transaction that writes metadata of a key makes every later transaction of the block that writes that key invalid, provided
/// that its own endorsements of that namespace suffice: nobody can know yet which policy will hold. Whether it later fails MVCC
/// does not matter, as on a real peer, where this step ends before MVCC begins.
class endorsement_check {
 public:
  endorsement_check(const prepared_block& block, const state_view& state);
  /// Requires: structurally valid, and called with rising `index`. Errors: `io`, `corruption`, `unsupported`: halt the channel.
  [[nodiscard]] result<judgement> check(tx_number index);

 private:
  struct evaluation;
  using key_id = std::tuple<std::string, std::string, std::string>;  ///< namespace, collection or "", key or key hash

  result<judgement> check_namespace(const prepared_tx& tx, const std::string& ns);
  result<judgement> check_keys(evaluation& e, const namespace_rwset& writes);
  result<judgement> check_key(evaluation& e, const std::string& collection, const std::string& key);
  judgement check_default(evaluation& e, const std::string& collection);
  judgement apply_policy(evaluation& e, const named_policy& policy) const;
  judgement policy_in_flux(const key_id& id, tx_number by) const;
  result<bytes> metadata_of(const key_id& id) const;
  void note_metadata_writes(const prepared_tx& tx, const std::string& ns, tx_number index);

  const prepared_block& block_;
  const state_view& state_;
  policy_book policies_;
  std::map<key_id, tx_number> metadata_changes_;  ///< by transactions of this block that passed; the first of each key
};

}  // namespace weft::ledger
