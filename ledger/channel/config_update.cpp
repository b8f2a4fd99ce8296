#include "ledger/channel/config_update.hpp"

#include <algorithm>

#include "common/common.pb.h"
#include "common/configtx.pb.h"
#include "common/policies.pb.h"
#include "proto/encode.hpp"

namespace weft::ledger {
namespace {


result<void> check_read_set(const flat_tree& read_set, const flat_tree& current) {
  for (const auto& [key, element] : read_set) {
    const auto existing = current.find(key);
    if (existing == current.end())
      return fail(errc::conflict, "existing config does not contain element for " + key + " but was in the read set");
    if (existing->second.version() != element.version())
      return fail(errc::conflict, "proposed update requires that key " + key + " be at version " + std::to_string(element.version()) +
                                      ", but it is currently at version " + std::to_string(existing->second.version()));
  }
  return {};
}

/// What an update changes: elements of the write set that the read set has not at the same version.
flat_tree delta_of(const flat_tree& read_set, flat_tree write_set) {
  std::erase_if(write_set, [&](const auto& entry) {
    const auto read = read_set.find(entry.first);
    return read != read_set.end() && read->second.version() == entry.second.version();
  });
  return write_set;
}

result<void> check_mod_policy(std::string_view name) {
  if (name.empty()) return invalid("mod_policy not set");
  if (name.front() == '/') name.remove_prefix(1);
  for (std::size_t index = 0;; ++index) {
    const std::size_t slash = name.find('/');
    if (auto ok = check_element_name(name.substr(0, slash)); !ok)
      return fail(within("path element at " + std::to_string(index) + " is invalid", std::move(ok).error()));
    if (slash == std::string_view::npos) return {};
    name.remove_prefix(slash + 1);
  }
}

/// The signatures of an update with the bytes that each covers.
class signature_set {
 public:
  static result<signature_set> read(const ::common::ConfigUpdateEnvelope& envelope) {
    if (envelope.signatures_size() > update_signatures_max)
      return invalid("config update carries " + std::to_string(envelope.signatures_size()) + " signatures, more than " +
                 std::to_string(update_signatures_max));
    signature_set out;
    for (const auto& signature : envelope.signatures()) {
      ::common::SignatureHeader header;
      if (!proto::decode(signature.signature_header(), header)) return invalid("error unmarshalling the signature header of a config signature");
      out.items_.push_back({signature.signature_header() + envelope.config_update(), std::move(*header.mutable_creator()), signature.signature()});
    }
    return out;
  }

  [[nodiscard]] std::vector<crypto::identity_ptr> signers(const crypto::msp_manager& msps, const crypto::verifier& verifier) const {
    std::vector<crypto::signed_data> set;
    for (const item& i : items_) set.push_back({i.data, i.identity, i.signature});
    return crypto::valid_signers(set, msps, verifier);
  }

