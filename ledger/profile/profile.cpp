#include "ledger/profile/profile.hpp"

#include <algorithm>
#include <map>

#include "common/policies.pb.h"
#include "config/yaml/document.hpp"
#include "crypto/msp/folder.hpp"
#include "crypto/msp/wellformed.hpp"
#include "crypto/policy/policy.hpp"
#include "ledger/channel/consensus_metadata.hpp"
#include "msp/msp_config.pb.h"

namespace weft::ledger {
namespace {

namespace configtx = config::configtx;
namespace fs = std::filesystem;

class maker {
 public:
  explicit maker(configtx::document& d) : d_(d) {}

  genesis_request request(const configtx::profile& p) {
    genesis_request r;
    r.has_application = p.application.has_value();
    r.has_orderer = p.orderer.has_value();
    r.consortium = p.consortium;
    r.channel_capabilities = p.capabilities;
    r.channel_policies = policies(p.policies);
    if (p.orderer) orderers(*p.orderer, r);
    r.application_capabilities.clear();
    if (p.application) application(*p.application, r);
    if (p.consortiums) {
      r.consortiums.emplace();
      for (const auto& c : *p.consortiums) r.consortiums->push_back({c.name, orgs(c.organizations)});
    }
    return r;
  }

  genesis_org org(const configtx::organization& o) {
    genesis_org out;
    out.name = o.name;
    out.foreign = o.skip_as_foreign;
    if (out.foreign) return out;
    out.msp = msp(o);
    out.policies = policies(o.policies);
    out.endpoints = o.orderer_endpoints;
    for (const auto& anchor : o.anchor_peers) out.anchor_peers.emplace_back(anchor.host, anchor.port);
    return out;
  }

 private:
  void say(const std::string& path, std::string what, std::string suggestion = {}) { d_.source.at(path).say(std::move(what), std::move(suggestion)); }

  /// The first line says what is wrong; those behind it show the text and point into it.
  void point(const std::string& path, const std::string& told) {
    const auto line = std::min(told.find('\n'), told.size());
    d_.source.add({.path = path, .what = told.substr(0, line), .suggestion = {}, .excerpt = told.substr(std::min(line + 1, told.size()))});
  }

  void application(const configtx::application& a, genesis_request& r) {
    r.application = orgs(a.organizations);
    r.application_capabilities = a.capabilities;
    r.application_policies = policies(a.policies);
    r.acls = a.acls;
  }

  void orderers(const configtx::orderer& o, genesis_request& r) {
    r.consensus_type = o.type;
    r.orderer_addresses = o.addresses;
    r.batching = {o.max_message_count, o.absolute_max_bytes, o.preferred_max_bytes, o.batch_timeout};
    r.max_channels = o.max_channels;
    r.kafka_brokers = o.kafka_brokers;
    r.orderers = orgs(o.organizations);
    r.orderer_capabilities = o.capabilities;
    r.orderer_policies = policies(o.policies);
    if (o.type == "etcdraft") {
      std::vector<raft_consenter> consenters;
      for (const auto& c : o.raft_consenters)
        consenters.push_back({c.host, c.port, certificate(c.path + ".ClientTLSCert", c.client_tls_cert), certificate(c.path + ".ServerTLSCert", c.server_tls_cert)});
      r.consensus_metadata = encode_raft_metadata(consenters, o.raft);
    }
    if (o.type != "BFT") return;
    for (const auto& c : o.consenter_mapping)
      r.consenters.push_back({c.id, c.host, c.msp_id, c.port, certificate(c.path + ".Identity", c.identity),
                              certificate(c.path + ".ClientTLSCert", c.client_tls_cert), certificate(c.path + ".ServerTLSCert", c.server_tls_cert)});
    r.consensus_metadata = encode_smartbft_options(o.smartbft);
  }

  std::vector<genesis_org> orgs(const std::vector<configtx::organization>& all) {
    std::vector<genesis_org> out;
    for (const auto& o : all) out.push_back(org(o));
    return out;
  }

  /// An organization mostly stands in several places of a profile; its folder is read once.
  std::shared_ptr<const ::msp::FabricMSPConfig> msp(const configtx::organization& o) {
    if (o.msp_dir.empty() || o.id.empty()) return nullptr;  // noted by check
    auto& known = msps_[{o.msp_dir, o.id}];
    if (known) return known;
    auto read = crypto::read_msp_folder(o.msp_dir, o.id);
    if (read) return known = std::make_shared<const ::msp::FabricMSPConfig>(*std::move(read));
    std::error_code ec;
    if (!fs::is_directory(o.msp_dir, ec)) say(o.path + ".MSPDir", "there is no folder " + o.msp_dir, "relative paths begin at the folder of " + d_.file);
    else say(o.path + ".MSPDir", "Error loading MSP configuration for org " + o.name + ": " + read.error().context);
    return nullptr;
  }

  /// A file's bytes as they are: that is what the channel keeps.
  bytes certificate(const std::string& path, const std::string& file) {
    if (file.empty()) return {};  // noted by check
    auto content = config::yaml::read_file(file);
    if (!content) {
      say(path, content.error().context, "relative paths begin at the folder of " + d_.file);
      return {};
    }
    if (auto cert = crypto::certificate_of_first_pem(*content); !cert) say(path, file + " holds no certificate: " + cert.error().context);
    return *std::move(content);
  }

  std::vector<policy_text> policies(const std::vector<configtx::policy>& all) {
    std::vector<policy_text> out;
    for (const auto& p : all) {
      out.push_back({p.name, p.type, p.rule});
      if (p.type == "Signature") {
        if (auto ok = crypto::parse_policy(p.rule); !ok) point(p.path + ".Rule", ok.error().context);
      } else if (p.type == "ImplicitMeta") {
        if (auto ok = crypto::parse_implicit_meta(p.rule); !ok) say(p.path + ".Rule", ok.error().context, "such as \"ANY Readers\" or \"MAJORITY Admins\"");
      }
    }
    return out;
  }

  configtx::document& d_;
  std::map<std::pair<std::string, std::string>, std::shared_ptr<const ::msp::FabricMSPConfig>> msps_;
};

result<void> verdict(const configtx::document& d) {
  auto all = configtx::problems(d);
  std::erase_if(all, [](const config::problem& p) { return !p.is_error(); });
  if (all.empty()) return {};
  return config::refuse(all, d.file);
}

}  // namespace

result<genesis_request> make_request(configtx::document& d, const configtx::profile& p, const std::string& channel_id) {
  configtx::check(d, p);
  genesis_request r = maker(d).request(p);
  r.channel_id = channel_id;
  WEFT_CHECK(verdict(d));
  return r;
}

result<genesis_org> make_org(configtx::document& d, const configtx::organization& org) {
  configtx::check(d, org);
  genesis_org made = maker(d).org(org);
  WEFT_CHECK(verdict(d));
  return made;
}

}  // namespace weft::ledger
