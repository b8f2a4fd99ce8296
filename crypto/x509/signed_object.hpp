// What certificates and revocation lists have in common: SEQUENCE{ signed part, algorithm, signature }. For the .cpp files of crypto/ only.
#pragma once

#include <optional>

#include "crypto/keys/keys.hpp"

namespace weft::crypto {

/// Views into the DER that was split.
struct signed_object {
  bytes_view signed_part;  ///< The inner SEQUENCE with its header: what the signature covers.
  bytes_view algorithm;    ///< AlgorithmIdentifier with its header.
  bytes_view signature;    ///< Content of the BIT STRING.
};

/// Nothing if `der` is not exactly one such structure.
[[nodiscard]] std::optional<signed_object> split_signed(bytes_view der);
/// ECDSA with SHA-256, -384 or -512 (any s, as X.509 allows) and Ed25519; other algorithms verify never.
[[nodiscard]] bool verify_signed(const signed_object& object, const public_key& key);
/// `der` with its ECDSA signature's s in the low half; the same bytes if it is low already or no ECDSA signature at all.
/// The curve is told by the size of r and s: a P-384 signature fits in 32 bytes once in 2¹²⁸ times.
[[nodiscard]] bytes with_low_s(bytes_view der);
/// AlgorithmIdentifier for signatures by `kind`: ECDSA-with-SHA256 or Ed25519.
[[nodiscard]] bytes_view signature_algorithm(key_kind kind);

}  // namespace weft::crypto
