// All policies of a channel, compiled into one tree and found by absolute path. interop/02 §5.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/policy/policy.hpp"

namespace common {
class ConfigGroup;
}

namespace weft::ledger {

/// Immutable; thread-safe.
class policy_manager {
 public:
  /// Compiles every policy below `channel`. Errors: `invalid_argument` naming the policy.
  [[nodiscard]] static result<policy_manager> create(const ::common::ConfigGroup& channel, std::shared_ptr<const crypto::msp_manager> msps);

  /// By absolute path, "/Channel/Application/Writers"; null when there is none.
  [[nodiscard]] crypto::policy_ptr find(std::string_view path) const;

 private:
  class builder;
  std::map<std::string, crypto::policy_ptr, std::less<>> policies_;
};

/// What stands for a policy that a channel does not have: nobody satisfies it.
[[nodiscard]] crypto::policy_ptr missing_policy(std::string path);

/// Why `signers` do not satisfy a policy of a channel, in Fabric's words: "signature set did not satisfy policy", "no such policy: '/Channel/X'", or
/// "implicit policy evaluation failed - 0 sub-policies were satisfied, but this policy requires 1 of the 'Writers' sub-policies to be satisfied".
[[nodiscard]] std::string denial_text(const crypto::policy& policy, const std::vector<crypto::identity_ptr>& signers);

}  // namespace weft::ledger
