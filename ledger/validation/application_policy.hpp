// How an ApplicationPolicy, of a definition or of a collection, becomes a policy over this channel's members.
#pragma once

#include <string>

#include "ledger/channel/bundle.hpp"

namespace protos {
class ApplicationPolicy;
}

namespace weft::ledger {

inline constexpr std::string_view lifecycle_namespace = "_lifecycle";

/// `text`, when given, receives the policy in words or its path. A reference that does not start with '/' is looked up below
/// /Channel. Errors: `invalid_argument` for a policy that nobody can satisfy: malformed, empty, or a reference to a policy that
/// is not there.
[[nodiscard]] result<crypto::policy_ptr> application_policy(const ::protos::ApplicationPolicy& policy,
                                                            const channel_bundle& bundle, std::string* text = nullptr);
[[nodiscard]] result<crypto::policy_ptr> application_policy(bytes_view raw, const channel_bundle& bundle,
                                                            std::string* text = nullptr);

}  // namespace weft::ledger
