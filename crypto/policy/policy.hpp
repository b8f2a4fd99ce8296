// Policies: their text, their bytes, and the question whether a set of signatures satisfies one. interop/02 §5–6.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "crypto/msp/msp.hpp"

namespace common {
class SignaturePolicyEnvelope;
}

namespace weft::crypto {

/// Compiles `AND('Org1MSP.peer', OutOf(1, 'Org2MSP.member', …))` as Fabric 3.1 does, byte for byte (inner gates number their identities first).
/// Errors: `invalid_argument` that points at the character.
[[nodiscard]] result<::common::SignaturePolicyEnvelope> parse_policy(std::string_view text);
/// The text of a signature policy, for people.
[[nodiscard]] std::string to_text(const ::common::SignaturePolicyEnvelope& policy);

/// One node of an explanation: what was asked, whether it held, and why not.
struct policy_trace {
  std::string rule;       ///< "2 of", "Org1MSP.peer", "MAJORITY Endorsement", …
  bool satisfied = false;
  std::string by;         ///< Subject of the identity that satisfied a leaf.
  std::vector<policy_trace> parts;
  [[nodiscard]] std::string to_text() const;  ///< An indented tree.
};

/// A compiled policy over validated identities. Immutable, thread-safe.
class policy {
 public:
  virtual ~policy() = default;
  /// `signers`: valid identities with valid signatures, de-duplicated by `identity::id`, in order of appearance. Greedy, as Fabric's.
  [[nodiscard]] virtual bool evaluate(const std::vector<identity_ptr>& signers) const = 0;
  /// The same question, answered at length.
  [[nodiscard]] virtual policy_trace explain(const std::vector<identity_ptr>& signers) const = 0;
};
using policy_ptr = std::shared_ptr<const policy>;

/// Errors: `invalid_argument` for an index out of range, nesting deeper than 64, a malformed principal.
[[nodiscard]] result<policy_ptr> compile(const ::common::SignaturePolicyEnvelope& policy, std::shared_ptr<const msp_manager> msps);
[[nodiscard]] result<policy_ptr> compile(bytes_view signature_policy_envelope, std::shared_ptr<const msp_manager> msps);
/// ANY/ALL/MAJORITY over the named sub-policy of each direct child group; a child without it is a null pointer: it counts but rejects.
enum class meta_rule : std::uint8_t { any, all, majority };
[[nodiscard]] policy_ptr make_implicit_meta(meta_rule rule, std::string sub_policy, std::vector<std::pair<std::string, policy_ptr>> children);
/// `"MAJORITY Endorsement"` → rule and sub-policy. Errors: `invalid_argument`.
[[nodiscard]] result<std::pair<meta_rule, std::string>> parse_implicit_meta(std::string_view text);
/// Rejects everything; what a missing policy means. `name` appears in the explanation.
[[nodiscard]] policy_ptr reject_all(std::string name);

/// A message with its signer and signature, not yet judged.
struct signed_data {
  hashed_message data;
  bytes_view identity, signature;
};

/// Fabric's EvaluateSignedData, first half: validates identities, drops duplicates (first wins) and wrong signatures, in order.
/// `why_dropped`, when given, receives a line per signature that did not count.
[[nodiscard]] std::vector<identity_ptr> valid_signers(const std::vector<signed_data>& set, const msp_manager& msps, const verifier& verifier,
                                                      std::vector<std::string>* why_dropped = nullptr);

/// What counts in one set, and a line for each signature that does not.
struct signer_set {
  std::vector<identity_ptr> signers;
  std::vector<std::string> dropped;
};
/// The same for many sets, each judged for itself, with the signatures of all verified together.
[[nodiscard]] std::vector<signer_set> valid_signers_of_each(std::span<const std::vector<signed_data>> sets, const msp_manager& msps,
                                                            const verifier& verifier);

}  // namespace weft::crypto
