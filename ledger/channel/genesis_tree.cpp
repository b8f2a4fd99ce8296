#include "ledger/channel/genesis_tree.hpp"

#include <limits>

#include "common/configtx.pb.h"
#include "common/configuration.pb.h"
#include "common/policies.pb.h"
#include "ledger/channel/duration.hpp"
#include "msp/msp_config.pb.h"
#include "msp/msp_principal.pb.h"
#include "orderer/configuration.pb.h"
#include "peer/configuration.pb.h"
#include "proto/encode.hpp"

namespace weft::ledger {
namespace {

using group = ::common::ConfigGroup;

constexpr const char* admins = "Admins";
constexpr const char* orderer_admins = "/Channel/Orderer/Admins";  ///< Guards what is the orderers' business outside of their group.

void put_value(group& g, const char* name, const google::protobuf::MessageLite& message, const char* guard = admins) {
  ::common::ConfigValue& value = (*g.mutable_values())[name];
  value.set_value(proto::encode(message));
  value.set_mod_policy(guard);
}

void put_policy(group& g, const std::string& name, int type, const google::protobuf::MessageLite& message, const char* guard = admins) {
  ::common::ConfigPolicy& policy = (*g.mutable_policies())[name];
  policy.mutable_policy()->set_type(type);
  policy.mutable_policy()->set_value(proto::encode(message));
  policy.set_mod_policy(guard);
}

result<void> put_text(group& g, const policy_text& text) {
  if (text.type == "Signature") {
    WEFT_TRY(const ::common::SignaturePolicyEnvelope signature, crypto::parse_policy(text.rule));
    put_policy(g, text.name, ::common::Policy::SIGNATURE, signature);
    return {};
  }
  if (text.type != "ImplicitMeta") return fail(errc::invalid_argument, "policy type '" + text.type + "' is neither Signature nor ImplicitMeta");
  WEFT_TRY(const auto parsed, crypto::parse_implicit_meta(text.rule));
  ::common::ImplicitMetaPolicy meta;
  meta.set_sub_policy(parsed.second);
  meta.set_rule(parsed.first == crypto::meta_rule::any   ? ::common::ImplicitMetaPolicy::ANY
                : parsed.first == crypto::meta_rule::all ? ::common::ImplicitMetaPolicy::ALL
                                                         : ::common::ImplicitMetaPolicy::MAJORITY);
  put_policy(g, text.name, ::common::Policy::IMPLICIT_META, meta);
  return {};
}

result<void> put_policies(group& g, const std::string& path, const std::vector<policy_text>& given, const std::vector<policy_text>& usual) {
  for (const policy_text& text : given.empty() ? usual : given) {
    if (auto ok = put_text(g, text); !ok) return fail(within(path + "/" + text.name, std::move(ok).error()));
  }
  return {};
}

void put_capabilities(group& g, const std::vector<std::string>& names) {
  if (names.empty()) return;
  ::common::Capabilities capabilities;
  for (const std::string& name : names) (*capabilities.mutable_capabilities())[name];
  put_value(g, "Capabilities", capabilities);
}

std::vector<policy_text> usual_group_policies(std::initializer_list<policy_text> more) {
  std::vector<policy_text> all{
      {"Readers", "ImplicitMeta", "ANY Readers"}, {"Writers", "ImplicitMeta", "ANY Writers"}, {"Admins", "ImplicitMeta", "MAJORITY Admins"}};
  all.insert(all.end(), more);
  return all;
}

/// `OR('Org1MSP.admin', 'Org1MSP.peer')`
policy_text any_of(const char* name, const std::string& msp_id, std::initializer_list<const char*> roles) {
  std::string rule;
  for (const char* role : roles) rule += (rule.empty() ? "OR('" : ", '") + msp_id + "." + role + "'";
  return {name, "Signature", rule + ")"};
}

std::vector<policy_text> usual_peer_policies(const std::string& msp_id) {
  return {any_of("Readers", msp_id, {"admin", "peer", "client"}), any_of("Writers", msp_id, {"admin", "client"}), any_of("Admins", msp_id, {"admin"}),
          any_of("Endorsement", msp_id, {"peer"})};
}

std::vector<policy_text> usual_orderer_policies(const std::string& msp_id) {
  return {any_of("Readers", msp_id, {"member"}), any_of("Writers", msp_id, {"member"}), any_of("Admins", msp_id, {"admin"})};
}

enum class org_place : std::uint8_t { application, orderer, consortium };

/// What organizations everywhere have: MSP and policies.
result<group> make_org(const genesis_org& org, const std::string& path, org_place place) {
  group g;
  g.set_mod_policy(admins);
  if (org.foreign) return g;
  if (!org.msp) return fail(errc::invalid_argument, path + ": the organization has no MSP");
  ::msp::MSPConfig config;
  config.set_config(proto::encode(*org.msp));
  put_value(g, "MSP", config);
  const auto usual = place == org_place::orderer ? usual_orderer_policies(org.msp->name()) : usual_peer_policies(org.msp->name());
  WEFT_CHECK(put_policies(g, path, org.policies, usual));
  return g;
}

void put_endpoints(group& g, const genesis_org& org) {
  if (org.endpoints.empty()) return;
  ::common::OrdererAddresses endpoints;
  endpoints.mutable_addresses()->Assign(org.endpoints.begin(), org.endpoints.end());
  put_value(g, "Endpoints", endpoints);
}

void put_anchor_peers(group& g, const genesis_org& org) {
  if (org.anchor_peers.empty()) return;
  ::protos::AnchorPeers anchors;
  for (const auto& [host, port] : org.anchor_peers) {
    ::protos::AnchorPeer& peer = *anchors.add_anchor_peers();
    peer.set_host(host);
    peer.set_port(port);
  }
  put_value(g, "AnchorPeers", anchors);
}

result<void> put_orgs(group& parent, const std::string& path, const std::vector<genesis_org>& orgs, org_place place) {
  for (const genesis_org& org : orgs) {
    const std::string where = path + "/" + org.name;
    if (parent.groups().contains(org.name)) return fail(errc::invalid_argument, where + ": two organizations of that name");
    WEFT_TRY(group g, make_org(org, where, place));
    if (place == org_place::orderer && !org.foreign) put_endpoints(g, org);
    if (place == org_place::application && !org.foreign) put_anchor_peers(g, org);
    (*parent.mutable_groups())[org.name] = std::move(g);
  }
  return {};
}

void put_batching(group& g, const batch_limits& limits, std::uint64_t max_channels) {
  ::orderer::BatchSize size;
  size.set_max_message_count(limits.max_message_count);
  size.set_absolute_max_bytes(limits.absolute_max_bytes);
  size.set_preferred_max_bytes(limits.preferred_max_bytes);
  put_value(g, "BatchSize", size);
  ::orderer::BatchTimeout timeout;
  timeout.set_timeout(format_duration(limits.timeout));
  put_value(g, "BatchTimeout", timeout);
  ::orderer::ChannelRestrictions restrictions;
  restrictions.set_max_count(max_channels);
  put_value(g, "ChannelRestrictions", restrictions);
}

void put_brokers(group& g, const genesis_request& request) {
  if (request.consensus_type != "kafka") return;
  ::orderer::KafkaBrokers brokers;
  brokers.mutable_brokers()->Assign(request.kafka_brokers.begin(), request.kafka_brokers.end());
  put_value(g, "KafkaBrokers", brokers);
}

/// The consenters, and the policy that a quorum of exactly their certificates signs a block.
void put_consenters(group& g, const std::vector<bft_consenter>& consenters) {
  ::common::Orderers orderers;
  ::common::SignaturePolicyEnvelope validation;
  auto& quorum = *validation.mutable_rule()->mutable_n_out_of();
  quorum.set_n(static_cast<std::int32_t>(bft_quorum(consenters.size())));
  for (const bft_consenter& c : consenters) {
    ::common::Consenter& listed = *orderers.add_consenter_mapping();
    listed.set_id(c.id);
    listed.set_host(c.host);
    listed.set_port(c.port);
    listed.set_msp_id(c.msp_id);
    listed.set_identity(c.identity);
    listed.set_client_tls_cert(c.client_tls_cert);
    listed.set_server_tls_cert(c.server_tls_cert);
    quorum.add_rules()->set_signed_by(validation.identities_size());
    ::common::MSPPrincipal& principal = *validation.add_identities();
    principal.set_principal_classification(::common::MSPPrincipal::IDENTITY);
    principal.set_principal(crypto::serialize_identity(c.msp_id, c.identity));
  }
  put_value(g, "Orderers", orderers);
  put_policy(g, "BlockValidation", ::common::Policy::SIGNATURE, validation);
}

result<group> make_orderer_group(const genesis_request& request) {
  const std::string path = "/Channel/Orderer";
  group g;
  g.set_mod_policy(admins);
  ::orderer::ConsensusType consensus;
  consensus.set_type(request.consensus_type);
  consensus.set_metadata(request.consensus_metadata);
  put_value(g, "ConsensusType", consensus);
  put_batching(g, request.batching, request.max_channels);
  put_brokers(g, request);
  put_capabilities(g, request.orderer_capabilities);
  WEFT_CHECK(put_policies(g, path, request.orderer_policies, usual_group_policies({{"BlockValidation", "ImplicitMeta", "ANY Writers"}})));
  if (!g.policies().contains("BlockValidation")) return fail(errc::invalid_argument, path + ": the policy BlockValidation is missing");
  if (request.consensus_type == "BFT") put_consenters(g, request.consenters);
  WEFT_CHECK(put_orgs(g, path, request.orderers, org_place::orderer));
  return g;
}

result<group> make_application_group(const genesis_request& request) {
  const std::string path = "/Channel/Application";
  group g;
  g.set_mod_policy(admins);
  put_capabilities(g, request.application_capabilities);
  if (!request.acls.empty()) {
    ::protos::ACLs acls;
    for (const auto& [resource, policy] : request.acls) (*acls.mutable_acls())[resource].set_policy_ref(policy);
    put_value(g, "ACLs", acls);
  }
  const auto usual =
      usual_group_policies({{"Endorsement", "ImplicitMeta", "MAJORITY Endorsement"}, {"LifecycleEndorsement", "ImplicitMeta", "MAJORITY Endorsement"}});
  WEFT_CHECK(put_policies(g, path, request.application_policies, usual));
  WEFT_CHECK(put_orgs(g, path, request.application, org_place::application));
  return g;
}

/// Channels of a system channel: every consortium with its organizations. All of it is the orderers' business.
result<group> make_consortiums_group(const std::vector<genesis_consortium>& consortiums) {
  const std::string path = "/Channel/Consortiums";
  group g;
  g.set_mod_policy(orderer_admins);
  ::common::SignaturePolicyEnvelope anybody;  // only so that /Channel's implicit policies find one here
  anybody.mutable_rule()->mutable_n_out_of()->set_n(0);
  put_policy(g, admins, ::common::Policy::SIGNATURE, anybody, orderer_admins);
  for (const genesis_consortium& consortium : consortiums) {
    const std::string where = path + "/" + consortium.name;
    if (g.groups().contains(consortium.name)) return fail(errc::invalid_argument, where + ": two consortiums of that name");
    group& made = (*g.mutable_groups())[consortium.name];
    made.set_mod_policy(orderer_admins);
    ::common::ImplicitMetaPolicy any_admins;
    any_admins.set_sub_policy(admins);
    ::common::Policy creation;
    creation.set_type(::common::Policy::IMPLICIT_META);
    creation.set_value(proto::encode(any_admins));
    put_value(made, "ChannelCreationPolicy", creation, orderer_admins);
    WEFT_CHECK(put_orgs(made, where, consortium.orgs, org_place::consortium));
  }
  return g;
}

/// Values of the channel itself, other than its capabilities.
void put_channel_values(group& g, const genesis_request& request) {
  ::common::HashingAlgorithm hashing;
  hashing.set_name("SHA256");
  put_value(g, "HashingAlgorithm", hashing);
  ::common::BlockDataHashingStructure structure;
  structure.set_width(std::numeric_limits<std::uint32_t>::max());
  put_value(g, "BlockDataHashingStructure", structure);
  if (request.has_orderer && !request.orderer_addresses.empty()) {
    ::common::OrdererAddresses addresses;
    addresses.mutable_addresses()->Assign(request.orderer_addresses.begin(), request.orderer_addresses.end());
    put_value(g, "OrdererAddresses", addresses, orderer_admins);
  }
  if (request.consortium.empty()) return;
  ::common::Consortium consortium;
  consortium.set_name(request.consortium);
  put_value(g, "Consortium", consortium);
}

}  // namespace

std::size_t bft_quorum(std::size_t n) {
  const std::size_t faulty = n == 0 ? 0 : (n - 1) / 3;
  return (n + faulty + 2) / 2;
}

result<::common::ConfigGroup> make_org_group(const genesis_org& org) {
  WEFT_TRY(group g, make_org(org, org.name, org_place::orderer));
  if (!org.foreign) put_endpoints(g, org);
  return g;
}

result<::common::ConfigGroup> make_channel_group(const genesis_request& request) {
  group g;
  g.set_mod_policy(admins);
  put_channel_values(g, request);
  put_capabilities(g, request.channel_capabilities);
  WEFT_CHECK(put_policies(g, "/Channel", request.channel_policies, usual_group_policies({})));
  if (request.has_orderer) {
    WEFT_TRY((*g.mutable_groups())["Orderer"], make_orderer_group(request));
  }
  if (request.has_application) {
    WEFT_TRY((*g.mutable_groups())["Application"], make_application_group(request));
  }
  if (request.consortiums) {
    WEFT_TRY((*g.mutable_groups())["Consortiums"], make_consortiums_group(*request.consortiums));
  }
  return g;
}

}  // namespace weft::ledger