 private:
  struct item {
    bytes data, identity, signature;
  };
  std::vector<item> items_;
};

/// One element of the delta against what is there now, with the policy that guards what is there now.
result<void> check_element(const std::string& key, const tree_element& element, const flat_tree& current, const policy_manager& policies,
                           const std::vector<crypto::identity_ptr>& signers) {
  if (auto ok = check_mod_policy(element.mod_policy()); !ok) return fail(within("invalid mod_policy for element " + key, std::move(ok).error()));
  const auto existing = current.find(key);
  if (existing == current.end()) {
    if (element.version() == 0) return {};  // the group that it joins must bump its version, and that is what signatures are asked for
    return invalid("attempted to set key " + key + " to version " + std::to_string(element.version()) + ", but key does not exist");
  }
  if (element.version() != existing->second.version() + 1)
    return fail(errc::conflict, "attempt to set key " + key + " to version " + std::to_string(element.version()) + ", but key is at version " +
                                    std::to_string(existing->second.version()));
  const crypto::policy_ptr policy = existing->second.mod_policy().empty() ? nullptr : policies.find(existing->second.mod_policy_path());
  if (!policy) return fail(errc::permission_denied, "unexpected missing policy " + existing->second.mod_policy() + " for item " + key);
  if (policy->evaluate(signers)) return {};
  return fail(errc::permission_denied, "policy for " + key + " not satisfied: " + denial_text(*policy, signers));
}

result<void> check_delta_set(const flat_tree& delta, const flat_tree& current, const policy_manager& policies,
                             const std::vector<crypto::identity_ptr>& signers) {
  if (delta.empty()) return invalid("delta set was empty -- update would have no effect");
  for (const auto& [key, element] : delta) WEFT_CHECK(check_element(key, element, current, policies, signers));
  return {};
}

/// Follows implicit meta policies down to the organizations whose own policies decide.
void sort_orgs(const ::common::ConfigGroup& group, const std::string& path, const std::string& name, const policy_manager& policies,
               const std::vector<crypto::identity_ptr>& signers, unmet_policy& out) {
  const auto found = group.policies().find(name);
  ::common::ImplicitMetaPolicy meta;
  if (found != group.policies().end() && found->second.policy().type() == ::common::Policy::IMPLICIT_META &&
      proto::decode(found->second.policy().value(), meta)) {
    for (const auto& [child, below] : group.groups()) sort_orgs(below, path + "/" + child, meta.sub_policy(), policies, signers, out);
    return;
  }
  const auto policy = policies.find(path + "/" + name);
  const bool satisfied = policy && policy->evaluate(signers);
  (satisfied ? out.satisfied : out.missing).push_back({path, {}});
}

/// The group of a tree at "/Channel/Application"; null when there is none.
const ::common::ConfigGroup* group_at(const ::common::ConfigGroup& root, std::string_view path) {
  const ::common::ConfigGroup* at = &root;
  constexpr std::string_view top = "/Channel";
  if (!path.starts_with(top)) return nullptr;
  path.remove_prefix(top.size());
  while (!path.empty()) {
    path.remove_prefix(1);
    const auto slash = path.find('/');
    const auto child = at->groups().find(std::string(path.substr(0, slash)));
    if (child == at->groups().end()) return nullptr;
    at = &child->second;
    path = slash == std::string_view::npos ? std::string_view{} : path.substr(slash);
  }
  return at;
}

template <class T>
result<T> in(const char* where, result<T> r) {
  if (!r) return fail(within(where, std::move(r).error()));
  return r;
}

}  // namespace

result<authorized_update> authorize_update(const ::common::ConfigUpdateEnvelope& envelope, const update_base& base, const crypto::verifier& verifier) {
  auto update = std::make_unique<::common::ConfigUpdate>();
  if (!proto::decode(envelope.config_update(), *update)) return invalid("error unmarshalling ConfigUpdate");
  if (update->channel_id() != base.channel_id)
    return invalid("ConfigUpdate for channel '" + update->channel_id() + "' but envelope for channel '" + base.channel_id + "'");
  const auto map = [](bool present, const ::common::ConfigGroup& group) { return present ? flatten(group) : result<flat_tree>{}; };
  WEFT_TRY(flat_tree current, flatten(base.tree));
  WEFT_TRY(const flat_tree read_set, in("error mapping ReadSet", map(update->has_read_set(), update->read_set())));
  WEFT_CHECK(in("error validating ReadSet", check_read_set(read_set, current)));
  WEFT_TRY(flat_tree write_set, in("error mapping WriteSet", map(update->has_write_set(), update->write_set())));
  flat_tree delta = delta_of(read_set, std::move(write_set));
  WEFT_TRY(const signature_set signatures, signature_set::read(envelope));
  const auto signers = signatures.signers(base.msps, verifier);
  WEFT_CHECK(in("error validating DeltaSet", check_delta_set(delta, current, base.policies, signers)));
  for (auto& [key, element] : delta) current.insert_or_assign(key, std::move(element));
  return authorized_update{std::move(update), std::move(current)};
}

std::vector<unmet_policy> find_unmet_policies(const ::common::ConfigUpdateEnvelope& envelope, const update_base& base, const crypto::verifier& verifier) {
  std::vector<unmet_policy> out;
  ::common::ConfigUpdate update;
  if (!proto::decode(envelope.config_update(), update)) return out;
  const auto current = flatten(base.tree), read_set = flatten(update.read_set());
  auto write_set = flatten(update.write_set());
  const auto signatures = signature_set::read(envelope);
  if (!current || !read_set || !write_set || !signatures) return out;
  const auto signers = signatures->signers(base.msps, verifier);
  for (const auto& [key, element] : delta_of(*read_set, std::move(*write_set))) {
    const auto existing = current->find(key);
    if (existing == current->end()) continue;
    const auto path = existing->second.mod_policy_path();
    const auto policy = base.policies.find(path);
    if (policy && policy->evaluate(signers)) continue;
    auto& unmet = out.emplace_back(unmet_policy{key, path, policy ? policy->explain(signers).rule : "no such policy", {}, {}});
    const auto slash = path.rfind('/');
    if (const auto* group = group_at(base.tree, path.substr(0, slash))) {
      sort_orgs(*group, path.substr(0, slash), path.substr(slash + 1), base.policies, signers, unmet);
    }
    const auto by_group = [](const auto& a, const auto& b) { return a.group < b.group; };
    std::sort(unmet.satisfied.begin(), unmet.satisfied.end(), by_group);
    std::sort(unmet.missing.begin(), unmet.missing.end(), by_group);
  }
  return out;
}

result<::common::ConfigUpdateEnvelope> unwrap_update(const ::common::Envelope& envelope) {
  ::common::Payload payload;
  if (!proto::decode(envelope.payload(), payload)) return invalid("error unmarshalling Payload");
  if (!payload.has_header()) return invalid("envelope must have a Header");
  ::common::ChannelHeader header;
  if (!proto::decode(payload.header().channel_header(), header)) return invalid("error unmarshalling ChannelHeader");
  if (header.type() != ::common::CONFIG_UPDATE) {
    const std::string name = ::common::HeaderType_Name(static_cast<::common::HeaderType>(header.type()));
    return invalid("invalid type " + (name.empty() ? std::to_string(header.type()) : name) + ", expected CONFIG_UPDATE");
  }
  ::common::ConfigUpdateEnvelope update;
  if (!proto::decode(payload.data(), update)) return invalid("error unmarshalling message for type CONFIG_UPDATE");
  return update;
}

}  // namespace weft::ledger
