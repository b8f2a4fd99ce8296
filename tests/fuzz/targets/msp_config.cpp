// config.yaml of MSP folders: a document is taken whole or refused with the place of everything that is wrong; the files it names are asked for, not found.
#include "crypto/msp/units_file.hpp"
#include "msp/msp_config.pb.h"
#include "proto/encode.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/golden.hpp"

using namespace weft;
using namespace weft::fuzz;

namespace {

constexpr std::string_view there = "cacerts/ca.org1.example.com-cert.pem", content = "a certificate";

result<bytes> file(const std::string& path) {
  if (path == there) return bytes(content);
  return fail(errc::not_found, "no file");
}

void check_unit(const ::msp::FabricOUIdentifier& u) {
  FUZZ_CHECK(u.certificate().empty() || u.certificate() == content);
}

int fuzz_one(const std::uint8_t* data, std::size_t size) {
  ::msp::FabricMSPConfig config, again;
  const auto read = crypto::read_units_file(view(data, size), "f", file, config);
  const auto twice = crypto::read_units_file(view(data, size), "f", file, again);
  FUZZ_CHECK(read.has_value() == twice.has_value() && proto::encode(config) == proto::encode(again));
  if (!read) {
    FUZZ_CHECK(!read.error().context.empty() && read.error().context == twice.error().context);
    return 0;
  }
  FUZZ_CHECK(config.has_fabric_node_ous() == config.fabric_node_ous().enable());
  for (const auto& u : config.organizational_unit_identifiers()) FUZZ_CHECK(u.certificate() == content);
  const auto& roles = config.fabric_node_ous();
  for (const auto* u : {&roles.client_ou_identifier(), &roles.peer_ou_identifier(), &roles.admin_ou_identifier(), &roles.orderer_ou_identifier()}) check_unit(*u);
  return 0;
}

constexpr const char* written_by_hand = R"yaml(OrganizationalUnitIdentifiers:
  - &unit {Certificate: cacerts/ca.org1.example.com-cert.pem, OrganizationalUnitIdentifier: sales}
  - <<: *unit
    OrganizationalUnitIdentifier: "buying"
NodeOUs:
  Enable: yes
  PeerOUIdentifier: *unit
  AdminOUIdentifier: {OrganizationalUnitIdentifier: boss}
  OrdererOUIdentifier: {Certificate: ../nowhere, OrganizationalUnitIdentifier: orders}
)yaml";

std::vector<bytes> seeds() {
  return {golden_file("crypto/peerOrganizations/org1.example.com/msp/config.yaml"), golden_file("crypto/ordererOrganizations/example.com/msp/config.yaml"),
          written_by_hand};
}

}  // namespace

WEFT_FUZZ_TARGET(msp_config, 3'000);
