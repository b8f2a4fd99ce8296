#include "crypto/ca/network_material.hpp"

namespace weft::crypto {

namespace {

using role = organization_description::kind;

key_kind kind_of(config::key_algorithm a) { return a == config::key_algorithm::ed25519 ? key_kind::ed25519 : key_kind::p256; }

organization_description describe(const config::crypto_organization& org, role what) {
  organization_description d{.role = what, .name = org.name.empty() ? org.domain : org.name, .domain = org.domain, .node_ous = org.enable_node_ous};
  d.users = what == role::peer ? org.users : 0;
  if (what == role::peer)
    for (const auto& u : org.named_users) d.named_users.push_back({u.name, kind_of(u.algorithm)});
  d.user_keys = kind_of(org.user_algorithm);
  for (const auto& n : org.nodes) d.nodes.push_back({n.hostname, n.common_name, n.sans, kind_of(n.algorithm)});
  d.ca_common_name = org.ca.common_name;
  d.ca_keys = kind_of(org.ca.algorithm);
  const auto choose = [](std::string& into, const std::string& written) {
    if (!written.empty()) into = written;
  };
  choose(d.where.country, org.ca.country);
  choose(d.where.province, org.ca.province);
  choose(d.where.locality, org.ca.locality);
  d.where.organizational_unit = org.ca.organizational_unit;
  d.where.street_address = org.ca.street_address;
  d.where.postal_code = org.ca.postal_code;
  return d;
}

}  // namespace

std::vector<organization_description> describe(const config::crypto_config& document) {
  std::vector<organization_description> out;
  for (const auto& org : document.peers) out.push_back(describe(org, role::peer));
  for (const auto& org : document.orderers) out.push_back(describe(org, role::orderer));
  return out;
}

}  // namespace weft::crypto
