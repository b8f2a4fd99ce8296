// Certificates, PEM and DER: what is taken can be written and read again, and signatures of the golden CAs cover what they cover.
#include <set>

#include "crypto/x509/certificate.hpp"
#include "crypto/x509/signed_object.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/golden.hpp"

using namespace weft;
using namespace weft::fuzz;
using crypto::certificate;

namespace {

const std::vector<certificate>& golden() {
  static const auto all = [] {
    std::vector<certificate> out;
    for (const auto& pem : golden_certificates()) {
      auto c = certificate::from_pem(pem);
      FUZZ_CHECK(c.has_value());
      out.push_back(*std::move(c));
    }
    return out;
  }();
  return all;
}

bool was_signed(bytes_view signed_part) {
  static const auto known = [] {
    std::set<bytes, std::less<>> out;
    for (const auto& c : golden()) out.emplace(crypto::split_signed(c.der())->signed_part);
    return out;
  }();
  return known.contains(signed_part);
}

const std::vector<certificate>& authorities() {
  static const auto all = [] {
    std::vector<certificate> out;
    for (const auto& c : golden())
      if (c.is_ca()) out.push_back(c);
    FUZZ_CHECK(out.size() == 6);
    return out;
  }();
  return all;
}

void check(const certificate& c) {
  const auto again = certificate::from_pem(c.to_pem());
  FUZZ_CHECK(again && again->der() == c.der() && again->subject() == c.subject() && again->serial() == c.serial());
  const auto canonical = certificate::from_der(c.canonical_der());
  FUZZ_CHECK(canonical && canonical->canonical_der() == c.canonical_der() && canonical->subject_der() == c.subject_der());
  FUZZ_CHECK(c.is_ca() || !c.path_length_max());
  const auto parts = crypto::split_signed(c.der());
  FUZZ_CHECK(parts.has_value());
  for (const auto& authority : authorities())
    if (c.signed_by(authority)) FUZZ_CHECK(was_signed(parts->signed_part));
}

int fuzz_one(const std::uint8_t* data, std::size_t size) {
  const auto raw = view(data, size);
  if (const auto c = certificate::from_der(raw)) {
    FUZZ_CHECK(c->der() == raw);
    check(*c);
  }
  if (const auto c = certificate::from_pem(raw)) check(*c);
  if (const auto all = certificate::all_from_pem(raw))
    for (const auto& c : *all) check(c);
  return 0;
}

std::vector<bytes> seeds() {
  std::vector<bytes> out = golden_certificates();
  for (const auto& c : golden()) out.emplace_back(c.der());
  out.push_back(out.front() + out[1]);
  return out;
}

}  // namespace

WEFT_FUZZ_TARGET(certificate, 10'000);
