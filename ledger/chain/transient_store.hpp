// Plain private writes between endorsement and commit: on disk before the endorsement is given away, so that a crash loses none of them.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "ledger/store/env.hpp"
#include "ledger/tx/rwset.hpp"

namespace weft::ledger {

/// One channel's waiting private writes, by transaction id. Thread-safe.
/// Bounded: beyond `sets_max` transactions the oldest are forgotten, as one that never commits would wait for ever.
class transient_store {
 public:
  /// Reads what is waiting; a torn end of the file is cut. Errors: `io`.
  [[nodiscard]] static result<std::shared_ptr<transient_store>> open(std::shared_ptr<env> files, std::size_t sets_max);
  transient_store(std::shared_ptr<env> files, std::unique_ptr<file> log, std::size_t sets_max)
      : files_(std::move(files)), log_(std::move(log)), sets_max_(sets_max) {}

  /// On disk when it returns. A set that is waiting already is not written again. Errors: `io`: the endorsement must not be given away.
  [[nodiscard]] result<void> keep(const std::string& tx_id, const private_writes& writes);
  [[nodiscard]] std::vector<private_writes> find(const std::string& tx_id) const;
  /// The transaction is committed, or will never be.
  void forget(const std::string& tx_id);

 private:
  void load();
  void remember(const std::string& tx_id, private_writes writes);
  result<void> rewrite();

  mutable std::mutex mutex_;
  std::shared_ptr<env> files_;
  std::unique_ptr<file> log_;
  std::size_t sets_max_;
  std::map<std::string, std::vector<private_writes>> waiting_;
  std::deque<std::string> order_;  ///< Oldest first; may name transactions that are gone.
};

}  // namespace weft::ledger
