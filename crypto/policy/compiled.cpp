// Signature policies: from Fabric's message to a tree, and the greedy evaluation of interop/02 §5.
#include "crypto/policy/compiled.hpp"

#include <google/protobuf/io/coded_stream.h>

#include "common/policies.pb.h"
#include "msp/msp_principal.pb.h"

namespace weft::crypto {
namespace {

result<policy_rule> read(const ::common::SignaturePolicy& wire, int identities, int depth, int& budget) {
  if (--budget < 0) return fail(errc::invalid_argument, "policy: more than " + std::to_string(policy_rules_max) + " rules");
  policy_rule out;
  if (wire.has_signed_by()) {
    out.signed_by = wire.signed_by();
    if (out.signed_by < 0 || out.signed_by >= identities)
      return fail(errc::invalid_argument, "policy: identity index " + std::to_string(out.signed_by) + " of " + std::to_string(identities));
    return out;
  }
  if (!wire.has_n_out_of()) return fail(errc::invalid_argument, "policy: a rule is neither signed_by nor n_out_of");
  if (depth >= policy_depth_max) return fail(errc::invalid_argument, "policy: gates nest deeper than " + std::to_string(policy_depth_max));
  out.is_gate = true;
  out.needed = wire.n_out_of().n();
  for (const auto& part : wire.n_out_of().rules()) {
    WEFT_TRY(auto rule, read(part, identities, depth + 1, budget));
    out.parts.push_back(std::move(rule));
  }
  return out;
}

using flags = std::vector<char>;

class signature_policy final : public policy {
 public:
  signature_policy(policy_rule root, std::vector<principal> principals, std::shared_ptr<const msp_manager> msps)
      : root_(std::move(root)), principals_(std::move(principals)), msps_(std::move(msps)) {}

  bool evaluate(const std::vector<identity_ptr>& signers) const override {
    flags used(signers.size(), 0);
    return holds(root_, signers, used, nullptr);
  }

  policy_trace explain(const std::vector<identity_ptr>& signers) const override {
    flags used(signers.size(), 0);
    policy_trace out;
    (void)holds(root_, signers, used, &out);
    return out;
  }

 private:
  // The first unused signer that is meant satisfies a leaf and is then used up.
  bool leaf_holds(const policy_rule& leaf, const std::vector<identity_ptr>& signers, flags& used, policy_trace* trace) const {
    const auto& whom = principals_[static_cast<std::size_t>(leaf.signed_by)];
    if (trace != nullptr) trace->rule = whom.text;
    for (std::size_t i = 0; i < signers.size(); ++i) {
      if (used[i] != 0 || !msps_->satisfies(*signers[i], whom)) continue;
      used[i] = 1;
      if (trace != nullptr) {
        trace->satisfied = true;
        trace->by = signers[i]->cert.subject();
      }
      return true;
    }
    return false;
  }

  // Every part is tried, left to right; a part that fails gives back the signers it had used.
  bool holds(const policy_rule& rule, const std::vector<identity_ptr>& signers, flags& used, policy_trace* trace) const {
    if (!rule.is_gate) return leaf_holds(rule, signers, used, trace);
    std::int32_t count = 0;
    for (const auto& part : rule.parts) {
      policy_trace* below = trace == nullptr ? nullptr : &trace->parts.emplace_back();
      if (!part.is_gate) {
        count += leaf_holds(part, signers, used, below) ? 1 : 0;
        continue;
      }
      flags tried = used;
      if (!holds(part, signers, tried, below)) continue;
      ++count;
      used = std::move(tried);
    }
    const bool enough = count >= rule.needed;
    if (trace != nullptr) {
      trace->rule = std::to_string(rule.needed) + " of " + std::to_string(rule.parts.size());
      trace->satisfied = enough;
    }
    return enough;
  }

  policy_rule root_;
  std::vector<principal> principals_;
  std::shared_ptr<const msp_manager> msps_;
};

}  // namespace

result<policy_rule> read_rule(const ::common::SignaturePolicy& wire, int identities) {
  int budget = policy_rules_max;
  return read(wire, identities, 0, budget);
}

result<policy_ptr> compile(const ::common::SignaturePolicyEnvelope& policy, std::shared_ptr<const msp_manager> msps) {
  if (policy.version() != 0) return fail(errc::invalid_argument, "policy: version " + std::to_string(policy.version()) + " is not understood");
  if (!policy.has_rule()) return fail(errc::invalid_argument, "policy: no rule");
  if (policy.identities_size() > policy_rules_max)
    return fail(errc::invalid_argument, "policy: more than " + std::to_string(policy_rules_max) + " identities");
  WEFT_TRY(auto root, read_rule(policy.rule(), policy.identities_size()));
  std::vector<principal> principals;
  for (int i = 0; i < policy.identities_size(); ++i) {
    auto parsed = parse_principal(policy.identities(i));
    if (!parsed) return fail(within("policy: identity " + std::to_string(i), parsed.error()));
    principals.push_back(std::move(*parsed));
  }
  return policy_ptr(std::make_shared<const signature_policy>(std::move(root), std::move(principals), std::move(msps)));
}

result<policy_ptr> compile(bytes_view signature_policy_envelope, std::shared_ptr<const msp_manager> msps) {
  if (signature_policy_envelope.size() > policy_bytes_max)
    return fail(errc::invalid_argument, "policy: " + std::to_string(signature_policy_envelope.size()) + " bytes are too many");
  // Every gate nests two messages, so the usual bound on decoding would stop before ours does.
  google::protobuf::io::CodedInputStream input(reinterpret_cast<const std::uint8_t*>(signature_policy_envelope.data()),
                                               static_cast<int>(signature_policy_envelope.size()));
  input.SetRecursionLimit(2 * policy_depth_max + 8);
  ::common::SignaturePolicyEnvelope wire;
  if (!wire.ParseFromCodedStream(&input) || !input.ConsumedEntireMessage())
    return fail(errc::invalid_argument, "policy: malformed signature policy, or nested deeper than " + std::to_string(policy_depth_max));
  return compile(wire, std::move(msps));
}

}  // namespace weft::crypto
