// Policies for people: as text, and as explanations.
#include "common/policies.pb.h"
#include "crypto/policy/compiled.hpp"
#include "msp/msp_principal.pb.h"

namespace weft::crypto {
namespace {

std::string principal_text(const ::common::MSPPrincipal& wire) {
  const auto parsed = parse_principal(wire);
  return "'" + (parsed ? parsed->text : "malformed principal") + "'";
}

void write(const policy_rule& rule, const ::common::SignaturePolicyEnvelope& policy, std::string& out) {
  if (!rule.is_gate) {
    out += principal_text(policy.identities(rule.signed_by));
    return;
  }
  const auto count = static_cast<std::int32_t>(rule.parts.size());
  if (count > 0 && rule.needed == 1) out += "OR(";
  else if (count > 0 && rule.needed == count) out += "AND(";
  else out += "OutOf(" + std::to_string(rule.needed) + (count > 0 ? ", " : "");
  bool first = true;
  for (const auto& part : rule.parts) {
    if (!first) out += ", ";
    first = false;
    write(part, policy, out);
  }
  out += ")";
}

void write(const policy_trace& trace, std::size_t indent, std::string& out) {
  out.append(indent, ' ');
  out += trace.satisfied ? "[x] " : "[ ] ";
  out += trace.rule;
  if (!trace.by.empty()) out += ": " + trace.by;
  else if (!trace.satisfied && trace.parts.empty()) out += ": missing";
  else if (!trace.satisfied) out += ": not satisfied";
  out += "\n";
  for (const auto& part : trace.parts) write(part, indent + 2, out);
}

}  // namespace

std::string to_text(const ::common::SignaturePolicyEnvelope& policy) {
  const auto root = read_rule(policy.rule(), policy.identities_size());
  if (!root) return "(" + root.error().context + ")";
  std::string out;
  write(*root, policy, out);
  return out;
}

std::string policy_trace::to_text() const {
  std::string out;
  write(*this, 0, out);
  return out;
}

}  // namespace weft::crypto
