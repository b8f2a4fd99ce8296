// What chain building needs of a certificate and the certificate class does not tell: extensions, and the form of the signature.
#pragma once

#include <optional>

#include "config/base/bytes.hpp"

namespace weft::crypto {

/// What chain building asks of a certificate beside its names and keys (RFC 5280 §4.2).
struct certificate_facts {
  bool has_alternative_names = false;
  bytes_view alternative_names;      ///< GeneralNames, content of the extension.
  bool has_name_constraints = false;
  bytes_view name_constraints;       ///< NameConstraints, content of the extension.
  bool has_unknown_critical = false; ///< A critical extension that nobody here understands: the certificate must not be trusted.
  bool may_sign_certificates = true; ///< False: keyUsage is present and lacks keyCertSign.
  std::optional<std::uint32_t> path_length;  ///< How many CAs may stand below this one.
  bool canonical_signature = true;   ///< False: an ECDSA signature that is not minimal DER.
};

/// The views point into `certificate_der`, which must be a whole certificate. Errors: `invalid_argument`.
[[nodiscard]] result<certificate_facts> read_facts(bytes_view certificate_der);

}  // namespace weft::crypto
