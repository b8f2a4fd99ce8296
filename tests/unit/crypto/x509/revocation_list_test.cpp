#include <doctest/doctest.h>

#include "crypto/x509/certificate.hpp"
#include "tests/unit/crypto/keys/key_samples.hpp"
#include "tests/unit/crypto/x509/certificate_samples.hpp"

using namespace weft;
using namespace weft::crypto;

namespace {
certificate load_issuer(const char* path) { return certificate::from_pem(test::read_file(test::golden_org1() / path)).value(); }
}  // namespace

TEST_CASE("a revocation list names serials and its authority") {
  const auto list = revocation_list::from_pem_or_der(test::org1_revocation_list);
  REQUIRE(list);
  const auto authority = load_issuer("ca/ca.org1.example.com-cert.pem");
  CHECK(list->authority_key_id == authority.subject_key_id());
  CHECK(list->signed_by(authority));
  CHECK_FALSE(list->signed_by(load_issuer("tlsca/tlsca.org1.example.com-cert.pem")));
  const auto user = load_issuer("users/User1@org1.example.com/msp/signcerts/User1@org1.example.com-cert.pem");
  const auto peer = load_issuer("peers/peer0.org1.example.com/msp/signcerts/peer0.org1.example.com-cert.pem");
  CHECK(list->serials == std::vector<bytes>{bytes(peer.serial()), bytes(user.serial())});
}

TEST_CASE("DER and PEM give the same list; an empty one revokes nobody") {
  const auto list = revocation_list::from_pem_or_der(test::org1_revocation_list);
  REQUIRE(list);
  const auto again = revocation_list::from_pem_or_der(list->der);
  REQUIRE(again);
  CHECK(again->serials == list->serials);
  CHECK(revocation_list::from_pem_or_der(test::org1_empty_revocation_list)->serials.empty());
}

TEST_CASE("hostile lists are errors") {
  const bytes good = revocation_list::from_pem_or_der(test::org1_revocation_list)->der;
  const auto authority = load_issuer("ca/ca.org1.example.com-cert.pem");
  for (std::size_t size = 0; size < good.size(); ++size) CHECK_FALSE(revocation_list::from_pem_or_der(bytes_view(good).substr(0, size)));
  CHECK_FALSE(revocation_list::from_pem_or_der(good + "x"));
  CHECK_FALSE(revocation_list::from_pem_or_der("hello"));
  CHECK_FALSE(revocation_list::from_pem_or_der(load_issuer("ca/ca.org1.example.com-cert.pem").to_pem()));
  for (std::size_t at = 0; at < good.size(); ++at) {
    bytes bad = good;
    bad[at] = static_cast<char>(bad[at] ^ (1 << (at % 8)));
    CAPTURE(at);
    const auto list = revocation_list::from_pem_or_der(bad);
    CHECK((!list || !list->signed_by(authority)));
  }
}
