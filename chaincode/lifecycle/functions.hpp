// Approving, checking, committing and asking for contract definitions, as functions over key spaces: no ledger, no roles. interop/05 §5.
#pragma once

#include <map>

#include "chaincode/lifecycle/layout.hpp"

namespace weft::chaincode {

/// escc, vscc, and the channel's /Channel/Application/Endorsement where nothing is said.
/// Errors: `failed_precondition` when the default policy is needed and the channel has none.
[[nodiscard]] result<void> set_defaults(ledger::chaincode_definition& d, const ledger::channel_bundle& bundle);

/// Nothing when both mean the same, else the first difference in words.
[[nodiscard]] std::optional<std::string> definition_difference(const ledger::chaincode_definition& expected, const ledger::chaincode_definition& passed);

/// Writes an organization's approval. The sequence must be the current one, with equal parameters, or the next.
/// Errors: `failed_precondition` for a sequence that does not fit, `already_exists` for an approval that changes nothing.
[[nodiscard]] result<void> approve_definition(ledger::chaincode_definition d, std::string_view package_id, readable_state& channel, writable_state& organization,
                                   const ledger::channel_bundle& bundle);

/// Organizations by MSP id.
using organization_states = std::map<std::string, opaque_state*>;

struct commit_readiness {
  std::map<std::string, bool> approvals;                          ///< By MSP id.
  std::map<std::string, std::vector<std::string>> mismatches;     ///< Fields that differ, of those who did not approve.
};
/// Who has approved exactly this definition.
[[nodiscard]] result<commit_readiness> approvals_of(const ledger::chaincode_definition& d, const organization_states& organizations);
/// The same for the definition that would come next. Errors: `failed_precondition` for another sequence.
[[nodiscard]] result<commit_readiness> check_commit_readiness(ledger::chaincode_definition& d, readable_state& channel, const organization_states& organizations,
                                                const ledger::channel_bundle& bundle);
/// Writes the definition. The caller judges the approvals: an endorser demands that of its own organization.
[[nodiscard]] result<commit_readiness> commit_definition(ledger::chaincode_definition d, writable_state& channel, const organization_states& organizations,
                                       const ledger::channel_bundle& bundle);

struct approved_definition {
  ledger::chaincode_definition definition;
  std::string package_id;  ///< Empty: approved without a package.
};
/// An approval of the own organization; sequence 0 means the newest. Errors: `not_found` with Fabric's text.
[[nodiscard]] result<approved_definition> find_approval(std::string_view name, std::int64_t sequence, std::string_view channel_id,
                                                         readable_state& channel, readable_state& organization);

}  // namespace weft::chaincode
