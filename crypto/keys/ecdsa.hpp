// ECDSA on P-256 and P-384 as Fabric wants it: strict DER, low S. For the .cpp files of crypto/ only.
// Everything here is thread-safe; keys are only read.
#pragma once

#include <array>
#include <optional>

#include "crypto/keys/openssl_key.hpp"
#include "crypto/keys/signer.hpp"

namespace weft::crypto::ecdsa {

/// r and s as big-endian numbers, right-aligned in the width of the larger curve.
struct signature {
  static constexpr std::size_t width = 48;
  using number = std::array<unsigned char, width>;
  number r{}, s{};
};

/// Bytes of a scalar or coordinate: 32 or 48.
[[nodiscard]] std::size_t scalar_bytes(key_kind kind);

/// SEQUENCE{INTEGER r, INTEGER s} and nothing else: minimal, positive, at most 48 bytes each. Whether r and s suit a curve is not asked.
[[nodiscard]] std::optional<signature> parse(bytes_view der);
[[nodiscard]] bytes encode(const signature& s);
/// s ≤ n/2.
[[nodiscard]] bool is_low(const signature& s, key_kind curve);
/// The signature with n − s in the place of a high s. Requires 0 < s < n.
[[nodiscard]] signature to_low(const signature& s, key_kind curve);
/// 0 < r < n and 0 < s < n.
[[nodiscard]] bool in_range(const signature& s, key_kind curve);

/// Which s a verification accepts: messages need a low one, certificates any.
enum class s_rule : std::uint8_t { low, any };
/// `digest` may be longer than the curve's order: its leading bits count.
[[nodiscard]] bool verify(const public_key::state& key, bytes_view digest, bytes_view signature_der, s_rule rule);
/// DER with a low s. Nothing if OpenSSL fails.
[[nodiscard]] std::optional<bytes> sign(const private_key::state& key, const digest& message_digest, nonce_rule rule);

/// From an uncompressed point. Null if it is not on the curve.
[[nodiscard]] ec_key_ptr make_public(key_kind curve, bytes_view point);
/// From a big-endian scalar; computes the point. Null unless 0 < scalar < n.
[[nodiscard]] ec_key_ptr make_private(key_kind curve, bytes_view scalar);
/// Uncompressed point of a key.
[[nodiscard]] bytes point_of(const EC_KEY& key, key_kind curve);
/// Private scalar, 32 or 48 bytes.
[[nodiscard]] bytes scalar_of(const EC_KEY& key, key_kind curve);

}  // namespace weft::crypto::ecdsa
