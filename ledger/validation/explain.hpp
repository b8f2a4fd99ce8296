// Reasons that teach: what would have made the transaction valid.
#pragma once

#include <string>
#include <vector>

#include "ledger/validation/policies.hpp"

namespace weft::ledger {

/// The policy as a tree with what held and what did not, then who signed, whose signature is missing, and which signatures did
/// not count.
[[nodiscard]] std::string explain_policy_failure(const named_policy& policy, const std::vector<crypto::identity_ptr>& signers,
                                                 const std::vector<std::string>& dropped);

}  // namespace weft::ledger
