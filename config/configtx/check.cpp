// What a profile needs to become a channel, as far as its document can tell.
#include <algorithm>
#include <map>
#include <set>

#include "config/configtx/configtx.hpp"

namespace weft::config::configtx {
namespace {

bool has(const std::vector<std::string>& names, std::string_view name) { return std::find(names.begin(), names.end(), name) != names.end(); }
bool has(const std::vector<policy>& policies, std::string_view name) {
  return std::any_of(policies.begin(), policies.end(), [&](const policy& p) { return p.name == name; });
}

/// "host:port" with a port from 1 to 65535; an IPv6 host stands in brackets.
bool is_endpoint(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0 || text.find_first_of(" \t/") != std::string_view::npos) return false;
  if (text.find(':') != colon && text[0] != '[') return false;
  const auto port = text.substr(colon + 1);
  if (port.empty() || port.size() > 5 || port.find_first_not_of("0123456789") != std::string_view::npos) return false;
  const int number = std::stoi(std::string(port));
  return number > 0 && number <= 65'535;
}

enum class where : std::uint8_t { application, orderer, consortium, alone };

class checker {
 public:
  explicit checker(document& d) : d_(d) {}

  void whole(const profile& p) {
    v3_ = has(p.capabilities, "V3_0");
    lifecycle_ = p.application && (has(p.application->capabilities, "V2_0") || has(p.application->capabilities, "V2_5"));
    policies(p.path, p.policies, {"Readers", "Writers", "Admins"});
    known(p.path, p.capabilities, channel_capabilities(), "channel");
    if (p.orderer && !p.capabilities.empty() && p.orderer->capabilities.empty())
      say(p.orderer->path + ".Capabilities", "cannot enable channel capabilities without orderer support first", "set the orderer capability V2_0 (or V1_1 of old)");
    if (!p.orderer && !p.application) say(p.path, "has neither Orderer nor Application", "a channel's genesis block needs both");
    if (p.orderer) orderers(*p.orderer);
    if (p.application) applications(*p.application);
    if (p.consortiums)
      for (const consortium& c : *p.consortiums) organizations(c.organizations, where::consortium);
  }

  void one(const organization& org, where place) {
    if (org.name.empty()) say(org.path + ".Name", "is missing");
    if (org.skip_as_foreign) return;
    if (org.id.empty()) say(org.path + ".ID", "is missing", "the MSP id, such as Org1MSP");
    if (org.msp_dir.empty()) say(org.path + ".MSPDir", "is missing", "the organization's msp folder");
    if (org.msp_type != "bccsp") say(org.path + ".MSPType", "unknown MSP type '" + org.msp_type + "'", "bccsp is offered; leave it out");
    policies(org.path, org.policies, {"Readers", "Writers", "Admins"});
    if (place == where::application && lifecycle_ && !org.policies.empty() && !has(org.policies, "Endorsement"))
      warn(org.path + ".Policies.Endorsement", "is missing", "without it the organization's endorsements never count for \"MAJORITY Endorsement\"");
    for (std::size_t i = 0; i < org.orderer_endpoints.size(); ++i)
      endpoint(org.path + ".OrdererEndpoints[" + std::to_string(i) + "]", org.orderer_endpoints[i]);
    for (std::size_t i = 0; i < org.anchor_peers.size(); ++i)
      port(org.path + ".AnchorPeers[" + std::to_string(i) + "].Port", org.anchor_peers[i].port, "must be 1 to 65535");
    if (place == where::orderer && v3_ && org.orderer_endpoints.empty())
      say(org.path + ".OrdererEndpoints",
          "orderer endpoints for organization " + org.name + " are missing and must be configured when capability V3_0 is enabled",
          "list the organization's orderers as host:port");
  }

