#include "config/crypto_config/crypto_config.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <sstream>

using namespace weft;
using namespace weft::config;

namespace {
using words = std::vector<std::string>;

words problems_of(std::string_view text) {
  words out;
  for (const auto& p : read_crypto_config(text).problems) out.push_back(to_text(p, "c.yaml"));
  return out;
}
std::string golden_text() {
  std::ifstream in(std::string(WEFT_GOLDEN_DIR) + "/config/crypto-config.yaml");
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}
}  // namespace

TEST_CASE("the golden document, and the template, have no problem") {
  const auto golden = read_crypto_config(golden_text());
  CHECK(golden.problems.empty());
  REQUIRE((golden.contents.orderers.size() == 1 && golden.contents.peers.size() == 2));
  CHECK(golden.contents.orderers[0].nodes.size() == 4);
  CHECK(golden.contents.peers[0].ca.common_name == "ca.org1.example.com");
  CHECK(golden.contents.peers[0].nodes.at(0).common_name == "peer0.org1.example.com");
  CHECK(golden.contents.peers[0].enable_node_ous);
  const auto shown = read_crypto_config(crypto_config_template());
  CHECK(shown.problems.empty());
  CHECK(shown.contents.orderers.at(0).nodes.at(0).common_name == "orderer.example.com");
  CHECK(shown.contents.peers.at(1).nodes.at(0).common_name == "peer0.org2.example.com");
  CHECK(shown.contents.peers[1].users == 1);
  CHECK_FALSE(shown.contents.peers[1].enable_node_ous);
}

TEST_CASE("Specs and Template add up, and templates are filled in") {
  const auto read = read_crypto_config(R"yaml(
PeerOrgs:
  - Name: Org1
    Domain: org1.example.com
    CA: {Hostname: root, Country: SE, OrganizationalUnit: Ops, PublicKeyAlgorithm: ed25519}
    Specs:
      - Hostname: foo
        CommonName: "{{.Hostname}}27.org5.{{ .Domain }}"
        SANS: ["bar.{{.Domain}}", "{{.CommonName}}.alt", 172.16.10.31]
    Template:
      Count: 2
      Start: 5
      Hostname: "{{.Prefix}}-{{.Index}}"
      SANS: ["{{.Hostname}}.alt"]
      PublicKeyAlgorithm: ed25519
    Users:
      Count: 3
      Specs: [{Name: alice}, {Name: bob, PublicKeyAlgorithm: ed25519}]
)yaml");
  CHECK(read.problems.empty());
  const auto& org = read.contents.peers.at(0);
  CHECK(org.ca.common_name == "root.org1.example.com");
  CHECK(org.ca.country == "SE");
  CHECK(org.ca.algorithm == key_algorithm::ed25519);
  REQUIRE(org.nodes.size() == 3);
  CHECK(org.nodes[0].common_name == "foo27.org5.org1.example.com");
  CHECK(org.nodes[0].sans == words{"bar.org1.example.com", "foo27.org5.org1.example.com.alt", "172.16.10.31"});
  CHECK(org.nodes[0].algorithm == key_algorithm::ecdsa);
  CHECK(org.nodes[1].hostname == "peer-5");
  CHECK(org.nodes[2].common_name == "peer-6.org1.example.com");
  CHECK(org.nodes[2].sans == words{"peer-6.alt"});
  CHECK(org.nodes[2].algorithm == key_algorithm::ed25519);
  CHECK(org.users == 3);
  CHECK(org.named_users.at(1).algorithm == key_algorithm::ed25519);
}

