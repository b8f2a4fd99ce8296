// The network of tests/golden/config/crypto-config.yaml.
#pragma once

#include "crypto/ca/network_material.hpp"

namespace weft::crypto::test {

inline timestamp golden_time() { return timestamp(std::chrono::seconds(1'795'172'760 + 7)); }  // 2026-11-20T11:06:07Z

inline std::vector<organization_description> golden_organizations() {
  using kind = organization_description::kind;
  organization_description orderer{.role = kind::orderer, .name = "Orderer", .domain = "example.com", .users = 0};
  for (int i = 0; i < 4; ++i) orderer.nodes.push_back({"orderer" + std::to_string(i), "", local_sans()});
  organization_description org1{.name = "Org1", .domain = "org1.example.com", .nodes = {{"peer0", "", local_sans()}}};
  organization_description org2{.name = "Org2", .domain = "org2.example.com", .nodes = {{"peer0", "", local_sans()}}};
  return {orderer, org1, org2};
}

inline network_material make_golden(std::uint64_t seed, const std::vector<organization_description>& organizations = golden_organizations()) {
  manual_clock clock(golden_time());
  seeded_random random(seed);
  return make_network_material(organizations, clock, random, nonce_rule::deterministic).value();
}

}  // namespace weft::crypto::test
