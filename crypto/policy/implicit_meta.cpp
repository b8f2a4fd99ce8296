// Implicit meta policies: a count over what the child groups say. interop/02 §5.
#include "crypto/policy/policy.hpp"

namespace weft::crypto {
namespace {

std::string_view to_string(meta_rule rule) {
  switch (rule) {
    case meta_rule::any: return "ANY";
    case meta_rule::all: return "ALL";
    case meta_rule::majority: return "MAJORITY";
  }
  return "?";
}

class implicit_meta final : public policy {
 public:
  implicit_meta(meta_rule rule, std::string sub_policy, std::vector<std::pair<std::string, policy_ptr>> children)
      : rule_(rule), sub_policy_(std::move(sub_policy)), children_(std::move(children)) {}

  bool evaluate(const std::vector<identity_ptr>& signers) const override {
    std::size_t count = 0;
    const auto needed = threshold();
    for (const auto& child : children_) {
      if (count >= needed) break;
      if (child.second && child.second->evaluate(signers)) ++count;
    }
    return count >= needed;
  }

  policy_trace explain(const std::vector<identity_ptr>& signers) const override {
    policy_trace out;
    std::size_t count = 0;
    for (const auto& [name, child] : children_) {
      auto& part = out.parts.emplace_back();
      if (child) part = child->explain(signers);
      part.rule = name + "/" + sub_policy_ + (child ? " (" + part.rule + ")" : " (no such policy)");
      if (part.satisfied) ++count;
    }
    out.rule = std::string(to_string(rule_)) + " " + sub_policy_ + ", " + std::to_string(threshold()) + " of " + std::to_string(children_.size());
    out.satisfied = count >= threshold();
    return out;
  }

 private:
  // Without children there is nothing to ask, and nothing to refuse.
  [[nodiscard]] std::size_t threshold() const {
    const auto n = children_.size();
    if (n == 0) return 0;
    switch (rule_) {
      case meta_rule::any: return 1;
      case meta_rule::all: return n;
      case meta_rule::majority: return n / 2 + 1;
    }
    return n + 1;
  }

  meta_rule rule_;
  std::string sub_policy_;
  std::vector<std::pair<std::string, policy_ptr>> children_;
};

class rejection final : public policy {
 public:
  explicit rejection(std::string name) : name_(std::move(name)) {}
  bool evaluate(const std::vector<identity_ptr>&) const override { return false; }
  policy_trace explain(const std::vector<identity_ptr>&) const override {
    policy_trace out;
    out.rule = name_ + " (no such policy)";
    return out;
  }

 private:
  std::string name_;
};

}  // namespace

policy_ptr make_implicit_meta(meta_rule rule, std::string sub_policy, std::vector<std::pair<std::string, policy_ptr>> children) {
  return std::make_shared<const implicit_meta>(rule, std::move(sub_policy), std::move(children));
}

policy_ptr reject_all(std::string name) { return std::make_shared<const rejection>(std::move(name)); }

}  // namespace weft::crypto
