#include "ledger/channel/config_tree.hpp"

#include <algorithm>

#include <google/protobuf/unknown_field_set.h>

#include "common/configtx.pb.h"
#include "proto/encode.hpp"

namespace weft::ledger {
namespace {

constexpr std::size_t name_length_max = 249;
constexpr std::string_view root_name = "Channel";

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_name_char(char c) { return is_lower(c) || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-'; }

/// Walks a tree, keeping account of how much it makes.
class flattener {
 public:
  result<flat_tree> run(const ::common::ConfigGroup& root) {
    WEFT_CHECK(group({}, std::string(root_name), root, 1));
    return std::move(elements_);
  }

 private:
  result<void> add(element_kind kind, std::string_view parent, const std::string& name, tree_element element) {
    if (auto ok = check_element_name(name); !ok)
      return fail(within("illegal name '" + name + "' below " + (parent.empty() ? "/" : std::string(parent)), ok.error()));
    element.path.reserve(parent.size() + 1 + name.size());
    element.path.append(parent).append("/").append(name);
    path_bytes_ += 2 * element.path.size();
    if (path_bytes_ > tree_path_bytes_max) return fail(errc::invalid_argument, "the configuration tree has too many elements");
    std::string key = element_key(kind, element.path);
    elements_.emplace(std::move(key), std::move(element));
    return {};
  }

  result<void> group(std::string_view parent, const std::string& name, const ::common::ConfigGroup& g, std::size_t depth) {
    if (depth > tree_depth_max) return fail(errc::invalid_argument, "the configuration tree is nested too deeply below " + std::string(parent));
    WEFT_CHECK(add(element_kind::group, parent, name, {.group = &g}));
    const std::string path = std::string(parent) + "/" + name;
    for (const auto& [child, value] : g.values()) WEFT_CHECK(add(element_kind::value, path, child, {.value = &value}));
    for (const auto& [child, policy] : g.policies()) WEFT_CHECK(add(element_kind::policy, path, child, {.policy = &policy}));
    for (const auto& [child, sub] : g.groups()) WEFT_CHECK(group(path, child, sub, depth + 1));
    return {};
  }

  flat_tree elements_;
  std::size_t path_bytes_ = 0;
};

/// Grows groups from their membership lists.
class grower {
 public:
  explicit grower(const flat_tree& elements)
      : elements_(elements), name_unguarded_(elements.contains(element_key(element_kind::value, "/Channel/Orderer/Capabilities"))) {}

  result<::common::ConfigGroup> group(const std::string& path) const {
    WEFT_TRY(const tree_element* listed, find(element_kind::group, path, "group"));
    const ::common::ConfigGroup& from = *listed->group;
    ::common::ConfigGroup out;
    out.GetReflection()->MutableUnknownFields(&out)->MergeFrom(from.GetReflection()->GetUnknownFields(from));
    out.set_version(from.version());
    out.set_mod_policy(guard(from.mod_policy()));
    for (const auto& [name, unused] : from.groups()) {
      WEFT_TRY((*out.mutable_groups())[name], group(path + "/" + name));
    }
    for (const auto& [name, unused] : from.values()) {
      WEFT_TRY(const tree_element* element, find(element_kind::value, path + "/" + name, "value"));
      ::common::ConfigValue& value = (*out.mutable_values())[name] = *element->value;
      value.set_mod_policy(guard(value.mod_policy()));
    }
    for (const auto& [name, unused] : from.policies()) {
      WEFT_TRY(const tree_element* element, find(element_kind::policy, path + "/" + name, "policy"));
      ::common::ConfigPolicy& policy = (*out.mutable_policies())[name] = *element->policy;
      policy.set_mod_policy(guard(policy.mod_policy()));
    }
    return out;
  }

 private:
  result<const tree_element*> find(element_kind kind, const std::string& path, const char* what) const {
    std::string key = element_key(kind, path);
    const auto found = elements_.find(key);
    if (found == elements_.end()) return fail(errc::invalid_argument, std::string("missing ") + what + " at path: " + key);
    return &found->second;
  }
  std::string guard(const std::string& mod_policy) const { return mod_policy.empty() && name_unguarded_ ? "Admins" : mod_policy; }

  const flat_tree& elements_;
  bool name_unguarded_;  ///< Early tools left mod_policy empty; from the first orderer capability on that is repaired.
};

}  // namespace

std::uint64_t tree_element::version() const { return group ? group->version() : policy ? policy->version() : value->version(); }

const std::string& tree_element::mod_policy() const { return group ? group->mod_policy() : policy ? policy->mod_policy() : value->mod_policy(); }

std::string tree_element::mod_policy_path() const {
  const std::string& name = mod_policy();
  if (name.starts_with('/')) return name;
  return (group ? path : path.substr(0, path.rfind('/'))) + "/" + name;
}

std::string element_key(element_kind kind, std::string_view path) {
  const std::string_view prefix = kind == element_kind::group ? "[Group]  " : kind == element_kind::value ? "[Value]  " : "[Policy] ";
  std::string key;
  key.reserve(prefix.size() + path.size());
  return key.append(prefix).append(path);
}

result<void> check_element_name(std::string_view name) {
  if (name.empty()) return fail(errc::invalid_argument, "config ID illegal, cannot be empty");
  if (name.size() > name_length_max) return fail(errc::invalid_argument, "config ID illegal, cannot be longer than 249");
  if (name == "." || name == "..") return fail(errc::invalid_argument, "config ID '" + std::string(name) + "' illegal, cannot be a special name");
  if (!std::all_of(name.begin(), name.end(), is_name_char))
    return fail(errc::invalid_argument, "config ID '" + std::string(name) + "' contains illegal characters");
  return {};
}

result<void> check_channel_id(std::string_view id) {
  if (id.empty()) return fail(errc::invalid_argument, "channel ID illegal, cannot be empty");
  if (id.size() > name_length_max) return fail(errc::invalid_argument, "channel ID illegal, cannot be longer than 249");
  const bool upper = std::any_of(id.begin(), id.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
  if (!is_lower(id.front()) || upper || !std::all_of(id.begin(), id.end(), is_name_char))
    return fail(errc::invalid_argument, "'" + std::string(id) + "' contains illegal characters");
  return {};
}

result<flat_tree> flatten(const ::common::ConfigGroup& root) { return flattener{}.run(root); }

result<::common::ConfigGroup> grow(const flat_tree& elements) { return grower(elements).group("/" + std::string(root_name)); }

bool same_tree(const ::common::ConfigGroup& a, const ::common::ConfigGroup& b) { return proto::encode(a) == proto::encode(b); }

}  // namespace weft::ledger
