#include "crypto/ca/network_material.hpp"

#include <algorithm>
#include <set>

namespace weft::crypto {

namespace {

using profile = certificate_request::profile;
using org_kind = organization_description::kind;

constexpr unsigned private_mode = 0600;
constexpr std::size_t name_bytes_max = 200;  // leaves room for "-cert.pem" within a file name's 255

/// Names become folders and stand in config.yaml: letters, digits, '.', '-', '_' and a user's '@' only.
bool is_fit_name(std::string_view name) {
  const auto fit = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_' || c == '@';
  };
  return !name.empty() && name.size() <= name_bytes_max && name[0] != '.' && std::all_of(name.begin(), name.end(), fit);
}

std::string common_name_of(const node_description& node, const organization_description& org) {
  return node.common_name.empty() ? node.hostname + "." + org.domain : node.common_name;
}
std::string ca_name_of(const organization_description& org) { return org.ca_common_name.empty() ? "ca." + org.domain : org.ca_common_name; }

result<void> check(const organization_description& org) {
  const auto wrong = [&](std::string what) { return fail(errc::invalid_argument, "organization " + org.name + ": " + std::move(what)); };
  if (!is_fit_name(org.domain)) return wrong("'" + org.domain + "' is no domain");
  if (!is_fit_name(ca_name_of(org))) return wrong("'" + org.ca_common_name + "' is no name for its authority");
  if (org.nodes.size() > nodes_per_organization_max) return wrong("more than " + std::to_string(nodes_per_organization_max) + " nodes");
  if (org.users + org.named_users.size() > users_per_organization_max) return wrong("more than " + std::to_string(users_per_organization_max) + " users");
  std::set<std::string> seen;
  for (const auto& node : org.nodes) {
    const auto name = common_name_of(node, org);
    if (!is_fit_name(node.hostname) || !is_fit_name(name)) return wrong("'" + name + "' is no name for a node");
    if (!seen.insert(name).second) return wrong("two nodes named " + name);
  }
  for (const auto& user : org.named_users) {
    if (!is_fit_name(user.name)) return wrong("'" + user.name + "' is no name for a user");
    const bool counted = user.name.size() > 4 && user.name.compare(0, 4, "User") == 0 && user.name[4] != '0' &&
                         user.name.find_first_not_of("0123456789", 4) == std::string::npos && user.name.size() < 14 &&
                         std::stoul(user.name.substr(4)) <= org.users;
    if (counted || user.name == "Admin" || !seen.insert(user.name + "@" + org.domain).second) return wrong("two users named " + user.name);
  }
  return {};
}

std::string node_ous_yaml(const std::string& ca_name) {
  std::string text = "NodeOUs:\n    Enable: true\n";
  for (const auto& [key, unit] : {std::pair("Client", "client"), std::pair("Peer", "peer"), std::pair("Admin", "admin"), std::pair("Orderer", "orderer")})
    text += std::string("    ") + key + "OUIdentifier:\n        Certificate: cacerts/" + ca_name +
            "-cert.pem\n        OrganizationalUnitIdentifier: " + unit + "\n";
  return text;
}

/// Makes one organization's part of the tree.
class organization_builder {
 public:
  organization_builder(const organization_description& org, const clock& clock, random_source& random, nonce_rule rule,
                       const existing_files& existing, network_material& out)
      : org_(org), clock_(clock), random_(random), rule_(rule), existing_(existing), out_(out),
        base_((org.role == org_kind::peer ? "peerOrganizations/" : "ordererOrganizations/") + org.domain + "/") {}

  result<void> build() {
    WEFT_TRY(const auto ca, load_or_create("ca", ca_name_of(org_)));
    WEFT_TRY(const auto tls, load_or_create("tlsca", "tls" + ca_name_of(org_)));
    const std::string admin = "Admin@" + org_.domain;
    WEFT_CHECK(add_user(ca, tls, admin, "admin", org_.user_keys));
    for (std::uint32_t i = 1; org_.role == org_kind::peer && i <= org_.users; ++i)
      WEFT_CHECK(add_user(ca, tls, "User" + std::to_string(i) + "@" + org_.domain, "client", org_.user_keys));
    if (org_.role == org_kind::peer)
      for (const auto& user : org_.named_users) WEFT_CHECK(add_user(ca, tls, user.name + "@" + org_.domain, "client", user.keys));
    for (const auto& node : org_.nodes) WEFT_CHECK(add_node(ca, tls, node));
    // What is there stays: another version of the tool, or a person, may have written it differently.
    if (!existing(base_ + "msp/cacerts/" + ca_name_of(org_) + "-cert.pem")) add_msp_common(base_ + "msp/", ca, tls, admin, admin_pem_);
    return {};
  }

 private:
  void put(std::string path, bytes contents, unsigned mode = 0644) { out_.files.push_back({std::move(path), std::move(contents), mode}); }
  std::optional<bytes> existing(const std::string& path) const { return existing_ ? existing_(path) : std::nullopt; }

