// Which peers to ask for endorsements: a smallest set that satisfies every policy that a transaction meets.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "crypto/policy/policy.hpp"

namespace weft::chaincode {

/// A peer that could endorse.
struct candidate {
  std::string name;            ///< Site: "peer0.org1.example.com"
  crypto::identity_ptr who;    ///< As what its endorsement will count.
};

/// Drops candidates one by one while all policies stay satisfied, those of other organizations first, so that the gateway's own peers are kept.
/// What is left is minimal: no one can be left out. `spread` rotates the order in which equals are dropped, so that load spreads.
/// Nothing when even all candidates together do not satisfy every policy. Evaluates each policy some
/// needed × log(candidates) times, at most 2 × candidates + 1.
[[nodiscard]] std::optional<std::vector<std::size_t>> plan_endorsers(const std::vector<crypto::policy_ptr>& policies,
                                                                     const std::vector<candidate>& candidates, std::string_view own_msp,
                                                                     std::size_t spread);

}  // namespace weft::chaincode
