// Which policy guards which resource when a channel does not say otherwise: Fabric's defaults. interop/04. Internal to ledger/channel.
#pragma once

#include <string_view>

namespace weft::ledger {

/// Who decides about a resource.
enum class acl_scope : unsigned char {
  channel,  ///< A policy of the channel; the ACLs value may name another.
  node,     ///< The peer's own MSP (installing, joining): no channel policy, and not to be configured in one.
  none,     ///< Not a resource of Fabric's: only an ACLs value can open it.
};

struct acl_default {
  acl_scope scope = acl_scope::none;
  std::string_view policy;  ///< Absolute path; empty unless `scope` is `channel`.
};

[[nodiscard]] acl_default default_acl(std::string_view resource);

}  // namespace weft::ledger
