// Certificates of hosts, for carriers with TLS.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "actors/remoting/admission.hpp"
#include "config/base/random.hpp"
#include "crypto/x509/certificate.hpp"

namespace weft::testing {

struct host_certificate {
  std::string certificate_pem, key_pem;
  bytes der;
};

/// An authority for TLS certificates. The same seed gives the same certificates.
class tls_authority {
 public:
  explicit tls_authority(std::uint64_t seed) : random_(seed), key_(crypto::private_key::generate(random_)) {
    crypto::certificate_request r{.common_name = "tlsca" + std::to_string(seed), .organization = "tests", .use = crypto::certificate_request::profile::ca,
                                  .not_before = begin, .not_after = end};
    root_ = crypto::issue_certificate(r, key_.public_half(), nullptr, key_, crypto::nonce_rule::deterministic, random_).value();
  }
  [[nodiscard]] host_certificate host(const std::string& name, timestamp until = end) {
    const auto key = crypto::private_key::generate(random_);
    crypto::certificate_request r{.common_name = name, .organization = "tests", .sans = {name}, .use = crypto::certificate_request::profile::tls,
                                  .not_before = begin, .not_after = until};
    const auto c = crypto::issue_certificate(r, key.public_half(), &*root_, key_, crypto::nonce_rule::deterministic, random_).value();
    return {c.to_pem(), key.to_pem(), bytes(c.der())};
  }
  [[nodiscard]] std::string root_pem() const { return root_->to_pem(); }
  [[nodiscard]] bytes root_der() const { return bytes(root_->der()); }

  static constexpr timestamp begin{std::chrono::seconds{1'600'000'000}}, end{std::chrono::seconds{2'500'000'000}};

 private:
  seeded_random random_;
  crypto::private_key key_;
  std::optional<crypto::certificate> root_;
};

}  // namespace weft::testing
