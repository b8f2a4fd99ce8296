#include "actors/node/cluster_layout.hpp"

#include <algorithm>

#include "actors/node/client_files.hpp"
#include "actors/node/files.hpp"
#include "actors/node/node.hpp"
#include "crypto/ca/authority.hpp"
#include "crypto/ca/network_material.hpp"
#include "crypto/x509/certificate.hpp"

namespace weft::actors {

namespace fs = std::filesystem;

namespace {

constexpr const char* operator_folder = "operator";
constexpr std::chrono::milliseconds least_silence{200};
constexpr const char* link_folder = "node";  ///< In a node's folder: its certificate, its key, and the authority of all nodes.

/// What a node's members are, and the administrators that approve contracts from here.
result<void> copy_members(const fs::path& all, const fs::path& mine, const config::topology& t, const config::node& node) {
  for (const auto& org : t.organizations) {
    const auto definition = member_folders::host(all, org, "x").parent_path().parent_path() / "msp";
    WEFT_CHECK(copy_tree(definition, member_folders::host(mine, org, "x").parent_path().parent_path() / "msp"));
    for (std::size_t i = 0; i < org.hosts.size(); ++i) {
      const auto& host = org.hosts[i];
      if (std::find(node.members.begin(), node.members.end(), host + "." + org.domain) == node.members.end()) continue;
      WEFT_CHECK(copy_tree(member_folders::host(all, org, host), member_folders::host(mine, org, host)));
      if (org.kind == config::org_kind::peer && i == 0) WEFT_CHECK(copy_tree(member_folders::user(all, org, "Admin"), member_folders::user(mine, org, "Admin")));
    }
  }
  return {};
}

/// By which a channel knows its consenters: the certificates, never a key. With them a channel can be made on any node.
result<void> copy_consenters(const fs::path& all, const fs::path& mine, const config::topology& t) {
  for (const auto& org : t.organizations) {
    if (org.kind != config::org_kind::orderer) continue;
    for (const auto& host : org.hosts) {
      const auto from = member_folders::host(all, org, host) / "tls" / "server.crt", to = member_folders::host(mine, org, host) / "tls" / "server.crt";
      std::error_code ignored;
      if (!fs::exists(from, ignored) || fs::exists(to, ignored)) continue;  // another tool made none; or it lives here
      WEFT_TRY(const auto certificate, read_file(from));
      WEFT_CHECK(write_file(to, certificate, open_to_all));
    }
  }
  return {};
}

result<void> write_certificate(const fs::path& folder, const config::node& node, const crypto::authority& authority, const material_seams& seams) {
  auto request = crypto::request_in({});
  request.common_name = node.name;
  request.use = crypto::certificate_request::profile::tls;
  request.sans = {node.name};
  const auto valid = crypto::validity_from(seams.clock->now());
  request.not_before = valid.not_before;
  request.not_after = valid.not_after;
  WEFT_TRY(const auto made, authority.issue(request, *seams.random));
  WEFT_CHECK(write_file(folder / link_folder / "server.crt", made.cert.to_pem(), open_to_all));
  const auto key = made.key.to_pem();
  WEFT_CHECK(write_file(folder / link_folder / "server.key", key, secret));
  return write_file(folder / link_folder / "ca.crt", authority.cert().to_pem(), open_to_all);
}

/// In the operator's folder, so that nodes can be added later.
result<crypto::authority> make_authority(const fs::path& folder, const material_seams& seams) {
  WEFT_TRY(auto made, crypto::authority::create("nodes", "weft", {}, *seams.clock, *seams.random, seams.nonces));
  WEFT_CHECK(write_file(folder / "nodes-ca" / "ca.crt", made.cert().to_pem(), open_to_all));
  const auto key = made.key().to_pem();
  WEFT_CHECK(write_file(folder / "nodes-ca" / "ca.key", key, secret));
  return made;
}

}  // namespace

result<void> lay_out_nodes(const fs::path& out, const config::topology& t, const material_seams& seams,
                           const std::function<void(const std::string&, const std::string&)>& progress) {
  if (t.nodes.size() < 2) return fail(errc::invalid_argument, "the topology has one node, which `weft up --topology` starts without further ado");
  std::error_code ec;
  if (fs::exists(out, ec) && !fs::is_empty(out, ec)) return fail(errc::already_exists, out.string() + " is there already, and not empty");
  for (const auto& node : t.nodes) {
    if (node.name == operator_folder) return fail(errc::invalid_argument, "a node cannot be called 'operator': that is the folder of all keys");
  }
  const auto all = out / operator_folder;
  fs::create_directories(all, ec);
  if (ec) return fail(errc::io, "cannot create " + all.string() + ": " + ec.message());
  fs::permissions(all, fs::perms::owner_all, ec);
  WEFT_TRY(const auto made, make_or_load_material(all, t, seams, progress));
  WEFT_TRY(const auto authority, make_authority(all, seams));
  const auto document = config::to_yaml(t);
  WEFT_CHECK(write_file(all / "topology.yaml", document, open_to_all));
  WEFT_CHECK(write_client_files(all, t, config::member_addresses(t)));
  for (const auto& node : t.nodes) {
    const auto mine = out / node.name;
    WEFT_CHECK(copy_members(all, mine, t, node));
    WEFT_CHECK(copy_consenters(all, mine, t));
    WEFT_CHECK(copy_tree(all / "channels", mine / "channels"));
    WEFT_CHECK(write_certificate(mine, node, authority, seams));
    WEFT_CHECK(write_file(mine / "topology.yaml", document, open_to_all));
    fs::permissions(mine, fs::perms::owner_all, ec);
    std::string members;
    for (const auto& m : node.members) members += (members.empty() ? "" : ", ") + m;
    progress("node " + node.name, node.address + ": " + members);
  }
  return {};
}

namespace {

/// A host that froze is noticed when its consenters are: twice the election timeout, within bounds that a busy machine and a slow network allow.
remoting::tunnel_limits limits_for(const config::topology& t) {
  remoting::tunnel_limits out;
  for (const auto& c : t.channels) {
    if (c.ordering != "raft") continue;
    out.silence = std::min(out.silence, std::max<std::chrono::milliseconds>(c.raft.tick_interval * c.raft.election_tick * 2, least_silence));
  }
  out.heartbeat = out.silence / 8;
  return out;
}

/// A folder that holds another node's certificate, or one of another cluster, would start, and be refused by everybody.
result<void> check_own(const std::filesystem::path& at, bytes_view pem, bytes_view authority_pem, const std::string& node) {
  WEFT_TRY(const auto own, crypto::certificate::from_pem(pem));
  WEFT_TRY(const auto authority, crypto::certificate::from_pem(authority_pem));
  if (!own.signed_by(authority)) {
    return fail(errc::invalid_argument, at.string() + " was not issued by the authority in ca.crt beside it, so every other node would refuse this one; both come from one " +
                                            "`weft topology init`");
  }
  const auto& names = own.dns_names();
  if (std::find(names.begin(), names.end(), node) != names.end()) return {};
  return fail(errc::invalid_argument, at.string() + " is the certificate of " + (names.empty() ? "no node" : "node " + names.front()) + ", not of " + node +
                                          "; `weft topology init` made the right one");
}

}  // namespace

result<remoting::settings> read_link_settings(const fs::path& folder, const config::topology& t, const config::node& self) {
  if (t.nodes.size() < 2) return fail(errc::failed_precondition, "the topology has one node, which `weft up` starts; `weft node` is for clusters");
  remoting::settings s;
  s.node = self.name;
  s.limits = limits_for(t);
  s.listen = config::listening_address(self.address);
  WEFT_TRY(s.certificate_pem, read_file(folder / link_folder / "server.crt"));
  WEFT_TRY(s.key_pem, read_file(folder / link_folder / "server.key"));
  WEFT_TRY(const auto authority, read_file(folder / link_folder / "ca.crt"));
  WEFT_CHECK(check_own(folder / link_folder / "server.crt", s.certificate_pem, authority, self.name));
  for (const auto& node : t.nodes) {
    if (node.name == self.name) continue;
    s.peers[node.name] = {node.address, {{}, node.name, {authority}}};
  }
  return s;
}

}  // namespace weft::actors
