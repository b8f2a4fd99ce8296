// Key pairs: P-256 for everything that we make, P-384 and Ed25519 for what others bring.
#pragma once

#include <memory>
#include <string>

#include "config/base/bytes.hpp"
#include "config/base/random.hpp"
#include "crypto/hash/sha256.hpp"

namespace weft::crypto {

enum class key_kind : std::uint8_t { p256, p384, ed25519 };
[[nodiscard]] std::string_view to_string(key_kind kind) noexcept;

/// An immutable public key. Cheap to copy (shared), thread-safe.
class public_key {
 public:
  public_key() = default;  ///< Empty: verifies nothing.
  /// From DER SubjectPublicKeyInfo. Errors: `invalid_argument`, `unsupported` for other algorithms or curves.
  [[nodiscard]] static result<public_key> from_spki(bytes_view der);

  [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(state_); }
  [[nodiscard]] key_kind kind() const;
  /// Uncompressed point (65 or 97 bytes) or the 32 bytes of Ed25519: what identifies the key.
  [[nodiscard]] bytes_view raw() const;
  /// DER SubjectPublicKeyInfo.
  [[nodiscard]] bytes_view spki() const;
  /// SHA-256 of raw(): Fabric's subject key identifier.
  [[nodiscard]] bytes ski() const;

  struct state;  ///< OpenSSL's side, defined in keys/openssl_key.hpp for this room's .cpp files.
  explicit public_key(std::shared_ptr<const state> s) : state_(std::move(s)) {}
  [[nodiscard]] const state* native() const noexcept { return state_.get(); }
  friend bool operator==(const public_key& a, const public_key& b) { return a.raw() == b.raw(); }

 private:
  std::shared_ptr<const state> state_;
};

/// A private key. Cheap to copy (shared), thread-safe to use.
class private_key {
 public:
  /// A P-256 key whose scalar, or an Ed25519 key whose seed, comes from `random`: the same source state gives the same key.
  [[nodiscard]] static private_key generate(random_source& random, key_kind kind = key_kind::p256);
  /// PKCS#8 (`PRIVATE KEY`) or SEC1 (`EC PRIVATE KEY`) PEM. Errors: `invalid_argument`, `unsupported`.
  [[nodiscard]] static result<private_key> from_pem(std::string_view pem);
  /// PKCS#8 PEM, as Fabric's tools write it.
  [[nodiscard]] std::string to_pem() const;
  [[nodiscard]] const public_key& public_half() const;

  struct state;
  explicit private_key(std::shared_ptr<const state> s) : state_(std::move(s)) {}
  [[nodiscard]] const state* native() const noexcept { return state_.get(); }

 private:
  std::shared_ptr<const state> state_;
};

}  // namespace weft::crypto
