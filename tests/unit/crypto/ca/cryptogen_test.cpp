// crypto-config.yaml to a tree, held against the tree that Fabric 3.1.5's cryptogen made from the same file.
#include <doctest/doctest.h>
#include <unistd.h>

#include <map>
#include <set>

#include "crypto/hash/sha256.hpp"
#include "tests/unit/crypto/ca/sample_network.hpp"
#include "tests/unit/crypto/keys/key_samples.hpp"

using namespace weft;
using namespace weft::crypto;
namespace fs = std::filesystem;

namespace {

network_material made_from(std::string_view yaml) {
  const auto read = config::read_crypto_config(yaml);
  REQUIRE_MESSAGE(read.problems.empty(), config::to_text(read.problems, "yaml"));
  manual_clock clock(test::golden_time());
  seeded_random random(7);
  return make_network_material(describe(read.contents), clock, random, nonce_rule::deterministic).value();
}

std::string golden_yaml() { return test::read_file(fs::path(WEFT_GOLDEN_DIR) / "config/crypto-config.yaml"); }

bool is_certificate(const std::string& path) { return path.find(".pem") != path.npos || path.find(".crt") != path.npos; }

/// Every field of a certificate by name, as DER. Keys, serial, signature and what is computed from keys are named but left out.
std::map<std::string, bytes> profile_of(const bytes& pem_text) {
  std::map<std::string, bytes> out;
  const auto der = pem::only(pem_text).value().der;
  der::reader outer(der::only(der, der::sequence_tag).value().body);
  der::reader body(outer.next(der::sequence_tag).value().body);
  out["signature algorithm"] = bytes(outer.next(der::sequence_tag).value().whole);
  out["version"] = bytes(body.next(der::context_tag(0)).value().whole);
  const auto serial = der::magnitude(body.next(der::integer_tag).value().body).value();
  CHECK(serial.size() <= 16);
  CHECK(serial.size() > 8);  // 128 random bits
  out["inner algorithm"] = bytes(body.next(der::sequence_tag).value().whole);
  out["issuer"] = bytes(body.next(der::sequence_tag).value().whole);
  out["validity"] = bytes(body.next(der::sequence_tag).value().whole);
  out["subject"] = bytes(body.next(der::sequence_tag).value().whole);
  const auto key = body.next(der::sequence_tag).value();
  out["key algorithm"] = bytes(der::reader(key.body).next(der::sequence_tag).value().whole);
  der::reader extensions(der::only(body.next(der::context_tag(3)).value().body, der::sequence_tag).value().body);
  CHECK(body.done());
  for (int i = 0; !extensions.done(); ++i) {
    const auto e = extensions.next(der::sequence_tag).value();
    der::reader parts(e.body);
    const auto id = to_hex(parts.next(der::oid_tag).value().body);
    const bool of_a_key = id == "551d0e" || id == "551d23";
    out["extension " + std::to_string(i) + " " + id] = of_a_key ? std::to_string(e.whole.size()) : bytes(e.whole);
  }
  return out;
}

}  // namespace

TEST_CASE("the golden crypto-config.yaml gives the golden tree, certificate by certificate and field by field") {
  const auto material = made_from(golden_yaml());
  std::set<std::string> golden, made;
  for (const auto& entry : fs::recursive_directory_iterator(test::golden_crypto()))
    if (entry.is_regular_file()) golden.insert(fs::relative(entry.path(), test::golden_crypto()).generic_string());
  std::size_t certificates = 0;
  for (const auto& file : material.files) {
    CAPTURE(file.path);
    CHECK(made.insert(file.path).second);
    const auto theirs = test::read_file(test::golden_crypto() / file.path);
    if (!is_certificate(file.path)) continue;
    ++certificates;
    const auto mine = profile_of(file.contents), real = profile_of(theirs);
    for (const auto& [name, value] : real) {
      CAPTURE(name);
      CHECK((mine.count(name) ? to_hex(mine.at(name)) : "absent") == to_hex(value));
    }
    CHECK(mine.size() == real.size());
    CHECK(pem::encode("CERTIFICATE", pem::only(theirs).value().der) == theirs);  // the text form, too, is the real one
    CHECK(pem::encode("CERTIFICATE", pem::only(file.contents).value().der) == file.contents);
  }
  CHECK(made == golden);
  CHECK(certificates == 67);
}

