#include "crypto/ca/network_material.hpp"

#include <doctest/doctest.h>

#include <map>
#include <set>

#include "tests/unit/crypto/ca/sample_network.hpp"
#include "tests/unit/crypto/keys/key_samples.hpp"

using namespace weft;
using namespace weft::crypto;
namespace fs = std::filesystem;

namespace {

std::map<std::string, material_file> by_path(const network_material& m) {
  std::map<std::string, material_file> out;
  for (const auto& f : m.files) CHECK(out.emplace(f.path, f).second);
  return out;
}

bool ends_with(const std::string& text, std::string_view end) { return text.size() >= end.size() && text.substr(text.size() - end.size()) == end; }
bool names_certificate(const std::string& path) { return ends_with(path, ".pem") || ends_with(path, ".crt"); }
bool is_key(const std::string& path) { return ends_with(path, "priv_sk") || ends_with(path, ".key"); }

}  // namespace

TEST_CASE("the tree is cryptogen's, path by path") {
  std::set<std::string> golden, made;
  for (const auto& entry : fs::recursive_directory_iterator(test::golden_crypto()))
    if (entry.is_regular_file()) golden.insert(fs::relative(entry.path(), test::golden_crypto()).generic_string());
  const auto material = test::make_golden(1);
  for (const auto& f : material.files) made.insert(f.path);
  CHECK(made == golden);
  CHECK(made.size() == material.files.size());
  CHECK(material.empty_directories.size() == 14);  // an admincerts in each MSP folder
}

TEST_CASE("certificates say what cryptogen's say, and files that are no secrets are equal") {
  for (const auto& [path, file] : by_path(test::make_golden(1))) {
    CAPTURE(path);
    const auto golden_text = test::read_file(test::golden_crypto() / path);
    CHECK(file.mode == (is_key(path) ? 0600u : 0644u));
    if (ends_with(path, "config.yaml")) CHECK(file.contents == golden_text);
    if (!names_certificate(path)) continue;
    const auto cert = certificate::from_pem(file.contents), golden = certificate::from_pem(golden_text);
    REQUIRE((cert && golden));
    CHECK(cert->subject_der() == golden->subject_der());
    CHECK(cert->issuer_der() == golden->issuer_der());
    CHECK(cert->not_before() == golden->not_before());
    CHECK(cert->not_after() == golden->not_after());
    CHECK(cert->dns_names() == golden->dns_names());
    CHECK(cert->ip_addresses() == golden->ip_addresses());
    CHECK(cert->is_ca() == golden->is_ca());
    CHECK(cert->key().raw() != golden->key().raw());
  }
}

TEST_CASE("every certificate is signed by its authority and has its key beside it") {
  const auto files = by_path(test::make_golden(1));
  const auto cert_at = [&](const std::string& path) { return certificate::from_pem(files.at(path).contents).value(); };
  const auto key_at = [&](const std::string& path) { return private_key::from_pem(files.at(path).contents).value(); };
  const std::string org = "peerOrganizations/org1.example.com/", node = org + "peers/peer0.org1.example.com/";
  const auto ca = cert_at(org + "ca/ca.org1.example.com-cert.pem"), tls = cert_at(org + "tlsca/tlsca.org1.example.com-cert.pem");
  CHECK(ca.signed_by(ca));
  CHECK(tls.signed_by(tls));
  CHECK(ca.key() == key_at(org + "ca/priv_sk").public_half());
  CHECK(tls.key() == key_at(org + "tlsca/priv_sk").public_half());
  const auto sign = cert_at(node + "msp/signcerts/peer0.org1.example.com-cert.pem"), server = cert_at(node + "tls/server.crt");
  CHECK(sign.signed_by(ca));
  CHECK(server.signed_by(tls));
  CHECK(sign.key() == key_at(node + "msp/keystore/priv_sk").public_half());
  CHECK(server.key() == key_at(node + "tls/server.key").public_half());
  CHECK_FALSE(server.key() == sign.key());
  CHECK(files.at(node + "msp/cacerts/ca.org1.example.com-cert.pem").contents == ca.to_pem());
  CHECK(files.at(node + "tls/ca.crt").contents == tls.to_pem());
}

TEST_CASE("one seed, one tree") {
  const auto same = [](const network_material& a, const network_material& b) {
    bool equal = a.files.size() == b.files.size();
    for (std::size_t i = 0; equal && i < a.files.size(); ++i) equal = a.files[i].path == b.files[i].path && a.files[i].contents == b.files[i].contents;
    return equal;
  };
  CHECK(same(test::make_golden(1), test::make_golden(1)));
  CHECK_FALSE(same(test::make_golden(1), test::make_golden(2)));
}

TEST_CASE("without NodeOUs the administrator's certificate takes the place of roles") {
  auto organizations = test::golden_organizations();
  organizations[1].node_ous = false;
  const auto material = test::make_golden(1, organizations);
  const auto files = by_path(material);
  const std::string org = "peerOrganizations/org1.example.com/", admin = "Admin@org1.example.com";
  const auto own = files.at(org + "users/" + admin + "/msp/signcerts/" + admin + "-cert.pem").contents;
  CHECK(certificate::from_pem(own)->organizational_units().empty());
  for (const auto* msp : {"msp/", "peers/peer0.org1.example.com/msp/", "users/Admin@org1.example.com/msp/"}) {
    CHECK(files.at(org + msp + "admincerts/" + admin + "-cert.pem").contents == own);
    CHECK_FALSE(files.contains(org + msp + "config.yaml"));
  }
  const std::string user = "User1@org1.example.com";  // the real tool makes a user the administrator of its own folder
  CHECK(files.at(org + "users/" + user + "/msp/admincerts/" + user + "-cert.pem").contents ==
        files.at(org + "users/" + user + "/msp/signcerts/" + user + "-cert.pem").contents);
  CHECK(material.empty_directories.size() == 14 - 4);
}

