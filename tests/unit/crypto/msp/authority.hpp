// Certificates for tests: proper ones by issue_certificate, odd ones field by field.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/base/random.hpp"
#include "crypto/x509/certificate.hpp"

namespace weft::crypto::test {

/// A certificate with its key.
struct holder {
  certificate cert;
  private_key key;
  [[nodiscard]] std::string pem() const { return cert.to_pem(); }
};

/// What an odd certificate says; extensions come as whole DER elements from the functions below.
struct odd_request {
  std::string common_name;
  std::vector<std::string> units;
  std::vector<bytes> extensions;
  std::optional<timestamp> not_before, not_after;
  std::optional<private_key> key;  ///< Made anew when absent.
  bool foreign_signature = false;  ///< Signed by somebody else than the issuer it names.
  bool high_s = false;             ///< The signature's S in the upper half, as many CAs make it.
};

[[nodiscard]] bytes key_usage(bool may_sign_certificates);
[[nodiscard]] bytes basic_constraints(bool ca, std::optional<unsigned> path_length = {});
[[nodiscard]] bytes subject_key_id(const std::string& id);
[[nodiscard]] bytes dns_name(const std::string& name);
[[nodiscard]] bytes email_name(const std::string& name);
/// Permits or excludes one DNS subtree.
[[nodiscard]] bytes dns_constraint(const std::string& base, bool permitted);
[[nodiscard]] bytes email_constraint(const std::string& base);
[[nodiscard]] bytes unknown_extension(bool critical);
[[nodiscard]] bytes ip_name(bytes_view address);
[[nodiscard]] bytes ip_constraint(bytes_view address_and_mask);

/// The other signature of the same message: S becomes n - S (P-256).
[[nodiscard]] bytes with_other_s(bytes_view signature);

/// Issues whatever is asked for. The same seed gives the same certificates.
class authority {
 public:
  explicit authority(std::uint64_t seed = 1) : random_(seed) {}
  [[nodiscard]] holder root(const std::string& name) { return ca(name, nullptr); }
  [[nodiscard]] holder ca(const std::string& name, const holder* issuer);
  [[nodiscard]] holder member(const std::string& name, const std::vector<std::string>& units, const holder& issuer);
  [[nodiscard]] holder odd(const odd_request& request, const holder* issuer);
  /// A CRL in PEM. `names_issuer`: with an authority key identifier.
  [[nodiscard]] std::string crl(const holder& issuer, const private_key& signing_key, const std::vector<bytes_view>& serials, bool names_issuer = true);
  [[nodiscard]] seeded_random& random() { return random_; }

  static constexpr timestamp begin{std::chrono::seconds{1'600'000'000}}, end{std::chrono::seconds{1'900'000'000}};

 private:
  seeded_random random_;
};

}  // namespace weft::crypto::test
