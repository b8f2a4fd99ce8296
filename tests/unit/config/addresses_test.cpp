// Where clients find the members of a network.
#include <doctest/doctest.h>

#include "config/topology/topology.hpp"

using namespace weft::config;

TEST_CASE("the dev network's members have the ports of Fabric's samples") {
  struct row {
    dev_options shape;
    std::map<std::string, std::string> some;
  };
  const row rows[] = {
      {{}, {{"peer0.org1.example.com", "localhost:7051"}, {"peer0.org2.example.com", "localhost:9051"}, {"orderer0.example.com", "localhost:7050"}}},
      {{.orgs = 2, .peers = 2, .orderers = 3},
       {{"peer1.org1.example.com", "localhost:8051"}, {"peer0.org2.example.com", "localhost:9051"}, {"peer1.org2.example.com", "localhost:10051"}, {"orderer2.example.com", "localhost:9050"}}},
      {{.orgs = 3, .peers = 3}, {{"peer2.org1.example.com", "localhost:9051"}, {"peer0.org2.example.com", "localhost:10051"}, {"peer2.org3.example.com", "localhost:15051"}}},
      {{.orgs = 26, .peers = 1, .orderers = 9}, {{"peer0.org2.example.com", "localhost:7071"}, {"peer0.org26.example.com", "localhost:7551"}, {"orderer8.example.com", "localhost:7130"}}},
      {{.ports = 20000}, {{"peer0.org1.example.com", "localhost:20001"}, {"peer0.org2.example.com", "localhost:22001"}, {"orderer0.example.com", "localhost:20000"}}},
  };
  for (const auto& r : rows) {
    REQUIRE(check_size(r.shape));
    const auto t = dev_topology(r.shape);
    CHECK_FALSE(any_error(check(t)));
    const auto addresses = member_addresses(t);
    CHECK(addresses.size() == t.nodes.front().members.size());
    for (const auto& [member, address] : r.some) {
      CAPTURE(member);
      REQUIRE(addresses.count(member));
      CHECK(addresses.at(member) == address);
    }
  }
}

TEST_CASE("one more peer for the last organization moves nobody else") {
  auto t = dev_topology({.orgs = 2, .peers = 2});
  const auto before = member_addresses(t);
  t.organizations[1].hosts.push_back("peer2");
  t.nodes.front().members.push_back("peer2.org2.example.com");
  const auto after = member_addresses(t);
  for (const auto& [member, address] : before) CHECK(after.at(member) == address);
  CHECK(after.at("peer2.org2.example.com") == "localhost:11051");
}

TEST_CASE("no two members of a dev network share a port, whatever its size") {
  for (const std::size_t orgs : {1, 2, 5, 12, 26}) {
    for (const std::size_t peers : {1, 2, 4, 16}) {
      const dev_options shape{.orgs = orgs, .peers = peers, .orderers = 9};
      if (!check_size(shape)) continue;
      std::map<std::string, std::string> taken;
      for (const auto& [member, address] : member_addresses(dev_topology(shape))) {
        CAPTURE(member);
        CHECK(taken.emplace(address, member).second);
      }
    }
  }
}

TEST_CASE("a base from which not everybody finds a port is refused") {
  CHECK(check_size({.orderers = 5, .ports = 61'000}));
  const auto high = check_size({.orderers = 9, .ports = 61'000});
  REQUIRE_FALSE(high);
  CHECK(high.error().context == "not every member finds a port from 61000 on, because a port is at most 65535; begin lower");
}

TEST_CASE("what a topology writes comes first, then the host of the member's node") {
  auto t = dev_topology({.orgs = 1, .peers = 2, .orderers = 1});
  t.organizations[0].addresses = {{"peer1", "peer1.org1.example.com:9999"}};
  CHECK(member_addresses(t).at("peer1.org1.example.com") == "peer1.org1.example.com:9999");
  CHECK(member_addresses(t).at("peer0.org1.example.com") == "localhost:7051");
  t.nodes = {{"one", {"peer0.org1.example.com", "peer1.org1.example.com"}, "one.example.com:7400"}, {"two", {"orderer0.example.com"}, "[2001:db8::2]:7400"}};
  CHECK(member_addresses(t).at("peer1.org1.example.com") == "peer1.org1.example.com:9999");
  CHECK(member_addresses(t).at("peer0.org1.example.com") == "one.example.com:7051");
  CHECK(member_addresses(t).at("orderer0.example.com") == "[2001:db8::2]:7050");
}

TEST_CASE("a loopback address listens there only, any other everywhere") {
  CHECK(listening_address("localhost:7051") == "127.0.0.1:7051");
  CHECK(listening_address("127.0.0.5:7051") == "127.0.0.5:7051");
  CHECK(listening_address("[::1]:7051") == "[::1]:7051");
  CHECK(listening_address("peer0.org1.example.com:7051") == "0.0.0.0:7051");
  CHECK(listening_address("[2001:db8::1]:7051") == "[::]:7051");
}

TEST_CASE("contracts dial the port after the one for clients, unless somebody has it") {
  auto t = dev_topology({});
  CHECK(contracts_address(t, "localhost:7051") == "localhost:7052");
  CHECK(contracts_address(t, "[::1]:7051") == "[::1]:7052");
  CHECK(contracts_address(t, "localhost:0") == "localhost:0");
  CHECK_FALSE(contracts_address(t, "localhost:9050"));  // Org2's peer is next
  CHECK_FALSE(contracts_address(t, "localhost:65535"));
  CHECK_FALSE(contracts_address(t, "localhost"));
}
