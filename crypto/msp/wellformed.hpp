// The PEM rules of identities and of MSP definitions, which differ. interop/01 §4.
#pragma once

#include "crypto/x509/certificate.hpp"

namespace weft::crypto {

/// Largest PEM text that is looked at, in bytes. An identity is about 900.
inline constexpr std::size_t pem_bytes_max = 64 * KiB;

/// A creator's or endorser's certificate: one PEM block and nothing after its last line, an ECDSA signature in canonical DER.
/// Errors: `permission_denied` that says what is wrong.
[[nodiscard]] result<certificate> certificate_of_identity(bytes_view pem);

/// A certificate of an MSP definition or a file: the first PEM block counts, as for Fabric. Errors: `invalid_argument`.
[[nodiscard]] result<certificate> certificate_of_first_pem(bytes_view pem);

/// Whether there is a PEM block at all; other files of an MSP folder are passed over.
[[nodiscard]] bool has_pem_block(bytes_view text) noexcept;

}  // namespace weft::crypto