TEST_CASE("every problem at once, with the place and what was meant") {
  CHECK(problems_of(R"yaml(PeerOrgs:
  - Name: Org1
    EnableNodeOUs: perhaps
    Specs:
      - Hostnme: peer0
      - Hostname: a
        CommonName: "{{.Host}}"
      - Hostname: b
        SANS: ["{{.Domain"]
      - Hostname: b
    Template: {Count: many}
    Users: {Count: 20000}
  - Domain: org2.example.com
    CA: {PublicKeyAlgorithm: ed2519}
  - Domain: org2.example.com
)yaml") == words{
              "c.yaml:2:5: PeerOrgs[0].Domain: is missing",
              "c.yaml:3:20: PeerOrgs[0].EnableNodeOUs: must be true or false, but is 'perhaps'",
              "c.yaml:5:9: warning: PeerOrgs[0].Specs[0].Hostnme: unknown key; did you mean 'Hostname'?",
              "c.yaml:5:9: PeerOrgs[0].Specs[0].Hostname: is missing",
              "c.yaml:7:21: PeerOrgs[0].Specs[1].CommonName: '{{.Host}}' is no field here; did you mean '{{.Hostname}}'?",
              "c.yaml:9:15: PeerOrgs[0].Specs[2].SANS: '{{' has no '}}'",
              "c.yaml:10:9: warning: PeerOrgs[0].Specs[3]: 'b.' is taken by PeerOrgs[0].Specs[2]; it is made once, as that says",
              "c.yaml:11:23: PeerOrgs[0].Template.Count: must be a whole number, but is 'many'",
              "c.yaml:12:20: PeerOrgs[0].Users.Count: must be at most 10000",
              "c.yaml:14:30: PeerOrgs[1].CA.PublicKeyAlgorithm: must be ecdsa or ed25519, but is 'ed2519'; did you mean 'ed25519'?",
              "c.yaml:15:13: PeerOrgs[2].Domain: 'org2.example.com' is taken by PeerOrgs[1].Domain",
          });
  CHECK(problems_of("{}") == words{"c.yaml:1:1: names no organization; write PeerOrgs or OrdererOrgs"});
  CHECK(problems_of("PeerOrgs: [~]") == words{"c.yaml:1:12: PeerOrgs[0]: is empty"});
}

TEST_CASE("a name that is given twice is made once, as its first entry says") {
  const auto read = read_crypto_config(R"yaml(PeerOrgs:
  - Domain: org1.example.com
    Specs: [{Hostname: peer1, PublicKeyAlgorithm: ed25519}]
    Template: {Count: 3}
    Users:
      Count: 2
      Specs: [{Name: User2, PublicKeyAlgorithm: ed25519}, {Name: User3}, {Name: Admin}, {Name: User3}]
)yaml");
  const auto& org = read.contents.peers.at(0);
  REQUIRE(org.nodes.size() == 3);
  CHECK(org.nodes[0].common_name == "peer1.org1.example.com");
  CHECK(org.nodes[0].algorithm == key_algorithm::ed25519);
  CHECK(org.nodes[1].hostname == "peer0");
  CHECK(org.nodes[2].hostname == "peer2");
  REQUIRE(org.named_users.size() == 1);
  CHECK(org.named_users[0].name == "User3");
  CHECK_FALSE(any_error(read.problems));
  REQUIRE(read.problems.size() == 4);
  CHECK(to_text(read.problems[1], "c.yaml") == "c.yaml:7:22: warning: PeerOrgs[0].Users.Specs[0].Name: 'User2' is taken by PeerOrgs[0].Users.Count; it is made once, as that says");
}

TEST_CASE("templates with plain fields") {
  const template_fields fields{{"Hostname", "peer0"}, {"Domain", "example.com"}};
  CHECK(fill_template("plain", fields) == "plain");
  CHECK(fill_template("{{.Hostname}}.{{ .Domain }}", fields) == "peer0.example.com");
  CHECK(fill_template("}}x{", fields) == "}}x{");
  for (const auto* bad : {"{{", "{{.Hostname", "{{}}", "{{Hostname}}", "{{.Prefix}}", "{{printf .Domain}}"}) CHECK_FALSE(fill_template(bad, fields).has_value());
}
