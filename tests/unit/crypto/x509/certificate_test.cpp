#include "crypto/x509/certificate.hpp"

#include <doctest/doctest.h>

#include "crypto/keys/ecdsa.hpp"
#include "crypto/x509/signed_object.hpp"
#include "tests/unit/crypto/keys/key_samples.hpp"
#include "tests/unit/crypto/x509/certificate_samples.hpp"

using namespace weft;
using namespace weft::crypto;
namespace fs = std::filesystem;

namespace {

certificate load(const fs::path& path) {
  auto cert = certificate::from_pem(test::read_file(path));
  INFO(path.string());
  REQUIRE(cert);
  return *cert;
}

std::vector<fs::path> golden_certificates() {
  std::vector<fs::path> found;
  for (const auto& entry : fs::recursive_directory_iterator(test::golden_crypto()))
    if (entry.path().extension() == ".pem" || entry.path().extension() == ".crt") found.push_back(entry.path());
  return found;
}

/// The authority that cryptogen's tree names for a file: <organization>/{ca,tlsca}.
certificate authority_of(const fs::path& path) {
  auto organization = path;
  while (!fs::exists(organization / "tlsca")) organization = organization.parent_path();
  const std::string text = path.string();
  const bool tls = text.find("/tls/") != text.npos || text.find("tlsca") != text.npos;
  const std::string kind = tls ? "tlsca" : "ca";
  return load(organization / kind / (kind + "." + organization.filename().string() + "-cert.pem"));
}

certificate peer0() { return load(test::golden_org1() / "peers/peer0.org1.example.com/msp/signcerts/peer0.org1.example.com-cert.pem"); }
certificate peer0_tls() { return load(test::golden_org1() / "peers/peer0.org1.example.com/tls/server.crt"); }
certificate org1_ca() { return load(test::golden_org1() / "ca/ca.org1.example.com-cert.pem"); }

/// The same certificate with n − s: what another, less careful CA might have sent.
bytes with_other_s(const certificate& cert) {
  const auto parts = split_signed(cert.der()).value();
  auto signature = ecdsa::parse(parts.signature).value();
  const bytes order = from_hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551").value();
  int borrow = 0;
  for (std::size_t i = 32; i-- > 0;) {
    const int difference = static_cast<unsigned char>(order[i]) - signature.s[16 + i] - borrow;
    borrow = difference < 0;
    signature.s[16 + i] = static_cast<unsigned char>(difference);
  }
  return der::sequence({parts.signed_part, parts.algorithm, der::bit_string(ecdsa::encode(signature))});
}

}  // namespace

TEST_CASE("every golden certificate parses, is signed by its authority and survives its PEM") {
  const auto paths = golden_certificates();
  CHECK(paths.size() == 67);
  for (const auto& path : paths) {
    CAPTURE(path.string());
    const auto cert = load(path);
    const auto authority = authority_of(path);
    CHECK(cert.to_pem() == test::read_file(path));
    CHECK(cert.signed_by(authority));
    CHECK(cert.issuer_der() == authority.subject_der());
    CHECK(cert.issuer() == authority.subject());
    CHECK(cert.is_ca() == (cert.subject_der() == cert.issuer_der()));
    if (!cert.is_ca()) CHECK(cert.authority_key_id() == authority.subject_key_id());
    if (cert.is_ca()) CHECK(cert.subject_key_id().size() == 32);
    CHECK_FALSE(cert.signed_by(peer0()));
    CHECK_FALSE(cert.path_length_max());
    CHECK(cert.may_sign_certificates() == cert.is_ca());
  }
}

TEST_CASE("every golden private key matches its certificate") {
  struct row {
    fs::path key, cert;
  };
  std::vector<row> rows;
  for (const auto& entry : fs::recursive_directory_iterator(test::golden_crypto())) {
    const auto& p = entry.path();
    if (p.extension() == ".key") rows.push_back({p, fs::path(p).replace_extension(".crt")});
    if (p.filename() != "priv_sk") continue;
    const auto folder = p.parent_path().filename() == "keystore" ? p.parent_path().parent_path() / "signcerts" : p.parent_path();
    for (const auto& c : fs::directory_iterator(folder))
      if (c.path().extension() == ".pem") rows.push_back({p, c.path()});
  }
  CHECK(rows.size() == 28);
  for (const auto& r : rows) {
    CAPTURE(r.key.string());
    const auto key = private_key::from_pem(test::read_file(r.key));
    REQUIRE(key);
    CHECK(key->public_half() == load(r.cert).key());
  }
}

