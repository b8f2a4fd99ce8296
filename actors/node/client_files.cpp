#include "actors/node/client_files.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include "actors/node/files.hpp"
#include "actors/node/node.hpp"
#include "config/clients/clients.hpp"

namespace weft::actors {

namespace fs = std::filesystem;
using config::org_kind;
using config::organization;

namespace {

/// The first file of a folder, by name; other tools give keys and certificates any name.
std::optional<fs::path> first_file(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored))
    if (entry.is_regular_file(ignored)) files.push_back(entry.path());
  const auto first = std::min_element(files.begin(), files.end());
  return first == files.end() ? std::nullopt : std::optional(*first);
}

/// Who issued a host's TLS certificate: beside it, as cryptogen has it, or in the organization's MSP.
std::optional<fs::path> tls_root(const fs::path& host_folder) {
  const auto beside = host_folder / "tls" / "ca.crt";
  std::error_code ignored;
  if (fs::exists(beside, ignored)) return beside;
  return first_file(host_folder.parent_path().parent_path() / "msp" / "tlscacerts");
}

result<std::vector<config::reachable_member>> members_of(const fs::path& network, const config::topology& t, org_kind kind,
                                                         const std::map<std::string, std::string>& addresses) {
  std::vector<config::reachable_member> out;
  for (const auto& org : t.organizations) {
    if (org.kind != kind) continue;
    for (const auto& host : org.hosts) {
      const auto name = host + "." + org.domain;
      const auto at = addresses.find(name);
      const auto root = tls_root(member_folders::host(network, org, host));
      if (at == addresses.end() || !root) continue;
      WEFT_TRY(auto pem, read_file(*root));
      out.push_back({name, org.name, at->second, std::move(pem), fs::absolute(*root).lexically_normal().string()});
    }
  }
  return out;
}

/// Nothing when this folder does not hold the user's keys.
result<std::optional<config::client_identity>> identity_of(const fs::path& network, const organization& org, const std::string& user) {
  const auto msp = member_folders::user(network, org, user) / "msp";
  const auto certificate = first_file(msp / "signcerts"), key = first_file(msp / "keystore");
  if (!certificate || !key) return std::optional<config::client_identity>{};
  config::client_identity out{user + "@" + org.domain, org.msp_id, {}, {}, fs::absolute(msp).lexically_normal().string(), {}};
  if (org.client_certificates) out.tls_folder = fs::absolute(msp.parent_path() / "tls").lexically_normal().string();
  WEFT_TRY(out.certificate_pem, read_file(*certificate));
  WEFT_TRY(out.key_pem, read_file(*key));
  return std::optional(std::move(out));
}

result<void> write_for(const fs::path& network, const config::topology& t, const organization& org, const std::vector<config::reachable_member>& peers,
                       const std::vector<config::reachable_member>& orderers) {
  const auto own = std::find_if(peers.begin(), peers.end(), [&](const auto& p) { return p.organization == org.name; });
  WEFT_TRY(const auto admin, identity_of(network, org, "Admin"));
  if (own == peers.end() || !admin) return {};
  config::profile_request request{&t, org.name, peers, orderers};
  std::stable_partition(request.peers.begin(), request.peers.end(), [&](const auto& p) { return p.organization == org.name; });
  const auto folder = network / "profiles" / org.domain;
  WEFT_CHECK(write_file(folder / "connection.json", config::connection_profile_json(request), open_to_all));
  WEFT_CHECK(write_file(folder / "connection.yaml", config::connection_profile_yaml(request), open_to_all));
  WEFT_CHECK(write_file(folder / "env.sh", config::shell_environment(*admin, *own, orderers.empty() ? nullptr : &orderers.front()), open_to_all));
  for (const auto& user : member_folders::users(org)) {
    WEFT_TRY(const auto who, identity_of(network, org, user));
    if (who) WEFT_CHECK(write_file(network / "wallet" / (who->label + ".id"), config::wallet_entry(*who), secret));
  }
  return {};
}

}  // namespace

result<void> write_client_files(const fs::path& network, const config::topology& t, const std::map<std::string, std::string>& addresses) {
  WEFT_TRY(const auto peers, members_of(network, t, org_kind::peer, addresses));
  WEFT_TRY(const auto orderers, members_of(network, t, org_kind::orderer, addresses));
  for (const auto& org : t.organizations)
    if (org.kind == org_kind::peer) WEFT_CHECK(write_for(network, t, org, peers, orderers));
  return {};
}

}  // namespace weft::actors
