// Approved definitions of one channel on one peer, remembered between simulations: reading one costs ten look-ups in the state.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "config/base/ids.hpp"
#include "ledger/validation/definition.hpp"

namespace weft::chaincode {

/// A definition that this organization has approved, with the versions of the two keys that change when it, or its approval, changes.
struct approved_contract {
  ledger::chaincode_definition definition;
  std::string package_id;                 ///< The installed package that the approval names.
  std::optional<version> defined_at;      ///< Of the Sequence key.
  std::optional<version> approved_at;     ///< Of the approval's PackageID, in the organization's collection.
  bytes package_key_hash;
};

/// Thread-safe. As large as the channel has definitions.
class definition_cache {
 public:
  [[nodiscard]] std::shared_ptr<const approved_contract> find(std::string_view name) const {
    const std::lock_guard lock(mutex_);
    const auto it = entries_.find(name);
    return it == entries_.end() ? nullptr : it->second;
  }
  void put(std::shared_ptr<const approved_contract> contract) {
    const std::lock_guard lock(mutex_);
    entries_[contract->definition.name] = std::move(contract);
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<const approved_contract>, std::less<>> entries_;
};

}  // namespace weft::chaincode