TEST_CASE("fields of a node's certificates") {
  const auto cert = peer0();
  CHECK(cert.subject() == "CN=peer0.org1.example.com,OU=peer,L=San Francisco,ST=California,C=US");
  CHECK(cert.issuer() == "CN=ca.org1.example.com,O=org1.example.com,L=San Francisco,ST=California,C=US");
  CHECK(cert.common_name() == "peer0.org1.example.com");
  CHECK(cert.organizational_units() == std::vector<std::string>{"peer"});
  CHECK(to_hex(cert.serial()) == "5441cfbabfa36b414f783ba48a86ab8a");
  CHECK(cert.subject_key_id().empty());
  CHECK(to_rfc3339(cert.not_before()).substr(0, 19) == "2026-11-20T11:01:00");
  CHECK(to_rfc3339(cert.not_after()).substr(0, 19) == "2036-11-17T11:01:00");
  CHECK(cert.dns_names().empty());
  const auto tls = peer0_tls();
  CHECK(tls.dns_names() == std::vector<std::string>{"peer0.org1.example.com", "peer0", "localhost"});
  CHECK(tls.ip_addresses() == std::vector<std::string>{"127.0.0.1"});
  CHECK(tls.organizational_units().empty());
}

TEST_CASE("fields of a certificate that others made: P-384, several OUs, addresses, far future") {
  const auto cert = certificate::from_pem(test::p384_certificate);
  REQUIRE(cert);
  CHECK(cert->key().kind() == key_kind::p384);
  CHECK(cert->subject() == "CN=root #1,OU=b+OU=a,O=Acme\\, Inc.,C=DE");
  CHECK(cert->organizational_units().size() == 2);
  CHECK(cert->dns_names() == std::vector<std::string>{"a.example"});
  CHECK(cert->ip_addresses() == std::vector<std::string>{"::1", "10.0.0.7"});
  CHECK(to_rfc3339(cert->not_after()).substr(0, 19) == "2109-01-09T14:02:23");
  CHECK(cert->path_length_max() == 1u);
  CHECK_FALSE(cert->may_sign_certificates());
  CHECK(cert->signed_by(*cert));  // SHA-384 and a high s
  CHECK(cert->canonical_der() != cert->der());
  const auto canonical = certificate::from_der(cert->canonical_der());
  REQUIRE(canonical);
  CHECK(canonical->signed_by(*cert));
  CHECK(canonical->canonical_der() == canonical->der());
}

TEST_CASE("Ed25519 certificates are read and verified, RSA is unsupported") {
  const auto ed = certificate::from_pem(test::ed25519_certificate);
  REQUIRE(ed);
  CHECK(ed->key().kind() == key_kind::ed25519);
  CHECK(ed->signed_by(*ed));
  CHECK(ed->canonical_der() == ed->der());
  CHECK_FALSE(ed->signed_by(peer0()));
  const auto rsa = certificate::from_pem(test::rsa_certificate);
  REQUIRE_FALSE(rsa);
  CHECK(rsa.error().code == errc::unsupported);
}

TEST_CASE("a certificate with s and one with n - s are both accepted, and compared as one") {
  int high_in_golden = 0;
  for (const auto& path : golden_certificates()) {
    CAPTURE(path.string());
    const auto cert = load(path);
    const auto other = certificate::from_der(with_other_s(cert));
    REQUIRE(other);
    CHECK(other->der() != cert.der());
    CHECK(other->signed_by(authority_of(path)));
    CHECK(other->canonical_der() == cert.canonical_der());
    const bool low = cert.canonical_der() == cert.der(), other_low = other->canonical_der() == other->der();
    CHECK(low != other_low);
    high_in_golden += !low;
  }
  CHECK(high_in_golden > 0);  // cryptogen does not care about s when it signs an authority's own certificate
}

TEST_CASE("exactly one PEM block") {
  const std::string pem = peer0().to_pem();
  CHECK(certificate::from_pem("\n" + pem + "\n"));
  CHECK_FALSE(certificate::from_pem(pem + pem));
  CHECK_FALSE(certificate::from_pem("x\n" + pem));
  CHECK_FALSE(certificate::from_pem(pem + "x"));
  CHECK_FALSE(certificate::from_pem(""));
  CHECK_FALSE(certificate::from_pem(pem::encode("PUBLIC KEY", peer0().der())));
}

