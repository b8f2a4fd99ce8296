// The configuration tree laid out flat, element by element, as updates are judged; and a flat map grown back into a tree.
// interop/02 §4. Internal to ledger/channel.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "config/base/result.hpp"

namespace common {
class ConfigGroup;
class ConfigPolicy;
class ConfigValue;
}  // namespace common

namespace weft::ledger {

/// Groups nested deeper are refused; Fabric's deepest, /Channel/Consortiums/C/Org, is the fourth level.
inline constexpr std::size_t tree_depth_max = 16;
/// Bound on the sum of all paths of a tree: what flattening may cost. A thousand organizations need half a MiB.
inline constexpr std::size_t tree_path_bytes_max = 64u << 20;

enum class element_kind : std::uint8_t { group, policy, value };

/// One element, borrowed from the message that it was found in. Exactly one of the three pointers is set.
struct tree_element {
  std::string path;  ///< "/Channel/Application/Org1/AnchorPeers"
  const ::common::ConfigGroup* group = nullptr;
  const ::common::ConfigPolicy* policy = nullptr;
  const ::common::ConfigValue* value = nullptr;

  [[nodiscard]] std::uint64_t version() const;
  [[nodiscard]] const std::string& mod_policy() const;
  /// Absolute path of the policy that guards this element: a relative one is looked up in the group that holds a value or
  /// policy, and for a group inside that group itself.
  [[nodiscard]] std::string mod_policy_path() const;
};

/// By key as Fabric prints it: "[Group]  /Channel/Application", "[Value]  …", "[Policy] …" (two blanks, two, one).
using flat_tree = std::map<std::string, tree_element>;

[[nodiscard]] std::string element_key(element_kind kind, std::string_view path);

/// Element names: `[a-zA-Z0-9.-]`, 1 to 249 characters, neither "." nor "..". Errors: `invalid_argument`.
[[nodiscard]] result<void> check_element_name(std::string_view name);
/// Channel ids: a lower-case letter, then `[a-z0-9.-]`, at most 249 characters. Errors: `invalid_argument`.
[[nodiscard]] result<void> check_channel_id(std::string_view id);

/// Errors: `invalid_argument` for a name that is not allowed, or beyond the bounds above. `root` outlives the map.
[[nodiscard]] result<flat_tree> flatten(const ::common::ConfigGroup& root);

/// The tree that the groups' membership lists describe, from the root down; an element that no group lists is left out.
/// Empty mod_policies become "Admins" once /Channel/Orderer has capabilities. Errors: `invalid_argument` for a listed element that is missing.
[[nodiscard]] result<::common::ConfigGroup> grow(const flat_tree& elements);

/// True if both groups say the same; maps have no order.
[[nodiscard]] bool same_tree(const ::common::ConfigGroup& a, const ::common::ConfigGroup& b);

}  // namespace weft::ledger
