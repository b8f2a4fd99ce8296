// Which policy rules a namespace, a collection or a key in one block: all of it from the state before that block.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "ledger/channel/bundle.hpp"
#include "ledger/state/state.hpp"
#include "ledger/validation/validator.hpp"

namespace weft::ledger {

/// A policy with what people call it. Without a policy nobody can satisfy it; `defect` then says why.
struct named_policy {
  crypto::policy_ptr policy;
  std::string name;  ///< "endorsement policy of chaincode 'mycc' (OR('Org1MSP.peer','Org2MSP.peer'))"
  std::string defect;
};

/// What rules one namespace.
struct namespace_rule {
  verdict code = verdict::valid;  ///< `invalid_chaincode` when nothing may be written there.
  std::string why;
  named_policy endorsement;
  bytes collections;  ///< pb(CollectionConfigPackage)
};

/// Looks policies up once per block. Not thread-safe; borrows state and bundle.
class policy_book {
 public:
  policy_book(const state_view& state, const channel_bundle& bundle) : state_(state), bundle_(bundle) {}

  /// Errors: `io`, `corruption` from the state; `unsupported` for a validation plugin that we do not have: the channel must halt,
  /// for peers that have it may judge otherwise. The reference lives as long as the book.
  [[nodiscard]] result<const namespace_rule*> of_namespace(const std::string& ns);
  /// The collection's own policy, or null when it has none and the chaincode's counts. An unknown collection has a defect.
  [[nodiscard]] const named_policy* of_collection(const std::string& ns, const namespace_rule& rule,
                                                  const std::string& collection);
  /// The policy inside the metadata of a key, if there is one. Errors: `corruption` for unreadable metadata.
  [[nodiscard]] result<std::optional<named_policy>> of_key(bytes_view metadata, std::string_view shown_key);

 private:
  result<namespace_rule> find_rule(const std::string& ns) const;
  std::optional<named_policy> find_collection(const namespace_rule& rule, const std::string& collection) const;

  const state_view& state_;
  const channel_bundle& bundle_;
  std::map<std::string, namespace_rule> rules_;
  std::map<std::pair<std::string, std::string>, std::optional<named_policy>> collections_;
};

}  // namespace weft::ledger