TEST_CASE("a bundle gives all its certificates and passes over the rest") {
  const std::string key = test::read_file(test::golden_org1() / "ca/priv_sk");
  const auto all = certificate::all_from_pem("first\n" + peer0().to_pem() + key + "second\n" + org1_ca().to_pem());
  REQUIRE(all);
  REQUIRE(all->size() == 2);
  CHECK((*all)[1].subject_der() == org1_ca().subject_der());
  CHECK(certificate::all_from_pem("no certificate here")->empty());
  const auto broken = certificate::all_from_pem(peer0().to_pem() + "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n");
  REQUIRE_FALSE(broken);
  CHECK(broken.error().context.find("certificate 2") != std::string::npos);
}

TEST_CASE("hostile certificates are errors") {
  const bytes good(peer0_tls().der());
  SUBCASE("cut at every byte") {
    for (std::size_t size = 0; size < good.size(); ++size) {
      const auto cut = certificate::from_der(bytes_view(good).substr(0, size));
      REQUIRE_FALSE(cut);
      CHECK(cut.error().code == errc::invalid_argument);
    }
  }
  SUBCASE("bytes after the end") {
    CHECK_FALSE(certificate::from_der(good + bytes(1, '\0')));
    CHECK_FALSE(certificate::from_der(good + good));
  }
  SUBCASE("any bit flipped: an error, or a certificate that its authority did not sign") {
    const auto authority = load(test::golden_org1() / "tlsca/tlsca.org1.example.com-cert.pem");
    for (std::size_t at = 0; at < good.size(); ++at) {
      bytes bad = good;
      bad[at] = static_cast<char>(bad[at] ^ (1 << (at % 8)));
      CAPTURE(at);
      const auto cert = certificate::from_der(bad);
      CHECK((!cert || !cert->signed_by(authority)));
    }
  }
}

TEST_CASE("each field of the outline is checked") {
  const bytes good(peer0().der());
  REQUIRE(certificate::from_der(good));
  struct row {
    const char *name, *from, *to;  ///< Equal lengths, so that the outline stays whole.
  };
  const row rows[] = {
      {"a fourth version", "a003020102", "a003020103"},
      {"a negative version", "a003020102", "a0030201ff"},
      {"version 1 with extensions", "a003020102", "a003020100"},
      {"a negative serial number", "02105441cfba", "0210d441cfba"},
      {"a padded serial number", "02105441cfba", "02100041cfba"},
      {"another algorithm inside", "300a06082a8648ce3d0403023", "300a06082a8648ce3d0403033"},
      {"a name that is no set", "310b300906035504", "300b300906035504"},
      {"a month too many", "170d323631313230", "170d323631333230"},
      {"a point off its curve", "03420004", "03420005"},
      {"extensions under another tag", "a34d304b", "a44d304b"},
  };
  for (const auto& r : rows) SUBCASE(r.name) {
      std::string text = to_hex(good);
      const auto at = text.find(r.from);
      REQUIRE(at != text.npos);
      text.replace(at, std::string_view(r.from).size(), r.to);
      const auto cert = certificate::from_der(from_hex(text).value());
      REQUIRE_FALSE(cert);
      CHECK(cert.error().code == errc::invalid_argument);
    }
}

TEST_CASE("an extension that comes twice is refused") {
  const auto original = peer0();
  const auto parts = split_signed(original.der()).value();
  const auto rebuild = [&](bytes_view more) {
    der::reader fields(der::only(parts.signed_part, der::sequence_tag)->body);
    bytes kept;
    std::optional<der::element> field;
    while ((field = fields.next()) && field->tag != der::context_tag(3)) kept += field->whole;
    const auto list = der::only(field->body, der::sequence_tag).value();
    const bytes part = der::sequence({kept, der::tlv(der::context_tag(3), {der::sequence({list.body, more})})});
    return certificate::from_der(der::sequence({part, parts.algorithm, der::bit_string(parts.signature)}));
  };
  CHECK(rebuild(""));
  const auto twice = rebuild(from_hex("300e0603551d0f0101ff040403020780").value());
  REQUIRE_FALSE(twice);
  CHECK(twice.error().context.find("keyUsage") != std::string::npos);
}

TEST_CASE("malformed extensions are refused") {
  const bytes good(peer0().der());
  const bytes usage = from_hex("300e0603551d0f0101ff040403020780").value();
  const auto at = good.find(usage);
  REQUIRE(at != good.npos);
  bytes malformed = good;
  malformed[at + 10] = 0x05;  // NULL instead of OCTET STRING
  CHECK_FALSE(certificate::from_der(malformed));
  bytes wrong_content = good;
  wrong_content[at + 12] = 0x04;  // an OCTET STRING where KeyUsage is a BIT STRING
  CHECK_FALSE(certificate::from_der(wrong_content));
}
