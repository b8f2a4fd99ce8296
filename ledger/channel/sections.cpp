#include "ledger/channel/sections.hpp"

#include <algorithm>
#include <limits>
#include <set>

#include "common/configtx.pb.h"
#include "common/configuration.pb.h"
#include "ledger/channel/consensus_metadata.hpp"
#include "ledger/channel/duration.hpp"
#include "orderer/configuration.pb.h"
#include "peer/configuration.pb.h"
#include "proto/encode.hpp"

namespace weft::ledger {
namespace {

constexpr std::string_view consensus_types[] = {"solo", "kafka", "etcdraft", "BFT"};

tl::unexpected<error> bad_section(std::string_view path, const std::string& why) { return fail(errc::invalid_argument, std::string(path) + ": " + why); }

/// Values of /Channel itself.
result<void> check_channel_values(const ::common::ConfigGroup& channel, const capabilities& caps) {
  constexpr std::string_view path = "/Channel";
  WEFT_CHECK(check_value_names(channel, path, {"HashingAlgorithm", "BlockDataHashingStructure", "OrdererAddresses", "Capabilities", "Consortium"}));
  ::common::HashingAlgorithm hashing;
  WEFT_CHECK(read_value(channel, path, "HashingAlgorithm", hashing));
  if (hashing.name() != "SHA256" && hashing.name() != "SHA3_256")
    return bad_section("/Channel/HashingAlgorithm", "Unknown hashing algorithm type: " + hashing.name());
  ::common::BlockDataHashingStructure structure;
  WEFT_CHECK(read_value(channel, path, "BlockDataHashingStructure", structure));
  if (structure.width() != std::numeric_limits<std::uint32_t>::max())
    return bad_section("/Channel/BlockDataHashingStructure", "BlockDataHashStructure width only supported at MaxUint32 in this version");
  ::common::OrdererAddresses addresses;
  WEFT_CHECK(read_value(channel, path, "OrdererAddresses", addresses));
  if (!caps.channel_v1_4_2 && addresses.addresses().empty()) return bad_section("/Channel/OrdererAddresses", "Must set some OrdererAddresses");
  ::common::Consortium consortium;
  return read_value(channel, path, "Consortium", consortium);
}

result<void> read_batching(const ::common::ConfigGroup& orderer, std::string_view path, batch_limits& out) {
  ::orderer::BatchSize size;
  WEFT_CHECK(read_value(orderer, path, "BatchSize", size));
  const std::string where = std::string(path) + "/BatchSize", invalid = "Attempted to set the batch size ";
  if (size.max_message_count() == 0) return bad_section(where, invalid + "max message count to an invalid value: 0");
  if (size.absolute_max_bytes() == 0) return bad_section(where, invalid + "absolute max bytes to an invalid value: 0");
  if (size.preferred_max_bytes() == 0) return bad_section(where, invalid + "preferred max bytes to an invalid value: 0");
  if (size.preferred_max_bytes() > size.absolute_max_bytes())
    return bad_section(where, invalid + "preferred max bytes (" + std::to_string(size.preferred_max_bytes()) + ") greater than the absolute max bytes (" +
                          std::to_string(size.absolute_max_bytes()) + ").");
  ::orderer::BatchTimeout timeout;
  WEFT_CHECK(read_value(orderer, path, "BatchTimeout", timeout));
  const auto parsed = parse_duration(timeout.timeout());
  if (!parsed) return bad_section(std::string(path) + "/BatchTimeout", "Attempted to set the batch timeout to a invalid value: " + parsed.error().context);
  if (parsed->count() <= 0)
    return bad_section(std::string(path) + "/BatchTimeout", "Attempted to set the batch timeout to a non-positive value: " + timeout.timeout());
  out = {size.max_message_count(), size.absolute_max_bytes(), size.preferred_max_bytes(), std::chrono::ceil<std::chrono::milliseconds>(*parsed)};
  return {};
}

result<void> read_consenters(const ::common::ConfigGroup& orderer, std::string_view path, std::vector<bft_consenter>& out) {
  ::common::Orderers orderers;
  WEFT_CHECK(read_value(orderer, path, "Orderers", orderers));
  std::set<std::uint32_t> seen;
  for (const auto& c : orderers.consenter_mapping()) {
    const std::string who = "consenter " + std::to_string(c.id());
    if (!seen.insert(c.id()).second) return bad_section(std::string(path) + "/Orderers", who + " is listed twice");
    if (c.identity().empty() || c.msp_id().empty()) return bad_section(std::string(path) + "/Orderers", who + " has no identity");
    out.push_back({c.id(), c.host(), c.msp_id(), c.port(), c.identity(), c.client_tls_cert(), c.server_tls_cert()});
  }
  return {};
}

result<void> read_consensus(const ::common::ConfigGroup& orderer, std::string_view path, channel_sections& out) {
  ::orderer::ConsensusType consensus;
  WEFT_CHECK(read_value(orderer, path, "ConsensusType", consensus));
  const std::string where = std::string(path) + "/ConsensusType";
  if (std::find(std::begin(consensus_types), std::end(consensus_types), consensus.type()) == std::end(consensus_types))
    out.consensus_fault = error{errc::unsupported, "consensus type '" + consensus.type() + "' is not offered"};
  if (!::orderer::ConsensusType::State_IsValid(consensus.state())) return bad_section(where, "state is neither NORMAL nor MAINTENANCE");
  out.consensus_type = consensus.type();
  out.consensus_metadata = consensus.metadata();
  out.maintenance = consensus.state() == ::orderer::ConsensusType::STATE_MAINTENANCE;
  if (out.consensus_type == "etcdraft") {
    if (auto raft = read_raft_metadata(out.consensus_metadata)) out.raft = std::move(*raft);
    else out.consensus_fault = std::move(raft).error();
  }
  WEFT_CHECK(read_consenters(orderer, path, out.consenters));
  if (out.consensus_type != "BFT") return {};
  if (!out.caps.channel_v3_0) return bad_section(where, "BFT needs the channel capability V3_0");
  if (out.consenters.empty()) return bad_section(std::string(path) + "/Orderers", "BFT needs consenters");
  return {};
}

result<void> read_orderer(const ::common::ConfigGroup& orderer, channel_sections& out, msp_collector& msps) {
  constexpr std::string_view path = "/Channel/Orderer";
  out.has_orderer = true;
  WEFT_CHECK(check_value_names(orderer, path,
                               {"ConsensusType", "BatchSize", "BatchTimeout", "ChannelRestrictions", "KafkaBrokers", "Orderers", "Capabilities"}));
  WEFT_CHECK(read_batching(orderer, path, out.batching));
  WEFT_CHECK(read_consensus(orderer, path, out));
  ::orderer::ChannelRestrictions restrictions;
  WEFT_CHECK(read_value(orderer, path, "ChannelRestrictions", restrictions));
  ::orderer::KafkaBrokers brokers;
  WEFT_CHECK(read_value(orderer, path, "KafkaBrokers", brokers));
  WEFT_TRY(out.orderers, read_orgs(orderer, path, org_kind::orderer, out.caps, msps));
  if (!out.caps.channel_v3_0) return {};
  for (const channel_org& org : out.orderers)
    if (org.endpoints.empty())
      return bad_section(std::string(path) + "/" + org.group + "/Endpoints", "some orderer organizations endpoints are empty: [" + org.group + "]");
  return {};
}

/// "Readers" is short for /Channel/Application/Readers; an empty reference leaves the default in force.
result<void> read_acls(const ::common::ConfigGroup& application, std::string_view path, channel_sections& out) {
  if (!application.values().contains("ACLs")) return {};
  if (!out.caps.acls) return bad_section(std::string(path) + "/ACLs", "ACLs may not be specified without the required capability");
  ::protos::ACLs acls;
  WEFT_CHECK(read_value(application, path, "ACLs", acls));
  for (const auto& [resource, api] : acls.acls()) {
    const std::string& policy = api.policy_ref();
    if (!policy.empty()) out.acls[resource] = policy.starts_with('/') ? policy : std::string(path) + "/" + policy;
  }
  return {};
}

result<void> read_application(const ::common::ConfigGroup& application, channel_sections& out, msp_collector& msps) {
  constexpr std::string_view path = "/Channel/Application";
  out.has_application = true;
  WEFT_CHECK(check_value_names(application, path, {"ACLs", "Capabilities"}));
  WEFT_CHECK(read_acls(application, path, out));
  WEFT_TRY(out.application, read_orgs(application, path, org_kind::application, out.caps, msps));
  return {};
}

/// Only a system channel has consortiums. Their organizations may sign channel creations, so their MSPs count.
result<void> read_consortiums(const ::common::ConfigGroup& consortiums, channel_sections& out, msp_collector& msps) {
  constexpr std::string_view path = "/Channel/Consortiums";
  out.has_consortiums = true;
  WEFT_CHECK(check_value_names(consortiums, path, {}));
  for (const auto& [name, group] : consortiums.groups()) {
    const std::string where = std::string(path) + "/" + name;
    WEFT_CHECK(check_value_names(group, where, {"ChannelCreationPolicy"}));
    WEFT_TRY(const auto unused, read_orgs(group, where, org_kind::consortium, out.caps, msps));
  }
  return {};
}

}  // namespace

result<void> read_value(const ::common::ConfigGroup& group, std::string_view path, const std::string& name, google::protobuf::MessageLite& message) {
  message.Clear();
  const auto found = group.values().find(name);
  if (found == group.values().end() || proto::decode(found->second.value(), message)) return {};
  return fail(errc::invalid_argument, std::string(path) + "/" + name + ": the value does not parse");
}

result<void> check_value_names(const ::common::ConfigGroup& group, std::string_view path, std::initializer_list<std::string_view> allowed) {
  for (const auto& [name, unused] : group.values())
    if (std::find(allowed.begin(), allowed.end(), name) == allowed.end())
      return fail(errc::invalid_argument, std::string(path) + "/" + name + ": Unexpected key " + name);
  return {};
}

result<channel_sections> read_sections(const ::common::ConfigGroup& channel) {
  channel_sections out;
  WEFT_TRY(out.caps, read_capabilities(channel));
  WEFT_CHECK(check_channel_values(channel, out.caps));
  for (const auto& [name, unused] : channel.groups())
    if (name != "Orderer" && name != "Application" && name != "Consortiums") return bad_section("/Channel/" + name, "Disallowed channel group: " + name);
  msp_collector msps(out.caps.msp);
  const auto& groups = channel.groups();  // read in a fixed order, so that of two faults always the same is reported
  if (const auto found = groups.find("Orderer"); found != groups.end()) WEFT_CHECK(read_orderer(found->second, out, msps));
  if (const auto found = groups.find("Application"); found != groups.end()) WEFT_CHECK(read_application(found->second, out, msps));
  if (const auto found = groups.find("Consortiums"); found != groups.end()) WEFT_CHECK(read_consortiums(found->second, out, msps));
  out.msps = msps.take();
  return out;
}

}  // namespace weft::ledger
