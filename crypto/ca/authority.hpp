// A certificate authority: its own certificate and key, and what it issues.
#pragma once

#include "config/base/clock.hpp"
#include "config/base/random.hpp"
#include "crypto/x509/certificate.hpp"

namespace weft::crypto {

/// How long cryptogen's certificates live, from five minutes before the minute they were made in.
inline constexpr std::chrono::days certificate_lifetime{3650};

/// First and last moment of a certificate made now: cryptogen's rounding, so that clocks a little behind accept it at once.
struct validity {
  timestamp not_before, not_after;
};
[[nodiscard]] validity validity_from(timestamp now, std::chrono::days lifetime = certificate_lifetime);

/// A key pair and the certificate that names it.
struct issued_identity {
  certificate cert;
  private_key key;
};

/// Where an authority, and those it names, say they are.
struct place {
  std::string country = "US", province = "California", locality = "San Francisco";
  std::string organizational_unit, street_address, postal_code;  ///< Empty: left out. The unit stands beside a role's.
};
/// A request that stands in that place, without a name, a profile or times.
[[nodiscard]] certificate_request request_in(const place& where);

/// Issues certificates in its own name. Immutable and cheap to copy; thread-safe as far as the random source is.
class authority {
 public:
  /// A new self-signed authority with a key drawn from `random`.
  [[nodiscard]] static result<authority> create(const std::string& common_name, const std::string& organization, const place& where,
                                                const clock& clock, random_source& random, nonce_rule rule,
                                                key_kind kind = key_kind::p256);
  /// An authority that exists. Errors: `invalid_argument` if the certificate is no CA's or the key is another's.
  [[nodiscard]] static result<authority> from_pem(std::string_view cert_pem, std::string_view key_pem, nonce_rule rule);

  [[nodiscard]] const certificate& cert() const noexcept { return cert_; }
  [[nodiscard]] const private_key& key() const noexcept { return key_; }

  /// A certificate for somebody's own key, an enrollment say. Errors: as issue_certificate.
  [[nodiscard]] result<certificate> certify(const certificate_request& request, const public_key& subject_key, random_source& random) const;
  /// A certificate for a key drawn from `random`.
  [[nodiscard]] result<issued_identity> issue(const certificate_request& request, random_source& random, key_kind kind = key_kind::p256) const;

 private:
  authority(certificate cert, private_key key, nonce_rule rule) : cert_(std::move(cert)), key_(std::move(key)), rule_(rule) {}
  certificate cert_;
  private_key key_;
  nonce_rule rule_;
};

}  // namespace weft::crypto
