// A contract as the channel knows it: read from `_lifecycle` keys in the state, and from nowhere else. interop/05 §5.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ledger/channel/bundle.hpp"
#include "ledger/state/state.hpp"

namespace weft::ledger {

struct chaincode_definition {
  std::string name, version, endorsement_plugin, validation_plugin;
  std::int64_t sequence = 0;
  bool init_required = false;
  bytes validation_parameter;  ///< pb(ApplicationPolicy)
  bytes collections;           ///< pb(CollectionConfigPackage), may be empty
};

/// Nothing when the namespace is not defined. `_lifecycle` itself is not a definition. Errors: `corruption`, `io`.
[[nodiscard]] result<std::optional<chaincode_definition>> read_definition(const state_view& state, std::string_view name);
/// The endorsement policy of a definition: its signature policy, or the channel policy that it refers to.
[[nodiscard]] result<crypto::policy_ptr> endorsement_policy(const chaincode_definition& d, const channel_bundle& bundle, std::string* text = nullptr);
/// Policy of the `_lifecycle` namespace: LifecycleEndorsement, or the majority of members.
[[nodiscard]] crypto::policy_ptr lifecycle_policy(const channel_bundle& bundle);
/// Policy of `_implicit_org_<MSPID>`: that organization's Endorsement policy, or any of its members. Errors: `not_found`.
[[nodiscard]] result<crypto::policy_ptr> implicit_collection_policy(const channel_bundle& bundle, std::string_view collection);
inline constexpr std::string_view implicit_collection_prefix = "_implicit_org_";

}  // namespace weft::ledger