TEST_CASE("an authority's key identifier is that of its public key, and those it signs point at it") {
  for (const auto& file : made_from(golden_yaml()).files) {
    if (file.path.find("ca/") == file.path.npos || !is_certificate(file.path) || file.path.find("/msp/") != file.path.npos) continue;
    CAPTURE(file.path);
    const auto ca = certificate::from_pem(file.contents).value();
    CHECK(ca.subject_key_id() == ca.key().ski());
  }
}

TEST_CASE("Fabric 3.1.5's cryptogen publishes the hash of the private scalar as key identifier; we do not") {
  int seen = 0;
  for (const auto& entry : fs::recursive_directory_iterator(test::golden_crypto())) {
    const auto folder = entry.path().filename().string();
    if (folder != "ca" && folder != "tlsca") continue;
    CAPTURE(entry.path().string());
    ++seen;
    for (const auto& file : fs::directory_iterator(entry.path())) {
      if (file.path().extension() != ".pem") continue;
      const auto ca = certificate::from_pem(test::read_file(file.path())).value();
      const auto der = pem::only(test::read_file(entry.path() / "priv_sk")).value().der;
      const auto scalar = der.find(from_hex("0201010420").value());
      REQUIRE(scalar != bytes::npos);
      CHECK(ca.subject_key_id() == to_bytes(sha256(der.substr(scalar + 5, 32))));
      CHECK(ca.subject_key_id() != ca.key().ski());
    }
  }
  CHECK(seen == 6);
}

TEST_CASE("places, units and Ed25519 keys reach the certificates") {
  const auto material = made_from(R"yaml(
PeerOrgs:
  - Domain: o.example
    EnableNodeOUs: true
    CA: {Hostname: root, Country: SE, Province: Skane, Locality: Lund, OrganizationalUnit: Ops, StreetAddress: Main 1, PostalCode: 22100,
         PublicKeyAlgorithm: ed25519}
    Specs: [{Hostname: n, PublicKeyAlgorithm: ed25519}, {Hostname: m, SANS: ["::1", "x.{{.Domain}}"]}]
    Users: {Count: 1, Specs: [{Name: alice}]}
)yaml");
  std::map<std::string, bytes> files;
  for (const auto& f : material.files) files[f.path] = f.contents;
  const std::string org = "peerOrganizations/o.example/";
  const auto cert = [&](const std::string& path) { return certificate::from_pem(files.at(org + path)).value(); };
  const auto ca = cert("ca/root.o.example-cert.pem"), n = cert("peers/n.o.example/msp/signcerts/n.o.example-cert.pem");
  CHECK(ca.key().kind() == key_kind::ed25519);
  CHECK(ca.signed_by(ca));
  CHECK(ca.subject() == "CN=root.o.example,OU=Ops,O=o.example,postalCode=22100,street=Main 1,L=Lund,ST=Skane,C=SE");
  CHECK(n.signed_by(ca));
  CHECK(n.key().kind() == key_kind::ed25519);
  CHECK(private_key::from_pem(files.at(org + "peers/n.o.example/msp/keystore/priv_sk"))->public_half() == n.key());
  CHECK(std::set<std::string>(n.organizational_units().begin(), n.organizational_units().end()) == std::set<std::string>{"Ops", "peer"});
  const auto m = cert("peers/m.o.example/tls/server.crt");
  CHECK(m.key().kind() == key_kind::p256);
  CHECK(m.dns_names() == std::vector<std::string>{"m.o.example", "m", "x.o.example"});
  CHECK(m.ip_addresses().size() == 1);
  CHECK(cert("users/alice@o.example/msp/signcerts/alice@o.example-cert.pem").signed_by(ca));
}

TEST_CASE("organizations are added beside others, whole or not at all") {
  const auto root = fs::temp_directory_path() / ("weft_cryptogen_" + std::to_string(::getpid()));
  fs::remove_all(root);
  fs::create_directories(root / "other");
  const auto one = made_from("PeerOrgs: [{Domain: a.example}]"), two = made_from("PeerOrgs: [{Domain: b.example}, {Domain: a.example}]");
  REQUIRE(add_organizations(root, one));
  CHECK(fs::exists(root / "peerOrganizations/a.example/ca/priv_sk"));
  const auto refused = add_organizations(root, two);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::already_exists);
  CHECK_FALSE(fs::exists(root / "peerOrganizations/b.example"));
  CHECK(fs::exists(root / "other"));
  CHECK_FALSE(fs::exists(root.string() + ".incoming"));
  fs::remove_all(root);
}
