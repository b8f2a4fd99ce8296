// Where clients find the members of a network.
#include <algorithm>
#include <cstdlib>

#include "config/topology/topology.hpp"

namespace weft::config {

namespace {

/// Fabric's samples have orderers at 7050, 8050, … and peers at 7051, 9051, … or, with two for each organization, 7051, 8051, 9051, …
constexpr std::size_t stride = 1'000, peers_least = 2;
/// Beyond so many places the steps become smaller, so that all ports stay below those that the kernel hands out.
constexpr std::size_t places_max = 24, small_stride = 10;

std::size_t place_to_port(std::size_t base, std::size_t place, std::size_t places) { return base + place * (places > places_max ? small_stride : stride); }

/// The host of the node that a member lives on, where there are several.
std::string host_of(const topology& t, const std::string& member) {
  if (t.nodes.size() > 1) {
    for (const auto& n : t.nodes) {
      if (std::find(n.members.begin(), n.members.end(), member) != n.members.end()) return n.address.substr(0, n.address.rfind(':'));
    }
  }
  return "localhost";
}

}  // namespace

std::map<std::string, std::uint16_t> standard_ports(const topology& t, std::uint16_t base) {
  const auto places_of = [](const organization& org) { return org.kind == org_kind::peer ? std::max(peers_least, org.hosts.size()) : org.hosts.size(); };
  std::size_t peers = 0, orderers = 0;
  for (const auto& org : t.organizations) (org.kind == org_kind::peer ? peers : orderers) += places_of(org);
  const auto places = std::max(peers, orderers);
  std::map<std::string, std::uint16_t> out;
  std::size_t next_peer = 0, next_orderer = 0;
  for (const auto& org : t.organizations) {
    const bool peer = org.kind == org_kind::peer;
    auto& next = peer ? next_peer : next_orderer;
    for (std::size_t i = 0; i < org.hosts.size(); ++i) {
      const auto port = place_to_port(base + (peer ? 1 : 0), next + i, places);
      if (port <= UINT16_MAX) out.emplace(org.hosts[i] + "." + org.domain, static_cast<std::uint16_t>(port));
    }
    next += places_of(org);
  }
  return out;
}

std::map<std::string, std::string> member_addresses(const topology& t) {
  std::map<std::string, std::string> out;
  const auto ports = standard_ports(t);
  for (const auto& org : t.organizations) {
    for (const auto& host : org.hosts) {
      const auto member = host + "." + org.domain;
      const auto written = org.addresses.find(host);
      const auto port = ports.find(member);
      if (written != org.addresses.end()) out.emplace(member, written->second);
      else if (port != ports.end()) out.emplace(member, host_of(t, member) + ":" + std::to_string(port->second));
    }
  }
  return out;
}

std::optional<std::string> contracts_address(const topology& t, const std::string& address) {
  const auto colon = address.rfind(':');
  if (colon == std::string::npos) return std::nullopt;
  const auto port = std::strtoul(address.c_str() + colon + 1, nullptr, 10);
  if (port == 0) return address;
  if (port >= UINT16_MAX) return std::nullopt;
  auto next = address.substr(0, colon + 1) + std::to_string(port + 1);
  const auto taken = member_addresses(t);
  if (std::any_of(taken.begin(), taken.end(), [&](const auto& m) { return m.second == next; })) return std::nullopt;
  return next;
}

std::string listening_address(const std::string& address) {
  const auto colon = address.rfind(':');
  const auto host = address.substr(0, colon), port = address.substr(std::min(colon, address.size()));
  if (host == "localhost") return "127.0.0.1" + port;
  if (host == "[::1]" || host.starts_with("127.")) return address;
  return (host.starts_with("[") ? "[::]" : "0.0.0.0") + port;
}

}  // namespace weft::config