  result<authority> load_or_create(const std::string& folder, const std::string& name) {
    const std::string cert_path = base_ + folder + "/" + name + "-cert.pem", key_path = base_ + folder + "/priv_sk";
    const auto cert = existing(cert_path), key = existing(key_path);
    if (cert && key) {
      auto loaded = authority::from_pem(*cert, *key, rule_);
      if (!loaded) return fail(within(cert_path, std::move(loaded).error()));
      return loaded;
    }
    if (cert || key) return fail(errc::invalid_argument, cert ? key_path + " is missing" : cert_path + " is missing");
    WEFT_TRY(auto made, authority::create(name, org_.domain, org_.where, clock_, random_, rule_, org_.ca_keys));
    put(cert_path, made.cert().to_pem());
    put(key_path, made.key().to_pem(), private_mode);
    return made;
  }

  certificate_request request_for(const std::string& common_name, profile use) const {
    const auto valid = validity_from(clock_.now());
    auto r = request_in(org_.where);
    r.common_name = common_name;
    r.use = use;
    r.not_before = valid.not_before;
    r.not_after = valid.not_after;
    return r;
  }

  /// Authorities, roles and administrators: what every MSP folder of the organization holds.
  /// Without NodeOUs the folder names one administrator: a node's and the organization's its Admin, a user's the user itself.
  void add_msp_common(const std::string& msp, const authority& ca, const authority& tls, const std::string& admin, const bytes& admin_pem) {
    put(msp + "cacerts/" + ca.cert().common_name() + "-cert.pem", ca.cert().to_pem());
    put(msp + "tlscacerts/" + tls.cert().common_name() + "-cert.pem", tls.cert().to_pem());
    if (org_.node_ous) {
      put(msp + "config.yaml", node_ous_yaml(ca.cert().common_name()));
      out_.empty_directories.push_back(msp + "admincerts");
    } else {
      put(msp + "admincerts/" + admin + "-cert.pem", admin_pem);
    }
  }

  /// The MSP and TLS folders of a node or user; the TLS files are called `tls_role`.{crt,key}.
  result<void> add_identity(const authority& ca, const authority& tls, const std::string& folder, const certificate_request& sign,
                            const certificate_request& tls_request, const std::string& tls_role, key_kind keys) {
    const std::string cert_path = folder + "msp/signcerts/" + sign.common_name + "-cert.pem";
    const bool is_admin = sign.common_name == "Admin@" + org_.domain;
    if (const auto there = existing(cert_path)) {
      if (is_admin) admin_pem_ = *there;
      return {};
    }
    WEFT_TRY(const auto identity, ca.issue(sign, random_, keys));
    WEFT_TRY(const auto tls_identity, tls.issue(tls_request, random_, keys));
    if (is_admin) admin_pem_ = identity.cert.to_pem();
    put(cert_path, identity.cert.to_pem());
    put(folder + "msp/keystore/priv_sk", identity.key.to_pem(), private_mode);
    const bool is_user = tls_role == "client";
    add_msp_common(folder + "msp/", ca, tls, is_user ? sign.common_name : "Admin@" + org_.domain, is_user ? identity.cert.to_pem() : admin_pem_);
    put(folder + "tls/ca.crt", tls.cert().to_pem());
    put(folder + "tls/" + tls_role + ".crt", tls_identity.cert.to_pem());
    put(folder + "tls/" + tls_role + ".key", tls_identity.key.to_pem(), private_mode);
    return {};
  }

  result<void> add_user(const authority& ca, const authority& tls, const std::string& name, const char* unit, key_kind keys) {
    auto sign = request_for(name, profile::sign);
    if (org_.node_ous) sign.organizational_units.push_back(unit);
    return add_identity(ca, tls, base_ + "users/" + name + "/", sign, request_for(name, profile::tls), "client", keys);
  }

  result<void> add_node(const authority& ca, const authority& tls, const node_description& node) {
    const bool is_peer = org_.role == org_kind::peer;
    const auto name = common_name_of(node, org_);
    auto sign = request_for(name, profile::sign);
    if (org_.node_ous) sign.organizational_units.push_back(is_peer ? "peer" : "orderer");
    auto tls_request = request_for(name, profile::tls);
    tls_request.sans = {name, node.hostname};
    tls_request.sans.insert(tls_request.sans.end(), node.sans.begin(), node.sans.end());
    return add_identity(ca, tls, base_ + (is_peer ? "peers/" : "orderers/") + name + "/", sign, tls_request, "server", node.keys);
  }

  const organization_description& org_;
  const clock& clock_;
  random_source& random_;
  nonce_rule rule_;
  const existing_files& existing_;
  network_material& out_;
  std::string base_, admin_pem_;
};

}  // namespace

std::vector<std::string> local_sans() { return {"localhost", "127.0.0.1"}; }

result<network_material> make_network_material(const std::vector<organization_description>& organizations, const clock& clock,
                                               random_source& random, nonce_rule rule, const existing_files& existing) {
  std::set<std::pair<org_kind, std::string>> seen;
  for (const auto& org : organizations) {
    WEFT_CHECK(check(org));
    if (!seen.insert({org.role, org.domain}).second) return fail(errc::invalid_argument, "two organizations of domain " + org.domain);
  }
  network_material out;
  for (const auto& org : organizations) WEFT_CHECK(organization_builder(org, clock, random, rule, existing, out).build());
  return out;
}

}  // namespace weft::crypto
