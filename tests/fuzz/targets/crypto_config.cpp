// crypto-config.yaml: a document without errors gives names that are filled in; any other gives problems that can be printed.
#include "config/crypto_config/crypto_config.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace weft;
using namespace weft::fuzz;

namespace {

int fuzz_one(const std::uint8_t* data, std::size_t size) {
  const auto read = config::read_crypto_config(view(data, size));
  for (const auto& p : read.problems) FUZZ_CHECK(!p.what.empty());
  const auto text = config::to_text(read.problems, "file");
  FUZZ_CHECK(text.empty() == read.problems.empty());
  if (config::any_error(read.problems)) return 0;
  for (const auto* organizations : {&read.contents.peers, &read.contents.orderers}) {
    for (const auto& org : *organizations) {
      FUZZ_CHECK(org.users <= 10'000);
      for (const auto& node : org.nodes) FUZZ_CHECK(!node.hostname.empty());
    }
  }
  return 0;
}

constexpr const char* written_by_hand = R"yaml(PeerOrgs:
  - &org
    Name: Org1
    Domain: org1.example.com
    EnableNodeOUs: true
    CA: {Hostname: ca, Country: SE, PublicKeyAlgorithm: ed25519}
    Specs: [{Hostname: a, CommonName: "{{.Hostname}}.x", SANS: ["{{.CommonName}}.{{.Domain}}", 127.0.0.1]}]
    Template: {Count: 3, Start: 1, Hostname: "{{.Prefix}}-{{.Index}}", SANS: [localhost]}
    Users: {Count: 2, Specs: [{Name: alice}]}
  - <<: *org
    Domain: org2.example.com
)yaml";

std::vector<bytes> seeds() { return {bytes(config::crypto_config_template()), written_by_hand}; }

}  // namespace

WEFT_FUZZ_TARGET(crypto_config, 1'500);
