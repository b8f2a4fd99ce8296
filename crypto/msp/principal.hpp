// Whom a policy means, parsed once so that a question costs no protobuf. interop/02 §5.
#pragma once

#include <string>
#include <vector>

#include "config/base/bytes.hpp"
#include "crypto/msp/msp.hpp"

namespace weft::crypto {

/// Fabric's MSPPrincipal, taken apart. A value.
struct principal {
  enum class kind : std::uint8_t {
    role,                 ///< msp_id and role.
    organizational_unit,  ///< msp_id, unit and certifiers_id.
    identity,             ///< identity_id: one certificate.
    combined,             ///< All of `parts`; known from MSP level 1.3 on.
    nobody,               ///< Anonymity, an unknown class or role, a certificate that does not parse: never satisfied. `text` says why.
  };
  kind what = kind::nobody;
  std::string msp_id;
  member_role role = member_role::member;
  std::string unit;
  bytes certifiers_id;
  std::string identity_id;       ///< As identity::id.
  std::vector<principal> parts;
  std::string text;              ///< For people: "Org1MSP.peer", "Org1MSP, OU sales", "certificate CN=…".
};

/// Bounds of a combined principal, which may contain others.
inline constexpr int principal_depth_max = 16;
inline constexpr int principal_parts_max = 256;

/// Errors: `invalid_argument` for content that is not of its class, or combined beyond the bounds.
[[nodiscard]] result<principal> parse_principal(const ::common::MSPPrincipal& wire);

[[nodiscard]] std::string_view to_string(member_role role) noexcept;

/// `msp_id` + hex(SHA-256(canonical DER)): what identities are compared by.
[[nodiscard]] std::string identity_id(std::string_view msp_id, const certificate& cert);

}  // namespace weft::crypto
