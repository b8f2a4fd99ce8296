#include "ledger/json/places.hpp"

#include <algorithm>
#include <array>
#include <unordered_map>
#include <unordered_set>

#include "common/common.pb.h"
#include "common/policies.pb.h"
#include "msp/msp_config.pb.h"
#include "msp/msp_principal.pb.h"
#include "orderer/configuration.pb.h"
#include "proto/encode.hpp"

namespace weft::ledger::json {

namespace {

const pb::Descriptor* type_named(std::string_view name) {
  return pb::DescriptorPool::generated_pool()->FindMessageTypeByName(std::string(name));
}

/// A field whose place or content is not what its type says. `content` is set for `fixed` fields.
struct rule {
  const char* message;
  const char* field;
  opening how;
  const char* content = nullptr;
};

constexpr auto rules = std::to_array<rule>({
    {"common.BlockData", "data", opening::fixed, "common.Envelope"},
    {"common.Envelope", "payload", opening::fixed, "common.Payload"},
    {"common.Payload", "data", opening::variable},
    {"common.Header", "channel_header", opening::fixed, "common.ChannelHeader"},
    {"common.Header", "signature_header", opening::fixed, "common.SignatureHeader"},
    {"common.ChannelHeader", "extension", opening::variable},
    {"common.SignatureHeader", "creator", opening::fixed, "msp.SerializedIdentity"},
    {"common.Config", "channel_group", opening::dynamic},
    {"common.ConfigUpdateEnvelope", "config_update", opening::fixed, "common.ConfigUpdate"},
    {"common.ConfigSignature", "signature_header", opening::fixed, "common.SignatureHeader"},
    {"common.ConfigUpdate", "read_set", opening::dynamic},
    {"common.ConfigUpdate", "write_set", opening::dynamic},
    {"common.ConfigUpdate", "isolated_data", opening::variable},
    {"common.Policy", "value", opening::variable},
    {"common.MSPPrincipal", "principal", opening::variable},
    {"msp.MSPConfig", "config", opening::variable},
    {"orderer.ConsensusType", "metadata", opening::variable},
    {"protos.TransactionAction", "header", opening::fixed, "common.SignatureHeader"},
    {"protos.TransactionAction", "payload", opening::fixed, "protos.ChaincodeActionPayload"},
    {"protos.ChaincodeActionPayload", "chaincode_proposal_payload", opening::fixed, "protos.ChaincodeProposalPayload"},
    {"protos.ChaincodeEndorsedAction", "proposal_response_payload", opening::fixed, "protos.ProposalResponsePayload"},
    {"protos.ProposalResponsePayload", "extension", opening::fixed, "protos.ChaincodeAction"},
    {"protos.ChaincodeAction", "results", opening::fixed, "rwset.TxReadWriteSet"},
    {"protos.ChaincodeAction", "events", opening::fixed, "protos.ChaincodeEvent"},
    {"protos.ChaincodeProposalPayload", "input", opening::fixed, "protos.ChaincodeInvocationSpec"},
    {"rwset.TxReadWriteSet", "ns_rwset", opening::dynamic},
});

struct rule_index {
  std::unordered_map<const pb::FieldDescriptor*, const rule*> by_field;
  std::unordered_map<const pb::FieldDescriptor*, const pb::Descriptor*> content;
  std::unordered_set<const pb::Descriptor*> decorated;  ///< Messages with a rule: Fabric's errors name another type for them.
  std::size_t broken = 0;
};

const rule_index& index() {
  static const rule_index built = [] {
    rule_index out;
    for (const auto& r : rules) {
      const auto* type = type_named(r.message);
      const auto* field = type ? type->FindFieldByName(r.field) : nullptr;
      const auto* content = r.content ? type_named(r.content) : nullptr;
      if (!field || (r.content && !content)) {
        ++out.broken;
        continue;
      }
      out.by_field.emplace(field, &r);
      if (content) out.content.emplace(field, content);
      out.decorated.insert(type);
    }
    return out;
  }();
  return built;
}

/// What a value of a configuration holds.
struct value_rule {
  config_level level;
  const char* name;
  const char* content;
};

constexpr auto value_rules = std::to_array<value_rule>({
    {config_level::channel, "HashingAlgorithm", "common.HashingAlgorithm"},
    {config_level::channel, "BlockDataHashingStructure", "common.BlockDataHashingStructure"},
    {config_level::channel, "OrdererAddresses", "common.OrdererAddresses"},
    {config_level::channel, "Consortium", "common.Consortium"},
    {config_level::channel, "Capabilities", "common.Capabilities"},
    {config_level::orderer, "ConsensusType", "orderer.ConsensusType"},
    {config_level::orderer, "BatchSize", "orderer.BatchSize"},
    {config_level::orderer, "BatchTimeout", "orderer.BatchTimeout"},
    {config_level::orderer, "KafkaBrokers", "orderer.KafkaBrokers"},
    {config_level::orderer, "ChannelRestrictions", "orderer.ChannelRestrictions"},
    {config_level::orderer, "Capabilities", "common.Capabilities"},
    {config_level::orderer, "Orderers", "common.Orderers"},
    {config_level::orderer_org, "MSP", "msp.MSPConfig"},
    {config_level::orderer_org, "Endpoints", "common.OrdererAddresses"},
    {config_level::application, "Capabilities", "common.Capabilities"},
    {config_level::application, "ACLs", "protos.ACLs"},
    {config_level::application_org, "MSP", "msp.MSPConfig"},
    {config_level::application_org, "AnchorPeers", "protos.AnchorPeers"},
    {config_level::consortium, "ChannelCreationPolicy", "common.Policy"},
    {config_level::consortium_org, "MSP", "msp.MSPConfig"},
});

/// What Fabric says and calls things at one level; an empty text means that the case does not arise.
struct level_rule {
  config_level level;
  config_level below;            ///< Level of its groups; `none`: it has none, or they are told apart by name.
  const char* group_type;        ///< As errors name it.
  const char* value_type;
  const char* unknown_value;     ///< Followed by the name.
  const char* no_groups;
};

using cl = config_level;
constexpr auto levels = std::to_array<level_rule>({
    {cl::channel, cl::none, "*commonext.DynamicChannelGroup", "*commonext.DynamicChannelConfigValue", "unknown Channel ConfigValue name: ", ""},
    {cl::orderer, cl::orderer_org, "*ordererext.DynamicOrdererGroup", "*ordererext.DynamicOrdererConfigValue", "unknown Orderer ConfigValue name: ", ""},
    {cl::orderer_org, cl::none, "*ordererext.DynamicOrdererOrgGroup", "*ordererext.DynamicOrdererOrgConfigValue",
     "unknown Orderer Org ConfigValue name: ", "the orderer orgs do not support sub-groups"},
    {cl::application, cl::application_org, "*peerext.DynamicApplicationGroup", "*peerext.DynamicApplicationConfigValue",
     "Unknown Application ConfigValue name: ", ""},
    {cl::application_org, cl::none, "*peerext.DynamicApplicationOrgGroup", "*peerext.DynamicApplicationOrgConfigValue",
     "Unknown Application Org ConfigValue name: ", "The application orgs do not support sub-groups"},
    {cl::consortiums, cl::consortium, "*commonext.DynamicConsortiumsGroup", "", "Consortiums currently support no config values", ""},
    {cl::consortium, cl::consortium_org, "*commonext.DynamicConsortiumGroup", "*commonext.DynamicConsortiumConfigValue",
     "unknown Consortium ConfigValue name: ", ""},
    {cl::consortium_org, cl::none, "*commonext.DynamicConsortiumOrgGroup", "*commonext.DynamicConsortiumOrgConfigValue",
     "unknown Consortium Org ConfigValue name: ", "ConsortiumOrg groups do not support sub groups"},
});

const level_rule& at_level(config_level level) {
  for (const auto& l : levels) {
    if (l.level == level) return l;
  }
  return levels.front();
}


result<const pb::Descriptor*> named(std::string_view name) {
  if (const auto* type = type_named(name)) return type;
  return fail(errc::internal, "message type " + std::string(name) + " is not linked");
}

result<const pb::Descriptor*> value_content(const place& at) {
  for (const auto& v : value_rules) {
    if (v.level == at.level && at.key == v.name) return named(v.content);
  }
  return invalid(at_level(at.level).unknown_value + at.key);
}

result<const pb::Descriptor*> payload_content(const ::common::Payload& payload) {
  if (!payload.has_header()) return invalid("cannot determine payload type when header is missing");
  ::common::ChannelHeader header;
  if (!proto::decode(payload.header().channel_header(), header)) return invalid("corrupt channel header: proto: cannot parse invalid wire-format data");
  switch (header.type()) {
    case ::common::CONFIG: return named("common.ConfigEnvelope");
    case ::common::ORDERER_TRANSACTION: return named("common.Envelope");
    case ::common::CONFIG_UPDATE: return named("common.ConfigUpdateEnvelope");
    case ::common::MESSAGE: return named("common.ConfigValue");
    case ::common::ENDORSER_TRANSACTION: return named("protos.Transaction");
    default: return invalid("decoding type " + std::to_string(header.type()) + " is unimplemented");
  }
}

/// Content that depends on other fields of the holder.
result<const pb::Descriptor*> variable_content(const pb::Message& holder, std::string_view key) {
  if (const auto* payload = dynamic_cast<const ::common::Payload*>(&holder)) return payload_content(*payload);
  if (const auto* header = dynamic_cast<const ::common::ChannelHeader*>(&holder)) {
    if (header->type() == ::common::ENDORSER_TRANSACTION) return named("protos.ChaincodeHeaderExtension");
    return invalid("channel header extension only valid for endorser transactions");
  }
  if (const auto* policy = dynamic_cast<const ::common::Policy*>(&holder)) {
    if (policy->type() == ::common::Policy::SIGNATURE) return named("common.SignaturePolicyEnvelope");
    if (policy->type() == ::common::Policy::IMPLICIT_META) return named("common.ImplicitMetaPolicy");
    return invalid("unable to decode policy type: " + std::to_string(policy->type()));
  }
  if (const auto* principal = dynamic_cast<const ::common::MSPPrincipal*>(&holder)) {
    const auto kind = principal->principal_classification();
    if (kind == ::common::MSPPrincipal::ROLE) return named("common.MSPRole");
    if (kind == ::common::MSPPrincipal::ORGANIZATION_UNIT) return named("common.OrganizationUnit");
    if (kind == ::common::MSPPrincipal::IDENTITY) return named("msp.SerializedIdentity");
    const auto& name = ::common::MSPPrincipal::Classification_Name(kind);
    return invalid("unable to decode MSP type: " + (name.empty() ? std::to_string(kind) : name));
  }
  if (const auto* msp = dynamic_cast<const ::msp::MSPConfig*>(&holder)) {
    if (msp->type() == 0) return named("msp.FabricMSPConfig");
    if (msp->type() == 1) return named("msp.IdemixMSPConfig");
    return invalid("unable to decode MSP type: " + std::to_string(msp->type()));
  }
  if (const auto* consensus = dynamic_cast<const ::orderer::ConsensusType*>(&holder)) {
    if (consensus->type() == "etcdraft") return named("etcdraft.ConfigMetadata");
    if (consensus->type() == "BFT") return named("orderer.smartbft.Options");
    return named("google.protobuf.Empty");
  }
  return invalid("Unknown map key: " + std::string(key));  // ConfigUpdate.isolated_data: nothing is registered for it
}

}  // namespace

opening how(const place& at, const pb::FieldDescriptor& field) {
  if (at.what == place::kind::raw || field.real_containing_oneof()) return opening::plain;
  if (at.what == place::kind::group && (field.name() == "groups" || field.name() == "values")) return opening::dynamic;
  if (at.what == place::kind::value && field.name() == "value") {
    return at.level == config_level::consortium ? opening::variable : opening::fixed;
  }
  if (at.what == place::kind::ns_rwset && field.name() == "rwset") return opening::fixed;
  if (at.what == place::kind::by_type) {
    const auto& rules_by_field = index().by_field;
    if (const auto found = rules_by_field.find(&field); found != rules_by_field.end()) return found->second->how;
  }
  const auto* element = &field;
  if (field.is_map()) {
    if (field.message_type()->map_key()->cpp_type() != pb::FieldDescriptor::CPPTYPE_STRING) return opening::plain;
    element = field.message_type()->map_value();
  }
  return element->cpp_type() == pb::FieldDescriptor::CPPTYPE_MESSAGE && !is_timestamp(*element) ? opening::nested : opening::plain;
}

result<const pb::Descriptor*> content(const place& at, const pb::Message& holder, const pb::FieldDescriptor& field, std::string_view key) {
  if (at.what == place::kind::value) return value_content(at);
  if (at.what == place::kind::ns_rwset) return named("kvrwset.KVRWSet");
  const auto& fixed = index().content;
  if (const auto found = fixed.find(&field); found != fixed.end()) return found->second;
  return variable_content(holder, key);
}

result<place> inside(const place& at, const pb::FieldDescriptor& field, std::string_view key) {
  using kind = place::kind;
  if (at.what == kind::group && field.name() == "values") {
    const auto& level = at_level(at.level);
    if (level.level == config_level::consortiums) return invalid(level.unknown_value);
    return place{kind::value, at.level, std::string(key)};
  }
  if (at.what == kind::group && field.name() == "groups") {
    const auto& level = at_level(at.level);
    if (level.below != config_level::none) return place{kind::group, level.below, {}};
    if (*level.no_groups) return invalid(level.no_groups);
    if (key == "Consortiums") return place{kind::group, config_level::consortiums, {}};
    if (key == "Orderer") return place{kind::group, config_level::orderer, {}};
    if (key == "Application") return place{kind::group, config_level::application, {}};
    return invalid("unknown channel group sub-group '" + std::string(key) + "'");
  }
  if (how(at, field) != opening::dynamic) return place{};
  return field.name() == "ns_rwset" ? place{kind::ns_rwset, config_level::none, {}} : place{kind::group, config_level::channel, {}};
}

std::string go_name(const place& at, const pb::Descriptor& type) {
  if (at.what == place::kind::group) return at_level(at.level).group_type;
  if (at.what == place::kind::value) return at_level(at.level).value_type;
  if (at.what == place::kind::ns_rwset) return "*rwsetext.DynamicNsReadWriteSet";
  // A Go package is the folder of the schema's file; a nested message carries the names around it, joined by underscores.
  std::string folder = type.file()->name();
  folder.resize(std::min(folder.size(), folder.rfind('/')));
  folder = folder.substr(folder.rfind('/') + 1);
  std::string name = type.full_name().substr(type.file()->package().empty() ? 0 : type.file()->package().size() + 1);
  std::replace(name.begin(), name.end(), '.', '_');
  const bool decorated = at.what == place::kind::by_type && index().decorated.contains(&type);
  return "*" + folder + (decorated ? "ext." : ".") + name;
}

std::size_t broken_rules() {
  std::size_t broken = index().broken;
  for (const auto& v : value_rules) broken += type_named(v.content) == nullptr;
  for (const char* name : {"common.ConfigEnvelope", "common.ConfigUpdateEnvelope", "common.ConfigValue", "protos.Transaction",
                           "protos.ChaincodeHeaderExtension", "common.SignaturePolicyEnvelope", "common.ImplicitMetaPolicy", "common.MSPRole",
                           "common.OrganizationUnit", "msp.FabricMSPConfig", "msp.IdemixMSPConfig", "etcdraft.ConfigMetadata",
                           "orderer.smartbft.Options", "google.protobuf.Empty", "kvrwset.KVRWSet"}) {
    broken += type_named(name) == nullptr;
  }
  return broken;
}

}  // namespace weft::ledger::json
