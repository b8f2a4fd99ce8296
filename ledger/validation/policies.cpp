#include "ledger/validation/policies.hpp"

#include "ledger/state/apply.hpp"
#include "ledger/validation/application_policy.hpp"
#include "ledger/validation/definition.hpp"
#include "ledger/validation/text.hpp"
#include "peer/collection.pb.h"
#include "peer/policy.pb.h"
#include "proto/encode.hpp"

namespace weft::ledger {
namespace {

constexpr std::string_view key_policy_entry = "VALIDATION_PARAMETER";
constexpr std::string_view builtin_plugin = "vscc";

named_policy make_named(result<crypto::policy_ptr> policy, std::string name) {
  if (!policy) return {nullptr, std::move(name), std::move(policy.error().context)};
  return {std::move(*policy), std::move(name), {}};
}

named_policy make_named(result<crypto::policy_ptr> policy, std::string name, const std::string& text) {
  return make_named(std::move(policy), text.empty() ? std::move(name) : std::move(name) + " (" + text + ")");
}

namespace_rule lifecycle_rule(const channel_bundle& bundle) {
  namespace_rule rule;
  rule.endorsement =
      make_named(lifecycle_policy(bundle), "endorsement policy of _lifecycle (/Channel/Application/LifecycleEndorsement)");
  return rule;
}

namespace_rule no_rule(std::string why) {
  namespace_rule rule;
  rule.code = verdict::invalid_chaincode;
  rule.why = std::move(why);
  return rule;
}

bool is_implicit(std::string_view collection) {
  return collection.size() > implicit_collection_prefix.size() &&
         collection.substr(0, implicit_collection_prefix.size()) == implicit_collection_prefix;
}

}  // namespace

result<namespace_rule> policy_book::find_rule(const std::string& ns) const {
  if (ns == lifecycle_namespace) return lifecycle_rule(bundle_);
  const std::string shown = "chaincode '" + printable(ns) + "'";
  WEFT_TRY(auto definition, read_definition(state_, ns));
  if (!definition) return no_rule(shown + " is not defined on this channel");
  if (definition->validation_plugin.empty()) return no_rule("the definition of " + shown + " names no validation plugin");
  if (definition->validation_parameter.empty()) return no_rule("the definition of " + shown + " has no endorsement policy");
  if (definition->validation_plugin != builtin_plugin) {
    return fail(errc::unsupported,
                shown + " asks for validation plugin '" + printable(definition->validation_plugin) + "', which is not here");
  }
  namespace_rule rule;
  std::string text;
  auto policy = endorsement_policy(*definition, bundle_, &text);
  rule.endorsement = make_named(std::move(policy), "endorsement policy of " + shown, text);
  rule.collections = std::move(definition->collections);
  return rule;
}

result<const namespace_rule*> policy_book::of_namespace(const std::string& ns) {
  auto known = rules_.find(ns);
  if (known == rules_.end()) {
    WEFT_TRY(auto rule, find_rule(ns));
    known = rules_.emplace(ns, std::move(rule)).first;
  }
  return &known->second;
}

std::optional<named_policy> policy_book::find_collection(const namespace_rule& rule, const std::string& collection) const {
  const std::string shown = "collection '" + printable(collection) + "'";
  if (is_implicit(collection))
    return make_named(implicit_collection_policy(bundle_, collection), "endorsement policy of " + shown);
  ::protos::CollectionConfigPackage package;
  if (!proto::decode(rule.collections, package)) return named_policy{nullptr, shown, "the definition's collections do not parse"};
  for (const auto& config : package.config()) {
    const auto& known = config.static_collection_config();
    if (known.name() != collection || !config.has_static_collection_config()) continue;
    if (!known.has_endorsement_policy()) return std::nullopt;
    std::string text;
    auto policy = application_policy(known.endorsement_policy(), bundle_, &text);
    return make_named(std::move(policy), "endorsement policy of " + shown, text);
  }
  return named_policy{nullptr, shown, "there is no such collection"};
}

const named_policy* policy_book::of_collection(const std::string& ns, const namespace_rule& rule, const std::string& collection) {
  auto known = collections_.find({ns, collection});
  if (known == collections_.end())
    known = collections_.emplace(std::pair(ns, collection), find_collection(rule, collection)).first;
  return known->second ? &*known->second : nullptr;
}

result<std::optional<named_policy>> policy_book::of_key(bytes_view metadata, std::string_view shown_key) {
  if (metadata.empty()) return std::optional<named_policy>{};
  WEFT_TRY(const auto entries, decode_metadata(metadata));
  for (const auto& [name, value] : entries) {
    if (name != key_policy_entry || value.empty()) continue;
    return std::optional(make_named(bundle_.compile(value), "policy of key '" + std::string(shown_key) + "'"));
  }
  return std::optional<named_policy>{};
}

}  // namespace weft::ledger
