// Revocation lists, PEM and DER. Seeds are in corpus/crl: the golden data have none; these are signed by golden Org1's CA.
#include "crypto/x509/certificate.hpp"
#include "crypto/x509/signed_object.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/golden.hpp"

using namespace weft;
using namespace weft::fuzz;
using crypto::revocation_list;

namespace {

constexpr const char* ca_path = "crypto/peerOrganizations/org1.example.com/ca/ca.org1.example.com-cert.pem";

const crypto::certificate& authority() {
  static const auto ca = [] {
    auto c = crypto::certificate::from_pem(golden_file(ca_path));
    FUZZ_CHECK(c.has_value());
    return *std::move(c);
  }();
  return ca;
}

int fuzz_one(const std::uint8_t* data, std::size_t size) {
  const auto list = revocation_list::from_pem_or_der(view(data, size));
  if (!list) {
    FUZZ_CHECK(!list.error().context.empty());
    return 0;
  }
  const auto again = revocation_list::from_pem_or_der(list->der);
  FUZZ_CHECK(again && again->der == list->der && again->serials == list->serials && again->authority_key_id == list->authority_key_id);
  for (const auto& serial : list->serials) FUZZ_CHECK(serial.empty() || serial.front() != '\0');
  if (!list->signed_by(authority())) return 0;
  FUZZ_CHECK(list->serials.empty() || list->serials.size() == 2);  // the two lists that the CA has signed
  FUZZ_CHECK(list->authority_key_id == authority().subject_key_id());
  return 0;
}

std::vector<bytes> seeds() { return {golden_file(ca_path)}; }

}  // namespace

WEFT_FUZZ_TARGET(crl, 40'000);
