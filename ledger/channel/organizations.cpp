#include <limits>
#include <set>

#include "common/configtx.pb.h"
#include "common/configuration.pb.h"
#include "ledger/channel/sections.hpp"
#include "msp/msp_config.pb.h"
#include "peer/configuration.pb.h"
#include "proto/encode.hpp"

namespace weft::ledger {
namespace {

constexpr int fabric_msp_type = 0;

/// Group names of a map in order: what we report must not depend on a hash.
std::set<std::string> names_of(const ::common::ConfigGroup& parent) {
  std::set<std::string> names;
  for (const auto& [name, unused] : parent.groups()) names.insert(name);
  return names;
}

result<void> read_endpoints(const ::common::ConfigGroup& group, std::string_view path, const capabilities& caps, channel_org& org) {
  if (!group.values().contains("Endpoints")) return {};
  if (!caps.channel_v1_4_2)
    return fail(errc::invalid_argument, std::string(path) + ": Orderer Org " + org.group +
                                            " cannot contain endpoints value until V1_4_2+ capabilities have been enabled");
  ::common::OrdererAddresses endpoints;
  WEFT_CHECK(read_value(group, path, "Endpoints", endpoints));
  org.endpoints.assign(endpoints.addresses().begin(), endpoints.addresses().end());
  return {};
}

/// Anchor peers are hints for gossip. One that cannot be dialled is passed over: Fabric would keep the configuration.
result<void> read_anchor_peers(const ::common::ConfigGroup& group, std::string_view path, channel_org& org) {
  ::protos::AnchorPeers anchors;
  WEFT_CHECK(read_value(group, path, "AnchorPeers", anchors));
  for (const auto& peer : anchors.anchor_peers())
    if (peer.port() > 0 && peer.port() <= std::numeric_limits<std::uint16_t>::max())
      org.anchor_peers.emplace_back(peer.host(), static_cast<std::uint16_t>(peer.port()));
  return {};
}

result<channel_org> read_org(const ::common::ConfigGroup& group, std::string name, std::string_view path, org_kind kind, const capabilities& caps,
                             msp_collector& msps) {
  if (group.groups_size() != 0) return fail(errc::invalid_argument, std::string(path) + ": an organization has no sub-groups");
  WEFT_CHECK(check_value_names(group, path, {"MSP", kind == org_kind::orderer ? "Endpoints" : kind == org_kind::application ? "AnchorPeers" : "MSP"}));
  channel_org org;
  org.group = std::move(name);
  WEFT_TRY(org.msp_id, msps.add(group, path));
  if (kind == org_kind::orderer) WEFT_CHECK(read_endpoints(group, path, caps, org));
  if (kind == org_kind::application) WEFT_CHECK(read_anchor_peers(group, path, org));
  return org;
}

}  // namespace

result<std::string> msp_collector::add(const ::common::ConfigGroup& org, std::string_view path) {
  ::msp::MSPConfig config;
  WEFT_CHECK(read_value(org, path, "MSP", config));
  const std::string where = std::string(path) + "/MSP";
  if (config.type() != fabric_msp_type) return fail(errc::unsupported, where + ": MSP type " + std::to_string(config.type()) + " is not offered");
  ::msp::FabricMSPConfig definition;
  if (!proto::decode(config.config(), definition)) return fail(errc::invalid_argument, where + ": config is no FabricMSPConfig");
  if (definition.name().empty()) return fail(errc::invalid_argument, where + ": MSP for org " + std::string(path.substr(path.rfind('/') + 1)) + " has empty MSP ID");
  const auto [known, fresh] = definitions_.try_emplace(definition.name(), config.config());
  if (!fresh && known->second != config.config())
    return fail(errc::invalid_argument, where + ": Attempted to define two different versions of MSP: " + definition.name());
  if (fresh) {
    auto made = crypto::msp::create(definition, level_);
    if (!made) return fail(within(where + ": setting up the MSP manager failed", std::move(made).error()));
    msps_.push_back(*std::move(made));
  }
  return definition.name();
}

result<std::vector<channel_org>> read_orgs(const ::common::ConfigGroup& parent, std::string_view path, org_kind kind, const capabilities& caps,
                                           msp_collector& msps) {
  std::vector<channel_org> orgs;
  std::map<std::string, std::string> group_of;  // MSP id → group
  for (const std::string& name : names_of(parent)) {
    const std::string where = std::string(path) + "/" + name;
    WEFT_TRY(channel_org org, read_org(parent.groups().at(name), name, where, kind, caps, msps));
    const auto [other, fresh] = group_of.try_emplace(org.msp_id, name);
    if (!fresh) return fail(errc::invalid_argument, where + ": MSP id " + org.msp_id + " is that of " + other->second + " already");
    orgs.push_back(std::move(org));
  }
  return orgs;
}

}  // namespace weft::ledger
