#include "ledger/validation/explain.hpp"

#include <algorithm>

#include "ledger/validation/text.hpp"

namespace weft::ledger {
namespace {

/// Leaves that did not hold under nodes that did not hold: any of these signatures would help.
void collect_missing(const crypto::policy_trace& node, std::vector<std::string>& out) {
  if (node.satisfied) return;
  if (node.parts.empty()) {
    if (std::find(out.begin(), out.end(), node.rule) == out.end()) out.push_back(node.rule);
    return;
  }
  for (const auto& part : node.parts) collect_missing(part, out);
}

std::string joined(const std::vector<std::string>& parts) {
  std::string out;
  for (const auto& part : parts) out += (out.empty() ? "" : ", ") + part;
  return out;
}

}  // namespace

std::string explain_policy_failure(const named_policy& policy, const std::vector<crypto::identity_ptr>& signers,
                                   const std::vector<std::string>& dropped) {
  std::string out = policy.name;
  if (!policy.policy) return out + " can be satisfied by nobody: " + policy.defect;
  const auto trace = policy.policy->explain(signers);
  std::vector<std::string> signed_by, missing;
  for (const auto& who : signers) signed_by.push_back(printable(who->cert.subject()) + " (" + who->msp_id + ")");
  collect_missing(trace, missing);
  out += " is not satisfied:\n" + trace.to_text();
  if (out.back() != '\n') out += '\n';
  out += "signed: " + (signed_by.empty() ? "nobody" : joined(signed_by));
  if (!missing.empty()) out += "\nmissing: " + joined(missing);
  for (const auto& line : dropped) out += "\nnot counted: " + line;
  return out;
}

}  // namespace weft::ledger
