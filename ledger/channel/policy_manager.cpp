#include "ledger/channel/policy_manager.hpp"

#include <algorithm>
#include <set>

#include "common/configtx.pb.h"
#include "common/policies.pb.h"
#include "proto/encode.hpp"

namespace weft::ledger {
namespace {

/// An implicit meta policy that can say in Fabric's words how far it got.
class meta_policy final : public crypto::policy {
 public:
  meta_policy(crypto::meta_rule rule, std::string sub_policy, std::vector<std::pair<std::string, crypto::policy_ptr>> children)
      : needed_(needed(rule, children.size())),
        sub_policy_(sub_policy),
        inner_(crypto::make_implicit_meta(rule, std::move(sub_policy), std::move(children))) {}

  bool evaluate(const std::vector<crypto::identity_ptr>& signers) const override { return inner_->evaluate(signers); }
  crypto::policy_trace explain(const std::vector<crypto::identity_ptr>& signers) const override { return inner_->explain(signers); }

  [[nodiscard]] std::string denial(const std::vector<crypto::identity_ptr>& signers) const {
    const crypto::policy_trace trace = inner_->explain(signers);
    const auto satisfied = std::count_if(trace.parts.begin(), trace.parts.end(), [](const auto& part) { return part.satisfied; });
    return "implicit policy evaluation failed - " + std::to_string(satisfied) + " sub-policies were satisfied, but this policy requires " +
           std::to_string(needed_) + " of the '" + sub_policy_ + "' sub-policies to be satisfied";
  }

 private:
  static std::size_t needed(crypto::meta_rule rule, std::size_t children) {
    if (children == 0) return 0;
    return rule == crypto::meta_rule::any ? 1 : rule == crypto::meta_rule::all ? children : children / 2 + 1;
  }

  std::size_t needed_;
  std::string sub_policy_;
  crypto::policy_ptr inner_;
};

class absent_policy final : public crypto::policy {
 public:
  explicit absent_policy(std::string path) : path_(path), inner_(crypto::reject_all(std::move(path))) {}

  bool evaluate(const std::vector<crypto::identity_ptr>& signers) const override { return inner_->evaluate(signers); }
  crypto::policy_trace explain(const std::vector<crypto::identity_ptr>& signers) const override { return inner_->explain(signers); }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
  crypto::policy_ptr inner_;
};

result<crypto::meta_rule> meta_rule_of(::common::ImplicitMetaPolicy::Rule rule) {
  switch (rule) {
    case ::common::ImplicitMetaPolicy::ANY: return crypto::meta_rule::any;
    case ::common::ImplicitMetaPolicy::ALL: return crypto::meta_rule::all;
    case ::common::ImplicitMetaPolicy::MAJORITY: return crypto::meta_rule::majority;
    default: return fail(errc::invalid_argument, "unknown rule " + std::to_string(static_cast<int>(rule)));
  }
}

}  // namespace

class policy_manager::builder {
 public:
  builder(std::map<std::string, crypto::policy_ptr, std::less<>>& policies, std::shared_ptr<const crypto::msp_manager> msps)
      : policies_(policies), msps_(std::move(msps)) {}

  /// Children first: an implicit meta policy counts over what they have. The tree's depth was bounded before.
  result<void> group(const std::string& path, const ::common::ConfigGroup& g) {
    std::set<std::string> children;
    for (const auto& [name, unused] : g.groups()) children.insert(name);
    for (const std::string& name : children) WEFT_CHECK(group(path + "/" + name, g.groups().at(name)));
    for (const auto& [name, policy] : g.policies()) {
      auto compiled = compile(path, children, policy);
      if (!compiled) return fail(within("policy " + name + " at path " + path + " did not compile", std::move(compiled).error()));
      policies_[path + "/" + name] = *std::move(compiled);
    }
    return {};
  }

 private:
  result<crypto::policy_ptr> compile(const std::string& path, const std::set<std::string>& children, const ::common::ConfigPolicy& p) const {
    if (!p.has_policy()) return fail(errc::invalid_argument, "it is absent");
    switch (p.policy().type()) {
      case ::common::Policy::SIGNATURE: return crypto::compile(bytes_view(p.policy().value()), msps_);
      case ::common::Policy::IMPLICIT_META: return implicit(path, children, p.policy().value());
      default: return fail(errc::invalid_argument, "unknown policy type " + std::to_string(p.policy().type()));
    }
  }

  result<crypto::policy_ptr> implicit(const std::string& path, const std::set<std::string>& children, bytes_view value) const {
    ::common::ImplicitMetaPolicy meta;
    if (!proto::decode(value, meta)) return fail(errc::invalid_argument, "it is no ImplicitMetaPolicy");
    WEFT_TRY(const crypto::meta_rule rule, meta_rule_of(meta.rule()));
    std::vector<std::pair<std::string, crypto::policy_ptr>> subs;
    for (const std::string& child : children) {
      const auto found = policies_.find(path + "/" + child + "/" + meta.sub_policy());
      subs.emplace_back(child, found == policies_.end() ? nullptr : found->second);
    }
    return std::make_shared<const meta_policy>(rule, meta.sub_policy(), std::move(subs));
  }

  std::map<std::string, crypto::policy_ptr, std::less<>>& policies_;
  std::shared_ptr<const crypto::msp_manager> msps_;
};

result<policy_manager> policy_manager::create(const ::common::ConfigGroup& channel, std::shared_ptr<const crypto::msp_manager> msps) {
  policy_manager out;
  WEFT_CHECK(builder(out.policies_, std::move(msps)).group("/Channel", channel));
  return out;
}

crypto::policy_ptr policy_manager::find(std::string_view path) const {
  const auto found = policies_.find(path);
  return found == policies_.end() ? nullptr : found->second;
}

crypto::policy_ptr missing_policy(std::string path) { return std::make_shared<const absent_policy>(std::move(path)); }

std::string denial_text(const crypto::policy& policy, const std::vector<crypto::identity_ptr>& signers) {
  if (const auto* absent = dynamic_cast<const absent_policy*>(&policy)) return "no such policy: '" + absent->path() + "'";
  const auto* meta = dynamic_cast<const meta_policy*>(&policy);
  return meta ? meta->denial(signers) : "signature set did not satisfy policy";
}

}  // namespace weft::ledger
