#include "ledger/validation/cached_view.hpp"

namespace weft::ledger {
namespace {

/// Lengths in front, so that no two addresses share a name.
std::string address(std::string_view ns, std::string_view collection, std::string_view key) {
  std::string out = std::to_string(ns.size()) + "," + std::to_string(collection.size()) + ":";
  out.reserve(out.size() + ns.size() + collection.size() + key.size());
  return out.append(ns).append(collection).append(key);
}

}  // namespace

result<std::optional<versioned_value>> cached_view::get(std::string_view ns, std::string_view key) const {
  auto name = "p" + address(ns, {}, key);
  if (const auto known = known_.find(name); known != known_.end()) return known->second;
  WEFT_TRY(auto stored, inner_.get(ns, key));
  return known_.emplace(std::move(name), std::move(stored)).first->second;
}

result<std::optional<versioned_value>> cached_view::get_hashed(std::string_view ns, std::string_view collection,
                                                               bytes_view key_hash) const {
  auto name = "h" + address(ns, collection, key_hash);
  if (const auto known = known_.find(name); known != known_.end()) return known->second;
  WEFT_TRY(auto stored, inner_.get_hashed(ns, collection, key_hash));
  return known_.emplace(std::move(name), std::move(stored)).first->second;
}

}  // namespace weft::ledger
