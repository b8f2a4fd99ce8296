// A signature policy taken apart, for evaluation and for its text. Internal to this folder.
#pragma once

#include <vector>

#include "crypto/msp/principal.hpp"
#include "crypto/policy/policy.hpp"

namespace common {
class SignaturePolicy;
}

namespace weft::crypto {

/// Bounds of policies that arrive as bytes.
inline constexpr int policy_depth_max = 64;         ///< Gates inside gates.
inline constexpr int policy_rules_max = 8192;       ///< Gates and leaves together.
inline constexpr std::size_t policy_bytes_max = MiB;

/// A gate (`needed` of `parts`) or a leaf (a principal, by index).
struct policy_rule {
  bool is_gate = false;
  std::int32_t needed = 0;
  std::int32_t signed_by = 0;
  std::vector<policy_rule> parts;
};

/// Errors: `invalid_argument` for an empty or unknown rule, an index outside [0, identities), or a bound exceeded.
[[nodiscard]] result<policy_rule> read_rule(const ::common::SignaturePolicy& wire, int identities);

}  // namespace weft::crypto
