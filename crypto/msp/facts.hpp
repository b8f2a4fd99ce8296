// What chain building needs of a certificate and the certificate class does not tell: extensions, and the form of the signature.
#pragma once

#include "config/base/bytes.hpp"

namespace weft::crypto {

/// What RFC 5280 §4.2 lets extensions say.
struct certificate_facts {
  bool has_alternative_names = false;
  bytes_view alternative_names;       ///< GeneralNames, content of the extension.
  bool has_name_constraints = false;
  bytes_view name_constraints;        ///< NameConstraints, content of the extension.
  bool has_unknown_critical = false;  ///< A critical extension that nobody here understands: the certificate must not be trusted.
  bool canonical_signature = true;    ///< False: an ECDSA signature that is not minimal DER.
};

/// The views point into `certificate_der`, which must be a whole certificate. Errors: `invalid_argument`.
[[nodiscard]] result<certificate_facts> read_facts(bytes_view certificate_der);

}  // namespace weft::crypto
