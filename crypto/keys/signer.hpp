// Signing and verifying behind seams: what a role is given decides whether nonces are random and whether work is shared.
#pragma once

#include <concepts>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "crypto/keys/keys.hpp"

namespace weft::crypto {

/// A message to sign or verify, with its SHA-256 computed at most once. Borrows the bytes, and lives as briefly as they are looked at.
/// Not thread-safe: the digest is filled in on first use.
class hashed_message {
 public:
  template <class Bytes>
    requires std::convertible_to<const Bytes&, bytes_view>
  hashed_message(const Bytes& data) : data_(data) {}  // NOLINT: a message is its bytes
  /// With a digest that somebody computed over exactly these bytes.
  hashed_message(bytes_view data, const digest& known) : data_(data), digest_(known) {}
  [[nodiscard]] bytes_view data() const noexcept { return data_; }
  [[nodiscard]] const digest& sha256() const {
    if (!digest_) digest_ = crypto::sha256(data_);
    return *digest_;
  }

 private:
  bytes_view data_;
  mutable std::optional<digest> digest_;
};

/// Makes signatures with one key. Thread-safe.
class signer {
 public:
  virtual ~signer() = default;
  /// ECDSA: DER SEQUENCE{r,s} over SHA-256(message), s ≤ n/2. Ed25519: over the message itself. Errors: `internal`.
  [[nodiscard]] virtual result<bytes> sign(const hashed_message& message) const = 0;
  [[nodiscard]] virtual const public_key& key() const = 0;
};

/// Where an ECDSA nonce comes from.
enum class nonce_rule : std::uint8_t {
  random,         ///< OpenSSL's own: production.
  deterministic,  ///< RFC 6979: tests and simulations, so that chains are equal byte for byte.
};

[[nodiscard]] std::shared_ptr<const signer> make_signer(private_key key, nonce_rule rule = nonce_rule::random);

/// One signature to judge; key and views live as long as the call.
struct verify_job {
  const public_key* key = nullptr;
  hashed_message message;
  bytes_view signature;
};

/// Judges signatures. Thread-safe.
class verifier {
 public:
  virtual ~verifier() = default;
  /// True only for a signature of `key` over `message`; high S, malformed DER and trailing bytes are false.
  [[nodiscard]] virtual bool verify(const public_key& key, const hashed_message& message, bytes_view signature) const = 0;
  /// What verify() says of each, in order. Worth its while from two on, and best at 16 to 64: what they have in common is computed once.
  [[nodiscard]] virtual std::vector<bool> verify_all(std::span<const verify_job> jobs) const;
  /// Tells that `key` made `signature` over `message` in this very process. A plain verifier forgets it.
  virtual void made_here(const public_key& key, const hashed_message& message, bytes_view signature) const;
};

/// OpenSSL's verification, nothing remembered.
[[nodiscard]] std::shared_ptr<const verifier> make_verifier();

/// Remembers (key, digest, signature) that verified or that were made here, for the roles of one operator in one process
/// (architecture §4.10). Bounded: at most `entries_max` (LRU-ish; older halves are dropped), positive verdicts only.
[[nodiscard]] std::shared_ptr<const verifier> make_sharing_verifier(std::shared_ptr<const verifier> inner, std::size_t entries_max = 1 << 16);

/// "OpenSSL 3.0.19": what computes here, for reports.
[[nodiscard]] std::string library_version();

}  // namespace weft::crypto
