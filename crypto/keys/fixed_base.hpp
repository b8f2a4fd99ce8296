// P-256 verification with what can be prepared: multiples of a key, and one inversion for many signatures. For the .cpp files of crypto/ only.
// Curve arithmetic is OpenSSL's throughout; here is only the order in which it is asked.
#pragma once

#include <memory>
#include <span>

#include "crypto/keys/ecdsa.hpp"

struct ec_group_st;  // OpenSSL's EC_GROUP

namespace weft::crypto {

/// The multiples of one P-256 key that OpenSSL prepares for a curve's generator: a multiplication by the key then costs 6.5 µs instead of 38.
/// About 154 KiB. Immutable, so that threads may share it.
class fixed_base {
 public:
  /// Takes about 23 ms. Null if OpenSSL has no fast method for this curve (without its assembly a table would be a loss), or fails.
  [[nodiscard]] static std::shared_ptr<const fixed_base> build(const public_key::state& key);
  ~fixed_base();
  fixed_base(const fixed_base&) = delete;
  fixed_base& operator=(const fixed_base&) = delete;

  /// The curve with the key as its generator.
  [[nodiscard]] const ec_group_st* group() const noexcept { return group_; }

 private:
  explicit fixed_base(ec_group_st* group) : group_(group) {}
  ec_group_st* group_;
};

/// One signature to judge. Borrows everything.
struct p256_job {
  const public_key::state* key = nullptr;  ///< A P-256 key.
  const fixed_base* table = nullptr;       ///< Null: OpenSSL multiplies by the key as it comes.
  const digest* message_digest = nullptr;
  ecdsa::signature signature;              ///< `ecdsa::in_range`.
  enum class outcome : std::uint8_t { good, bad, unknown } found = outcome::unknown;  ///< Unknown: OpenSSL failed, out of memory for one.
};

/// Judges all of them; s is inverted once for every `inversions_shared_max` of them. Thread-safe.
void verify_p256(std::span<p256_job> jobs);
inline constexpr std::size_t inversions_shared_max = 64;

}  // namespace weft::crypto
