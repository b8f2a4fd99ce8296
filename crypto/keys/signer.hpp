// Signing and verifying behind seams: what a role is given decides whether nonces are random and whether work is shared.
#pragma once

#include <memory>

#include "crypto/keys/keys.hpp"

namespace weft::crypto {

/// Makes signatures with one key. Thread-safe.
class signer {
 public:
  virtual ~signer() = default;
  /// ECDSA: DER SEQUENCE{r,s} over SHA-256(message), s ≤ n/2. Ed25519: over the message itself. Errors: `internal`.
  [[nodiscard]] virtual result<bytes> sign(bytes_view message) const = 0;
  [[nodiscard]] virtual const public_key& key() const = 0;
};

/// Where an ECDSA nonce comes from.
enum class nonce_rule : std::uint8_t {
  random,         ///< OpenSSL's own: production.
  deterministic,  ///< RFC 6979: tests and simulations, so that chains are equal byte for byte.
};

[[nodiscard]] std::shared_ptr<const signer> make_signer(private_key key, nonce_rule rule = nonce_rule::random);

/// Judges signatures. Thread-safe.
class verifier {
 public:
  virtual ~verifier() = default;
  /// True only for a signature of `key` over `message`; high S, malformed DER and trailing bytes are false.
  [[nodiscard]] virtual bool verify(const public_key& key, bytes_view message, bytes_view signature) const = 0;
  /// Tells that `key` made `signature` over `message` in this very process. A plain verifier forgets it.
  virtual void made_here(const public_key& key, bytes_view message, bytes_view signature) const;
};

/// OpenSSL's verification, nothing remembered.
[[nodiscard]] std::shared_ptr<const verifier> make_verifier();

/// Remembers (key, digest, signature) that verified or that were made here, for the roles of one operator in one process
/// (architecture §4.10). Bounded: at most `entries_max` (LRU-ish; older halves are dropped), positive verdicts only.
[[nodiscard]] std::shared_ptr<const verifier> make_sharing_verifier(std::shared_ptr<const verifier> inner, std::size_t entries_max = 1 << 16);

/// One signature to judge; the views live as long as the call.
struct verify_job {
  const public_key* key = nullptr;
  bytes_view message, signature;
};

}  // namespace weft::crypto