 private:
  void say(const std::string& path, std::string what, std::string suggestion = {}) { d_.source.at(path).say(std::move(what), std::move(suggestion)); }
  void warn(const std::string& path, std::string what, std::string suggestion) {
    d_.source.at(path).say(std::move(what), std::move(suggestion), problem::severity::warning);
  }

  void policies(const std::string& path, const std::vector<policy>& given, std::initializer_list<std::string_view> needed) {
    if (given.empty() && !d_.source.at(path + ".Policies").present()) {
      std::string all;
      for (const auto name : needed) all.append(all.empty() ? "" : ", ").append(name);
      return say(path + ".Policies", "no policies defined", "needed: " + all);
    }
    for (const auto name : needed)
      if (!has(given, name)) say(path + ".Policies." + std::string(name), "no " + std::string(name) + " policy defined", usual(name));
  }
  static std::string usual(std::string_view name) {
    if (name == "BlockValidation") return "the usual one is {Type: ImplicitMeta, Rule: \"ANY Writers\"}";
    return "the usual one of a group is {Type: ImplicitMeta, Rule: \"" + std::string(name == "Admins" ? "MAJORITY " : "ANY ") + std::string(name) + "\"}";
  }

  void known(const std::string& path, const std::vector<std::string>& given, const std::vector<std::string>& names, const char* level) {
    for (const auto& name : given)
      if (!has(names, name)) say(path + ".Capabilities." + name, "no " + std::string(level) + " capability that a node would know", suggest(name, names));
  }

  /// One that could not be read was noted already.
  void port(const std::string& path, std::uint16_t number, const std::string& what) {
    const auto v = d_.source.at(path);
    if (number == 0 && (!v.present() || v.text() == "0")) say(path, what);
  }
  void endpoint(const std::string& path, const std::string& text) {
    if (!is_endpoint(text)) say(path, "must be host:port, but is '" + text + "'");
  }

  void organizations(const std::vector<organization>& orgs, where place) {
    std::map<std::string, std::string> names, ids;  // → path of the first
    for (const auto& org : orgs) {
      one(org, place);
      unique(names, org.name, org.path + ".Name", "an organization of that name stands at ");
      if (!org.skip_as_foreign) unique(ids, org.id, org.path + ".ID", "that MSP id is the one of ");
    }
  }
  void unique(std::map<std::string, std::string>& seen, const std::string& key, const std::string& path, const std::string& what) {
    if (key.empty()) return;
    const auto [first, fresh] = seen.emplace(key, path);
    if (!fresh) say(path, what + first->second + " already");
  }

  void applications(const application& a) {
    policies(a.path, a.policies, {"Readers", "Writers", "Admins"});
    if (lifecycle_ && !a.policies.empty())
      for (const char* name : {"Endorsement", "LifecycleEndorsement"})
        if (!has(a.policies, name)) warn(a.path + ".Policies." + name, "is missing", "without it no chaincode definition can be committed by _lifecycle");
    known(a.path, a.capabilities, application_capabilities(), "application");
    const auto& caps = a.capabilities;
    if (!a.acls.empty() && std::none_of(caps.begin(), caps.end(), [](const std::string& c) { return c >= "V1_2"; }))
      say(a.path + ".ACLs", "ACLs may not be specified without the required capability", "set the application capability V2_0 or V2_5");
    organizations(a.organizations, where::application);
  }

  void orderers(const orderer& o) {
    policies(o.path, o.policies, {"Readers", "Writers", "Admins", "BlockValidation"});
    known(o.path, o.capabilities, orderer_capabilities(), "orderer");
    if (v3_ && !o.addresses.empty())
      say(o.path + ".Addresses", "global orderer endpoints exist, but can not be used with V3_0 capability", "list them in the organizations' OrdererEndpoints");
    for (std::size_t i = 0; i < o.addresses.size(); ++i) endpoint(o.path + ".Addresses[" + std::to_string(i) + "]", o.addresses[i]);
    if (o.preferred_max_bytes > o.absolute_max_bytes)
      say(o.path + ".BatchSize.PreferredMaxBytes",
          "is larger than AbsoluteMaxBytes (" + std::to_string(o.preferred_max_bytes) + " > " + std::to_string(o.absolute_max_bytes) + ")");
    if (o.type == "etcdraft") raft(o);
    if (o.type == "BFT") bft(o);
    organizations(o.organizations, where::orderer);
  }

