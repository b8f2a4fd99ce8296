// (key, digest, signature) triples for differential tests of P-256 verification: many of them valid and cheap to make, the others wrong in
// every way that somebody thought of. Reproducible from a seed; OpenSSL's own judgement as the reference.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "crypto/keys/signer.hpp"

namespace weft::crypto::test {

/// How a triple was made. What it is worth only the reference knows.
enum class triple_kind : std::uint8_t {
  valid,            ///< s and the nonce chosen, the digest computed from them: as good as signed
  r_flipped, s_flipped, digest_flipped, wrong_key,
  high_s,           ///< n − s: good for OpenSSL, not for Fabric
  r_boundary, s_boundary,  ///< 0, 1, n−1, n, n+1, p−n and neighbours, 2²⁵⁶−1, random small
  digest_boundary,  ///< 0, 1, n−1, n, all ones under a signature of something else
  chosen_scalars,   ///< valid, with u₁ and u₂ at the edges: 0, ±1, powers of two and their neighbours, halves
  digest_above_n,   ///< valid, the digest written as e + n
  doubling,         ///< valid, u₁G = u₂Q
  infinity,         ///< u₁G + u₂Q is the point at infinity
  x_above_n,        ///< valid under a key of its own: x(R) = r + n
  x_below_p_minus_n,///< valid under a key of its own: x(R) = r, where r + n < p too
  x_wrapped,        ///< wrong under a key of its own: x(R) = r + n − p, what a sloppy r + n would take for equal
  special_spoiled,  ///< one of the three above with s or the digest changed
  malformed,        ///< bytes that are no strict DER signature
};
inline constexpr std::size_t triple_kinds = 18;
[[nodiscard]] const char* to_string(triple_kind kind);

struct triple {
  const crypto::public_key* key = nullptr;  ///< Of the source.
  crypto::digest message_digest{};
  bytes signature;
  triple_kind kind = triple_kind::valid;
  [[nodiscard]] crypto::hashed_message message() const { return {crypto::view(message_digest), message_digest}; }
};

/// Keys and triples of one seed. Keys: random ones, ±G, 2G, G/2, and keys made for signatures whose R is chosen by its x.
/// One thread at a time.
class triple_source {
 public:
  explicit triple_source(std::uint64_t seed);
  ~triple_source();
  [[nodiscard]] const std::vector<crypto::public_key>& keys() const;
  /// About two thirds of what comes is valid.
  [[nodiscard]] triple next();

 private:
  struct state;
  std::unique_ptr<state> state_;
};

/// What the system's OpenSSL says about the bytes (ECDSA_verify), and s ≤ n/2.
[[nodiscard]] bool openssl_accepts(const triple& t);

}  // namespace weft::crypto::test
