// Makes configuration updates for the scripts, as configtxlator would: config_edit BLOCK OUT COMMAND…
//   batch COUNT · anchor ORG HOST PORT · maintenance on|off · acl RESOURCE POLICY · policy GROUP NAME RULE · remove ORG · add ORG MSP_ID MSP_FOLDER · revoke ORG CA_FOLDER CERTIFICATE
//   consenter remove CERTIFICATE (prints its host and port) · consenter add CERTIFICATE HOST PORT · consenter rotate CERTIFICATE NEW      of a raft channel, PEM files
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "crypto/ca/authority.hpp"
#include "crypto/msp/folder.hpp"
#include "ledger/block/block.hpp"
#include "msp/msp_config.pb.h"
#include "common/configuration.pb.h"
#include "orderer/configuration.pb.h"
#include "orderer/etcdraft/configuration.pb.h"
#include "peer/configuration.pb.h"
#include "tests/support/config_changes.hpp"
#include "tests/unit/crypto/msp/authority.hpp"

using namespace weft;
using namespace weft::testing;
namespace fs = std::filesystem;

namespace {

bytes read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::runtime_error("cannot read " + path.string());
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

void batch(::common::ConfigGroup& root, const std::vector<std::string>& a) {
  auto& orderer = group_at(root, {"Orderer"});
  ::orderer::BatchSize size;
  if (!proto::decode(orderer.values().at("BatchSize").value(), size)) throw std::runtime_error("no batch size");
  size.set_max_message_count(static_cast<std::uint32_t>(std::stoul(a.at(0))));
  put_value(orderer, "BatchSize", size);
}
void anchor(::common::ConfigGroup& root, const std::vector<std::string>& a) {
  ::protos::AnchorPeers anchors;
  auto& one = *anchors.add_anchor_peers();
  one.set_host(a.at(1));
  one.set_port(std::stoi(a.at(2)));
  put_value(group_at(root, {"Application", a.at(0)}), "AnchorPeers", anchors);
}
void maintenance(::common::ConfigGroup& root, bool on) {
  auto& orderer = group_at(root, {"Orderer"});
  ::orderer::ConsensusType type;
  if (!proto::decode(orderer.values().at("ConsensusType").value(), type)) throw std::runtime_error("no consensus type");
  type.set_state(on ? ::orderer::ConsensusType::STATE_MAINTENANCE : ::orderer::ConsensusType::STATE_NORMAL);
  put_value(orderer, "ConsensusType", type);
}
void acl(::common::ConfigGroup& root, const std::vector<std::string>& a) {
  ::protos::ACLs acls;
  (*acls.mutable_acls())[a.at(0)].set_policy_ref(a.at(1));
  put_value(group_at(root, {"Application"}), "ACLs", acls);
}
void revoke(::common::ConfigGroup& root, const std::vector<std::string>& a) {
  fs::path cert;
  for (const auto& entry : fs::directory_iterator(a.at(1))) if (entry.path().extension() == ".pem") cert = entry.path();
  const auto ca = crypto::authority::from_pem(read_file(cert), read_file(fs::path(a.at(1)) / "priv_sk"), crypto::nonce_rule::random).value();
  const auto victim = crypto::certificate::from_pem(read_file(a.at(2))).value();
  auto& org = group_at(root, {"Application", a.at(0)});
  ::msp::MSPConfig outer;
  ::msp::FabricMSPConfig inner;
  if (!proto::decode(org.values().at("MSP").value(), outer) || !proto::decode(outer.config(), inner)) throw std::runtime_error("no MSP");
  inner.add_revocation_list(crypto::test::authority{}.crl({ca.cert(), ca.key()}, ca.key(), {victim.serial()}));
  outer.set_config(proto::encode(inner));
  put_value(org, "MSP", outer);
}

/// One change of a raft channel's consenters; client and server certificate are the same.
void consenter(::common::ConfigGroup& root, const std::vector<std::string>& a) {
  auto& orderer = group_at(root, {"Orderer"});
  ::orderer::ConsensusType type;
  ::etcdraft::ConfigMetadata group;
  if (!proto::decode(orderer.values().at("ConsensusType").value(), type) || !proto::decode(type.metadata(), group)) throw std::runtime_error("no raft channel");
  auto& all = *group.mutable_consenters();
  const auto with = [](::etcdraft::Consenter& c, const bytes& pem) {
    c.set_client_tls_cert(pem);
    c.set_server_tls_cert(pem);
  };
  const auto pem = read_file(a.at(1));
  const auto found = std::find_if(all.begin(), all.end(), [&](const auto& c) { return c.client_tls_cert() == pem; });
  if (a.at(0) == "add") {
    auto& c = *all.Add();
    c.set_host(a.at(2));
    c.set_port(static_cast<std::uint32_t>(std::stoul(a.at(3))));
    with(c, pem);
  } else if (found == all.end()) {
    throw std::runtime_error("no consenter has " + a.at(1));
  } else if (a.at(0) == "remove") {
    std::printf("%s %u\n", found->host().c_str(), found->port());
    all.erase(found);
  } else {
    with(*found, read_file(a.at(2)));
  }
  type.set_metadata(proto::encode(group));
  put_value(orderer, "ConsensusType", type);
}

config_edit edit_of(const std::vector<std::string>& words) {
  const std::vector<std::string> a(words.begin() + 1, words.end());
  const auto& what = words.front();
  if (what == "batch") return [a](auto& root) { batch(root, a); };
  if (what == "anchor") return [a](auto& root) { anchor(root, a); };
  if (what == "maintenance") return [a](auto& root) { maintenance(root, a.at(0) == "on"); };
  if (what == "acl") return [a](auto& root) { acl(root, a); };
  if (what == "policy") return [a](auto& root) { put_policy(group_at(root, {a.at(0)}), a.at(1), a.at(2)); };
  if (what == "capability") {
    return [a](auto& root) {
      ::common::Capabilities c;
      (*c.mutable_capabilities())[a.at(1)];
      put_value(group_at(root, {a.at(0)}), "Capabilities", c);
    };
  }
  if (what == "consenter") return [a](auto& root) { consenter(root, a); };
  if (what == "remove") return [a](auto& root) { group_at(root, {"Application"}).mutable_groups()->erase(a.at(0)); };
  if (what == "revoke") return [a](auto& root) { revoke(root, a); };
  if (what == "add") {
    return [a](auto& root) {
      (*group_at(root, {"Application"}).mutable_groups())[a.at(0)] = application_org(a.at(1), proto::encode(crypto::read_msp_folder(a.at(2), a.at(1)).value()));
    };
  }
  throw std::runtime_error("unknown command " + what);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc < 4) throw std::runtime_error("config_edit BLOCK OUT COMMAND…");
    const auto block = ledger::block::parse(shared_bytes{read_file(argv[1])}).value();
    const auto now = ledger::channel_bundle::from_block(block).value();
    std::ofstream(argv[2], std::ios::binary) << proto::encode(update_by(*now, edit_of({argv + 3, argv + argc})));
  } catch (const std::exception& e) {
    std::fprintf(stderr, "config_edit: %s\n", e.what());
    return 1;
  }
}
