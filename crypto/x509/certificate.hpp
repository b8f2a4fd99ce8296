// X.509 certificates as Fabric reads them: parsed once, immutable, with the bytes that arrived kept.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/base/clock.hpp"
#include "crypto/keys/keys.hpp"
#include "crypto/keys/signer.hpp"

namespace weft::crypto {

/// A parsed certificate. Cheap to copy (shared), thread-safe.
class certificate {
 public:
  /// DER, exactly one certificate, nothing after it. Errors: `invalid_argument`, `unsupported` key.
  [[nodiscard]] static result<certificate> from_der(bytes_view der);
  /// Exactly one PEM block and nothing but white space around it (interop/01 §4). Errors: `invalid_argument`.
  [[nodiscard]] static result<certificate> from_pem(std::string_view pem);
  /// Every CERTIFICATE block of a file; other text is passed over.
  [[nodiscard]] static result<std::vector<certificate>> all_from_pem(std::string_view pem);

  [[nodiscard]] const public_key& key() const;
  [[nodiscard]] bytes_view der() const;          ///< As it arrived.
  /// DER after the signature's S was brought to the low half (interop/01 §5): what identities are compared by.
  [[nodiscard]] bytes_view canonical_der() const;
  [[nodiscard]] std::string to_pem() const;      ///< 64-character lines and a trailing newline.
  [[nodiscard]] bytes_view subject_der() const;
  [[nodiscard]] bytes_view issuer_der() const;
  [[nodiscard]] const std::string& subject() const;  ///< "CN=peer0.org1.example.com,OU=peer,L=…": for people and logs.
  [[nodiscard]] const std::string& issuer() const;
  [[nodiscard]] const std::string& common_name() const;
  [[nodiscard]] const std::vector<std::string>& organizational_units() const;
  [[nodiscard]] const std::vector<std::string>& dns_names() const;
  [[nodiscard]] const std::vector<std::string>& ip_addresses() const;
  [[nodiscard]] bytes_view serial() const;       ///< Big-endian magnitude.
  [[nodiscard]] bytes_view subject_key_id() const;    ///< Empty when absent.
  [[nodiscard]] bytes_view authority_key_id() const;  ///< Empty when absent.
  [[nodiscard]] bool is_ca() const;
  [[nodiscard]] std::optional<std::uint32_t> path_length_max() const;  ///< Of BasicConstraints: how many CAs may follow below this one.
  [[nodiscard]] bool may_sign_certificates() const;  ///< KeyUsage is absent or has certSign.
  [[nodiscard]] timestamp not_before() const;
  [[nodiscard]] timestamp not_after() const;
  /// True if this certificate's signature was made by `issuer`'s key (high S is accepted here, as Fabric does).
  [[nodiscard]] bool signed_by(const certificate& issuer) const;

  struct state;
  explicit certificate(std::shared_ptr<const state> s) : state_(std::move(s)) {}

 private:
  std::shared_ptr<const state> state_;
};

/// A certificate revocation list: who issued it and which serials it names.
struct revocation_list {
  bytes der;
  bytes authority_key_id;
  std::vector<bytes> serials;  ///< Big-endian magnitudes.
  [[nodiscard]] static result<revocation_list> from_pem_or_der(bytes_view raw);
  [[nodiscard]] bool signed_by(const certificate& issuer) const;
};

/// What to issue. Times, serial and keys come from the caller, so that a seed gives the same certificate.
struct certificate_request {
  std::string common_name, organization;
  std::vector<std::string> organizational_units;
  std::string country = "US", province = "California", locality = "San Francisco";
  std::string street_address, postal_code;  ///< Empty: left out.
  std::vector<std::string> sans;  ///< DNS names; IP literals become IP entries.
  enum class profile : std::uint8_t { ca, sign, tls } use = profile::sign;
  timestamp not_before{}, not_after{};
};

/// Issues certificates with cryptogen's profiles (interop/03 §1). `issuer` empty: self-signed with `issuer_key`.
/// The signature is low-S and, with a deterministic signer, the same each time.
[[nodiscard]] result<certificate> issue_certificate(const certificate_request& request, const public_key& subject_key,
                                                    const certificate* issuer, const private_key& issuer_key, nonce_rule rule,
                                                    random_source& random);

}  // namespace weft::crypto
