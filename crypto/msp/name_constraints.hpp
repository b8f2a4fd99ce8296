// Name constraints (RFC 5280 §4.2.1.10): a CA may bind the names below it. Rare in Fabric networks, but part of a chain's verdict.
#pragma once

#include <string>

#include "crypto/msp/chain.hpp"

namespace weft::crypto {

/// Empty when the alternative names of `leaf` obey the constraints of `ca`; otherwise the rest of a sentence that begins with the CA.
/// DNS names and IP addresses are judged; other constrained kinds are refused when the leaf has a name of that kind (fails closed).
[[nodiscard]] std::string name_constraint_violation(const examined_certificate& leaf, const examined_certificate& ca);

/// The rule that Fabric kept from older Go: a leaf without alternative names whose common name looks like a host name is refused below a
/// CA with name constraints. Empty when all is well; otherwise the rest of a sentence that begins with the leaf.
[[nodiscard]] std::string host_name_without_alternative(const certificate_chain& chain);

/// Labels of letters, digits, '-', '_' and ':'; a first label of '*' and a final dot are allowed.
[[nodiscard]] bool looks_like_host_name(std::string_view name) noexcept;

}  // namespace weft::crypto
