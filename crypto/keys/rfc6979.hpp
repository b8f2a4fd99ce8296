// Deterministic nonces for ECDSA (RFC 6979 §3.2 with HMAC-SHA-256): equal keys and messages give equal signatures.
#pragma once

#include "config/base/bytes.hpp"

namespace weft::crypto::rfc6979 {

/// The sequence of candidates for k. The caller takes the first one that lies in [1, n−1] and gives r ≠ 0.
/// Suits curves whose order has a whole number of bytes, as P-256 and P-384 do.
class nonces {
 public:
  /// Private scalar and bits2octets(digest), both as wide as the curve's order.
  nonces(bytes_view scalar, bytes_view reduced_digest);
  ~nonces();
  nonces(const nonces&) = delete;
  nonces& operator=(const nonces&) = delete;
  [[nodiscard]] bytes next();

 private:
  bytes key_, value_;  ///< K and V of the RFC.
  std::size_t width_;
  bool first_ = true;
};

/// HMAC-SHA-256 (RFC 2104).
[[nodiscard]] bytes hmac_sha256(bytes_view key, std::initializer_list<bytes_view> parts);

}  // namespace weft::crypto::rfc6979