  template <class Consenter>
  void consenter(const Consenter& c, std::map<std::string, std::string>& places, const std::string& type) {
    const std::string missing = "consenter info in " + type + " configuration did not specify ";
    if (c.host.empty()) say(c.path + ".Host", missing + "host");
    port(c.path + ".Port", c.port, missing + "port");
    if (c.client_tls_cert.empty()) say(c.path + ".ClientTLSCert", missing + "client TLS cert");
    if (c.server_tls_cert.empty()) say(c.path + ".ServerTLSCert", missing + "server TLS cert");
    if (!c.host.empty() && c.port != 0) unique(places, c.host + ":" + std::to_string(c.port), c.path, "the same host and port as ");
  }

  void raft(const orderer& o) {
    if (!o.has_raft) return say(o.path + ".EtcdRaft", "etcdraft configuration missing", "it lists Consenters with Host, Port, ClientTLSCert, ServerTLSCert");
    if (o.raft_consenters.empty()) say(o.path + ".EtcdRaft.Consenters", "etcdraft configuration did not specify any consenter");
    std::map<std::string, std::string> places;
    for (const auto& c : o.raft_consenters) consenter(c, places, "etcdraft");
    if (o.raft.election_tick <= o.raft.heartbeat_tick) say(o.path + ".EtcdRaft.Options.ElectionTick", "election tick must be greater than heartbeat tick");
  }

  void bft(const orderer& o) {
    if (!v3_) say(o.path + ".OrdererType", "orderer type BFT must be used with V3_0 channel capability", "set V3_0: true in the profile's Capabilities");
    if (o.consenter_mapping.empty()) say(o.path + ".ConsenterMapping", "BFT configuration did not specify any consenter");
    std::map<std::string, std::string> places, numbers;
    std::vector<std::string> ids;
    for (const auto& org : o.organizations) ids.push_back(org.id);
    for (const auto& c : o.consenter_mapping) {
      const std::string missing = "consenter info in BFT configuration did not specify ";
      consenter(c, places, "BFT");
      if (c.id == 0) say(c.path + ".ID", missing + "ID", "number the consenters from 1");
      else unique(numbers, std::to_string(c.id), c.path + ".ID", "the number of ");
      if (c.identity.empty()) say(c.path + ".Identity", missing + "identity certificate", "the certificate that the orderer signs with, in msp/signcerts");
      if (c.msp_id.empty()) say(c.path + ".MSPID", missing + "MSP ID");
      else if (!has(ids, c.msp_id)) say(c.path + ".MSPID", "'" + c.msp_id + "' is no organization of this Orderer section", suggest(c.msp_id, ids));
    }
  }

  document& d_;
  bool v3_ = false, lifecycle_ = false;
};

}  // namespace

const std::vector<std::string>& channel_capabilities() {
  static const std::vector<std::string> names{"V1_1", "V1_3", "V1_4_2", "V1_4_3", "V2_0", "V3_0"};
  return names;
}
const std::vector<std::string>& orderer_capabilities() {
  static const std::vector<std::string> names{"V1_1", "V1_4_2", "V2_0"};
  return names;
}
const std::vector<std::string>& application_capabilities() {
  static const std::vector<std::string> names{"V1_1", "V1_2", "V1_3", "V1_4_2", "V2_0", "V2_5"};
  return names;
}

void check(document& d, const profile& p) { checker(d).whole(p); }
void check(document& d, const organization& org) { checker(d).one(org, where::alone); }

}  // namespace weft::config::configtx
