#include <doctest/doctest.h>

#include <cstring>

#include "crypto/keys/ecdsa.hpp"
#include "crypto/x509/certificate.hpp"
#include "crypto/x509/signed_object.hpp"
#include "tests/unit/crypto/keys/key_samples.hpp"

using namespace weft;
using namespace weft::crypto;
using profile = certificate_request::profile;

namespace {

certificate load_golden(const std::string& path) { return certificate::from_pem(test::read_file(test::golden_org1() / path)).value(); }
private_key load_key(const std::string& path) { return private_key::from_pem(test::read_file(test::golden_org1() / path)).value(); }

/// Gives the serial number of an existing certificate.
class serial_of final : public random_source {
 public:
  explicit serial_of(const certificate& cert) : serial_(16, '\0') { serial_.replace(16 - cert.serial().size(), cert.serial().size(), cert.serial()); }
  void fill(void* out, std::size_t size) override {
    REQUIRE(size == serial_.size());
    serial_.copy(static_cast<char*>(out), size);
  }

 private:
  bytes serial_;
};

certificate_request request_like(const certificate& cert, profile use) {
  certificate_request r;
  r.common_name = cert.common_name();
  r.organizational_units = cert.organizational_units();
  r.use = use;
  r.not_before = cert.not_before();
  r.not_after = cert.not_after();
  return r;
}

bytes signed_part(const certificate& cert) { return bytes(split_signed(cert.der())->signed_part); }

/// cryptogen 3.1 takes an authority's key identifier from the private scalar; ours is the digest of the public point, as Fabric's
/// keystore and all other tools have it. Any 32 bytes serve: readers only compare them.
bytes with_our_key_id(bytes part, const certificate& cert) {
  const auto at = part.find(cert.subject_key_id());
  return cert.subject_key_id().empty() || at == part.npos ? part : part.replace(at, 32, cert.key().ski());
}

certificate_request simple(profile use = profile::sign) {
  certificate_request r;
  r.common_name = "someone";
  r.use = use;
  r.not_before = timestamp(std::chrono::seconds(1'795'000'000));
  r.not_after = r.not_before + std::chrono::hours(24);
  return r;
}

}  // namespace

TEST_CASE("equal inputs give cryptogen's certificates, byte for byte up to the signature") {
  struct row {
    const char *name, *cert, *issuer;
    profile use;
    const char* organization;
    std::vector<std::string> sans;
  };
  const std::string peer = "peers/peer0.org1.example.com/";
  const row rows[] = {
      {"authority", "ca/ca.org1.example.com-cert.pem", nullptr, profile::ca, "org1.example.com", {}},
      {"TLS authority", "tlsca/tlsca.org1.example.com-cert.pem", nullptr, profile::ca, "org1.example.com", {}},
      {"peer", "peers/peer0.org1.example.com/msp/signcerts/peer0.org1.example.com-cert.pem", "ca", profile::sign, "", {}},
      {"peer's TLS", "peers/peer0.org1.example.com/tls/server.crt", "tlsca", profile::tls, "",
       {"peer0.org1.example.com", "peer0", "localhost", "127.0.0.1"}},
      {"admin", "users/Admin@org1.example.com/msp/signcerts/Admin@org1.example.com-cert.pem", "ca", profile::sign, "", {}},
      {"client", "users/User1@org1.example.com/msp/signcerts/User1@org1.example.com-cert.pem", "ca", profile::sign, "", {}},
      {"client's TLS", "users/User1@org1.example.com/tls/client.crt", "tlsca", profile::tls, "", {}},
  };
  for (const auto& r : rows) SUBCASE(r.name) {
      const auto golden = load_golden(r.cert);
      auto request = request_like(golden, r.use);
      request.organization = r.organization;
      request.sans = r.sans;
      const std::string authority = r.issuer ? r.issuer : golden.common_name().substr(0, golden.common_name().find('.'));
      const auto issuer = load_golden(authority + "/" + authority + ".org1.example.com-cert.pem");
      serial_of random(golden);
      const auto made = issue_certificate(request, golden.key(), r.issuer ? &issuer : nullptr, load_key(authority + "/priv_sk"),
                                          nonce_rule::deterministic, random);
      REQUIRE(made);
      CHECK(to_hex(signed_part(*made)) == to_hex(with_our_key_id(signed_part(golden), golden)));
      CHECK(made->signed_by(issuer));
      CHECK(made->canonical_der() == made->der());
    }
}

TEST_CASE("one seed, one certificate") {
  const auto issue = [](std::uint64_t seed) {
    seeded_random random(seed);
    const auto key = private_key::generate(random);
    return bytes(issue_certificate(simple(profile::ca), key.public_half(), nullptr, key, nonce_rule::deterministic, random)->der());
  };
  CHECK(issue(1) == issue(1));
  CHECK(issue(1) != issue(2));
}

TEST_CASE("what is asked for is what a reader finds") {
  seeded_random random(5);
  const auto ca_key = private_key::generate(random);
  const auto ca = issue_certificate(simple(profile::ca), ca_key.public_half(), nullptr, ca_key, nonce_rule::random, random);
  REQUIRE(ca);
  CHECK(ca->is_ca());
  CHECK(ca->may_sign_certificates());
  CHECK(ca->subject_key_id() == ca_key.public_half().ski());
  auto request = simple(profile::tls);
  request.common_name = "Zoë, \"the\" <admin>\n";
  request.organizational_units = {"client", "b", "a"};
  request.organization = "Müller & Söhne";
  request.country = "";
  request.sans = {"10.1.2.3", "host.example", "fe80::1", "other"};
  request.not_after = timestamp(std::chrono::seconds(3'000'000'000));
  const auto key = private_key::generate(random);
  const auto cert = issue_certificate(request, key.public_half(), &*ca, ca_key, nonce_rule::random, random);
  REQUIRE(cert);
  CHECK(cert->signed_by(*ca));
  CHECK(cert->common_name() == request.common_name);
  CHECK(cert->organizational_units() == std::vector<std::string>{"a", "b", "client"});  // sorted by DER within one set
  CHECK(cert->subject() == "CN=Zoë\\, \\\"the\\\" \\<admin\\>\\0a,OU=client+OU=b+OU=a,O=Müller & Söhne,L=San Francisco,ST=California");
  CHECK(cert->dns_names() == std::vector<std::string>{"host.example", "other"});
  CHECK(cert->ip_addresses() == std::vector<std::string>{"10.1.2.3", "fe80::1"});
  CHECK(cert->not_after() == request.not_after);
  CHECK(cert->authority_key_id() == ca->subject_key_id());
  CHECK_FALSE(cert->is_ca());
  CHECK(cert->key() == key.public_half());
}

TEST_CASE("an authority on another curve issues too") {
  for (const auto& pem : {test::ec_pem(key_kind::p384, bytes(48, '\x42'))}) {
    const auto ca_key = private_key::from_pem(pem).value();
    seeded_random random(9);
    const auto ca = issue_certificate(simple(profile::ca), ca_key.public_half(), nullptr, ca_key, nonce_rule::deterministic, random);
    REQUIRE(ca);
    const auto key = private_key::generate(random);
    const auto cert = issue_certificate(simple(), key.public_half(), &*ca, ca_key, nonce_rule::deterministic, random);
    REQUIRE(cert);
    CHECK(cert->signed_by(*ca));
    CHECK(cert->canonical_der() == cert->der());
  }
}

TEST_CASE("requests that make no sense are refused") {
  seeded_random random(5);
  const auto ca_key = private_key::generate(random), key = private_key::generate(random);
  const auto ca = issue_certificate(simple(profile::ca), ca_key.public_half(), nullptr, ca_key, nonce_rule::random, random).value();
  auto nameless = simple();
  nameless.common_name = "";
  auto backwards = simple();
  std::swap(backwards.not_before, backwards.not_after);
  const auto issue = [&](const certificate_request& r, const public_key& k, const certificate* issuer, const private_key& signing) {
    return issue_certificate(r, k, issuer, signing, nonce_rule::random, random);
  };
  CHECK(issue(simple(), key.public_half(), &ca, ca_key));
  CHECK_FALSE(issue(nameless, key.public_half(), &ca, ca_key));
  CHECK_FALSE(issue(backwards, key.public_half(), &ca, ca_key));
  CHECK_FALSE(issue(simple(), public_key(), &ca, ca_key));
  CHECK_FALSE(issue(simple(), key.public_half(), &ca, key));
  CHECK_FALSE(issue(simple(), key.public_half(), nullptr, ca_key));
}

TEST_CASE("a serial number is never zero") {
  struct zero_first final : random_source {
    void fill(void* out, std::size_t size) override { std::memset(out, first ? 0 : 1, size), first = false; }
    bool first = true;
  } random;
  seeded_random keys(1);
  const auto key = private_key::generate(keys);
  const auto cert = issue_certificate(simple(profile::ca), key.public_half(), nullptr, key, nonce_rule::random, random);
  REQUIRE(cert);
  CHECK(to_hex(cert->serial()) == "01010101010101010101010101010101");
}