TEST_CASE("names and places can be chosen") {
  organization_description org{.name = "Org", .domain = "o.example", .nodes = {{"n", "special.name", {"::1"}}}, .users = 2, .ca_common_name = "root.o.example"};
  org.where = {"DE", "Hessen", "Frankfurt"};
  const auto files = by_path(test::make_golden(1, {org}));
  const auto ca = certificate::from_pem(files.at("peerOrganizations/o.example/ca/root.o.example-cert.pem").contents).value();
  CHECK(ca.subject() == "CN=root.o.example,O=o.example,L=Frankfurt,ST=Hessen,C=DE");
  CHECK(files.contains("peerOrganizations/o.example/tlsca/tlsroot.o.example-cert.pem"));
  const auto tls = certificate::from_pem(files.at("peerOrganizations/o.example/peers/special.name/tls/server.crt").contents).value();
  CHECK(tls.subject() == "CN=special.name,L=Frankfurt,ST=Hessen,C=DE");
  CHECK(tls.dns_names() == std::vector<std::string>{"special.name", "n"});
  CHECK(tls.ip_addresses() == std::vector<std::string>{"::1"});
  CHECK(files.contains("peerOrganizations/o.example/users/User2@o.example/tls/client.key"));
  CHECK(files.at("peerOrganizations/o.example/msp/config.yaml").contents.find("cacerts/root.o.example-cert.pem") != std::string::npos);
}

TEST_CASE("an existing tree is extended, not replaced") {
  auto organizations = test::golden_organizations();
  const auto before = by_path(test::make_golden(1, organizations));
  organizations[1].users = 3;
  organizations[1].nodes.push_back({"peer1", "", {}});
  manual_clock clock(test::golden_time());
  seeded_random random(99);
  const auto added = make_network_material(organizations, clock, random, nonce_rule::deterministic, [&](const std::string& path) {
    const auto found = before.find(path);
    return found == before.end() ? std::nullopt : std::optional<bytes>(found->second.contents);
  });
  REQUIRE(added);
  std::set<std::string> fresh;
  for (const auto& f : added->files) {
    const auto old = before.find(f.path);
    if (old == before.end()) fresh.insert(f.path);
    else CHECK(old->second.contents == f.contents);
  }
  CHECK(fresh.size() == 3 * 8);  // User2, User3 and peer1
  const auto ca = certificate::from_pem(before.at("peerOrganizations/org1.example.com/ca/ca.org1.example.com-cert.pem").contents).value();
  const auto peer1 = by_path(*added).at("peerOrganizations/org1.example.com/peers/peer1.org1.example.com/msp/signcerts/peer1.org1.example.com-cert.pem");
  CHECK(certificate::from_pem(peer1.contents)->signed_by(ca));
}

TEST_CASE("an authority without its key cannot be extended") {
  const auto before = by_path(test::make_golden(1));
  manual_clock clock(test::golden_time());
  seeded_random random(1);
  const auto result = make_network_material(test::golden_organizations(), clock, random, nonce_rule::deterministic, [&](const std::string& path) {
    const auto found = before.find(path);
    return found == before.end() || is_key(path) ? std::nullopt : std::optional<bytes>(found->second.contents);
  });
  REQUIRE_FALSE(result);
  CHECK(result.error().context.find("priv_sk is missing") != std::string::npos);
}

TEST_CASE("descriptions that no tree could hold are refused") {
  struct row {
    const char* name;
    std::function<void(std::vector<organization_description>&)> change;
  };
  const row rows[] = {
      {"no domain", [](auto& o) { o[0].domain = ""; }},
      {"a domain that climbs", [](auto& o) { o[0].domain = "../../etc"; }},
      {"a hidden domain", [](auto& o) { o[0].domain = ".ssh"; }},
      {"a domain with a zero byte", [](auto& o) { o[0].domain = std::string("a\0b", 3); }},
      {"a domain of a thousand letters", [](auto& o) { o[0].domain = std::string(1000, 'a'); }},
      {"a node that climbs", [](auto& o) { o[0].nodes[0].common_name = "../x"; }},
      {"a node without name", [](auto& o) { o[0].nodes[0].hostname = ""; }},
      {"two nodes of one name", [](auto& o) { o[0].nodes.push_back(o[0].nodes[0]); }},
      {"an authority that writes YAML", [](auto& o) { o[0].ca_common_name = "x\nEnable: false"; }},
      {"two organizations of one domain", [](auto& o) { o.push_back(o[1]); }},
      {"too many users", [](auto& o) { o[1].users = users_per_organization_max + 1; }},
  };
  for (const auto& r : rows) SUBCASE(r.name) {
      auto organizations = test::golden_organizations();
      r.change(organizations);
      manual_clock clock(test::golden_time());
      seeded_random random(1);
      const auto result = make_network_material(organizations, clock, random, nonce_rule::deterministic);
      REQUIRE_FALSE(result);
      CHECK(result.error().code == errc::invalid_argument);
    }
}
