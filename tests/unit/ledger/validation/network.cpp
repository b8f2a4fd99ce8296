#include "tests/unit/ledger/validation/network.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>

#include "crypto/hash/sha256.hpp"
#include "crypto/policy/policy.hpp"
#include "ledger/channel/genesis.hpp"
#include "ledger/state/apply.hpp"
#include "msp/msp_config.pb.h"
#include "peer/chaincode.pb.h"
#include "peer/collection.pb.h"
#include "peer/lifecycle/chaincode_definition.pb.h"
#include "peer/lifecycle/db.pb.h"
#include "peer/policy.pb.h"
#include "proto/encode.hpp"

namespace weft::test {
namespace {

constexpr timestamp epoch{std::chrono::hours{24 * 365 * 55}};
constexpr auto year = std::chrono::hours{24 * 365};

struct root {
  crypto::private_key key;
  crypto::certificate cert;
  std::string msp_id, domain;
};

crypto::certificate issue(const crypto::certificate_request& request, const crypto::public_key& key,
                          const crypto::certificate* issuer, const crypto::private_key& issuer_key, random_source& random) {
  auto made = crypto::issue_certificate(request, key, issuer, issuer_key, crypto::nonce_rule::deterministic, random);
  REQUIRE_MESSAGE(made.has_value(), (made ? "" : made.error().context));
  return *made;
}

root make_root(const std::string& msp_id, const std::string& domain, random_source& random) {
  auto key = crypto::private_key::generate(random);
  crypto::certificate_request request{.common_name = "ca." + domain, .organization = domain};
  request.use = crypto::certificate_request::profile::ca;
  request.not_before = epoch;
  request.not_after = epoch + 10 * year;
  auto cert = issue(request, key.public_half(), nullptr, key, random);
  return {std::move(key), std::move(cert), msp_id, domain};
}

identity make_member(const root& ca, const std::string& name, const std::string& unit, random_source& random,
                     timestamp until = epoch + 10 * year) {
  const auto key = crypto::private_key::generate(random);
  crypto::certificate_request request{.common_name = name + "." + ca.domain, .organization = {}, .organizational_units = {unit}};
  request.not_before = epoch;
  request.not_after = until;
  auto cert = issue(request, key.public_half(), &ca.cert, ca.key, random);
  return std::make_shared<crypto::signing_identity>(ca.msp_id, cert, crypto::make_signer(key, crypto::nonce_rule::deterministic));
}

std::shared_ptr<const ::msp::FabricMSPConfig> make_config(const root& ca) {
  auto config = std::make_shared<::msp::FabricMSPConfig>();
  config->set_name(ca.msp_id);
  config->add_root_certs(ca.cert.to_pem());
  config->mutable_crypto_config()->set_signature_hash_family("SHA2");
  config->mutable_crypto_config()->set_identity_identifier_hash_function("SHA256");
  auto* units = config->mutable_fabric_node_ous();
  units->set_enable(true);
  units->mutable_client_ou_identifier()->set_organizational_unit_identifier("client");
  units->mutable_peer_ou_identifier()->set_organizational_unit_identifier("peer");
  units->mutable_admin_ou_identifier()->set_organizational_unit_identifier("admin");
  units->mutable_orderer_ou_identifier()->set_organizational_unit_identifier("orderer");
  return config;
}

template <class Hook, class Message>
void run(const Hook& hook, Message& message) {
  if (hook) hook(message);
}

bytes sign(const crypto::signing_identity& who, const bytes& message) {
  auto signature = who.sign(message);
  REQUIRE(signature.has_value());
  return *signature;
}

bytes sha256(const bytes& data) { return crypto::to_bytes(crypto::sha256(data)); }

/// The two headers, spoiled as asked; the transaction id follows from what the signature header finally says.
::common::Header make_headers(const tx_spec& spec) {
  ::common::SignatureHeader signature;
  signature.set_creator(spec.client->serialized());
  signature.set_nonce(spec.nonce);
  run(spec.signature_header, signature);
  ::protos::ChaincodeHeaderExtension extension;
  extension.mutable_chaincode_id()->set_name(spec.chaincode);
  ::common::ChannelHeader channel;
  channel.set_type(::common::ENDORSER_TRANSACTION);
  channel.set_channel_id(spec.channel);
  channel.set_tx_id(ledger::compute_txid(signature.nonce(), signature.creator()));
  channel.set_extension(proto::encode(extension));
  run(spec.channel_header, channel);
  ::common::Header header;
  header.set_channel_header(proto::encode(channel));
  header.set_signature_header(proto::encode(signature));
  return header;
}

::protos::ChaincodeAction make_action(const tx_spec& spec) {
  ::protos::ChaincodeAction action;
  action.set_results(spec.sets.encode());
  if (spec.event) action.set_events(*spec.event);
  action.mutable_response()->set_status(200);
  action.mutable_chaincode_id()->set_name(spec.chaincode);
  action.mutable_chaincode_id()->set_version(spec.version);
  run(spec.action, action);
  return action;
}

::protos::ChaincodeActionPayload make_action_payload(const tx_spec& spec, const ::common::Header& header) {
  ::protos::ChaincodeActionPayload out;
  ::protos::ChaincodeProposalPayload proposal;
  proposal.set_input("put a 1");
  out.set_chaincode_proposal_payload(proto::encode(proposal));
  ::protos::ProposalResponsePayload response;
  response.set_proposal_hash(sha256(header.channel_header() + header.signature_header() + out.chaincode_proposal_payload()));
  response.set_extension(proto::encode(make_action(spec)));
  run(spec.response, response);
  out.mutable_action()->set_proposal_response_payload(proto::encode(response));
  for (const auto& who : spec.endorsers) {
    auto* e = out.mutable_action()->add_endorsements();
    e->set_endorser(who->serialized());
    e->set_signature(sign(*who, out.action().proposal_response_payload() + who->serialized()));
  }
  run(spec.action_payload, out);
  return out;
}

}  // namespace

organization network::make_org(const std::string& msp_id, const std::string& domain) {
  const auto ca = make_root(msp_id, domain, *random_);
  organization org;
  org.msp_id = msp_id;
  org.config = make_config(ca);
  org.peer = make_member(ca, "peer0", msp_id == "OrdererMSP" ? "orderer" : "peer", *random_);
  org.second_peer = make_member(ca, "peer1", "peer", *random_);
  org.client = make_member(ca, "user1", "client", *random_);
  org.admin = make_member(ca, "admin", "admin", *random_);
  org.expired_client = make_member(ca, "user2", "client", *random_, epoch + year);
  return org;
}

network::network(std::string application_capability)
    : verifier(crypto::make_verifier()), random_(std::make_unique<seeded_random>(0x5eed)) {
  org1 = make_org("Org1MSP", "org1.example.com");
  org2 = make_org("Org2MSP", "org2.example.com");
  orderers = make_org("OrdererMSP", "example.com");
  stranger = make_org("Org1MSP", "org1.example.com");
  ledger::genesis_request request;
  request.channel_id = "mychannel";
  request.application = {{.name = "Org1", .msp = org1.config}, {.name = "Org2", .msp = org2.config}};
  request.orderers = {{.name = "OrdererOrg", .msp = orderers.config, .endpoints = {"orderer.example.com:7050"}}};
  request.application_capabilities = {std::move(application_capability)};
  auto genesis = ledger::make_genesis(request, *random_, epoch);
  REQUIRE_MESSAGE(genesis.has_value(), (genesis ? "" : genesis.error().context));
  auto made = ledger::channel_bundle::from_block(*genesis);
  REQUIRE_MESSAGE(made.has_value(), (made ? "" : made.error().context));
  bundle = *made;
}

ledger::envelope network::make_tx(tx_spec spec) {
  if (!spec.client) spec.client = org1.client;
  if (spec.endorsers.empty()) spec.endorsers = {org1.peer, org2.peer};
  if (spec.nonce.empty()) spec.nonce = "nonce " + std::to_string(txs_made_++);
  const auto header = make_headers(spec);
  ::protos::Transaction transaction;
  auto* action = transaction.add_actions();
  action->set_header(header.signature_header());
  action->set_payload(proto::encode(make_action_payload(spec, header)));
  run(spec.transaction, transaction);
  ::common::Payload payload;
  *payload.mutable_header() = header;
  payload.set_data(proto::encode(transaction));
  run(spec.payload, payload);
  ::common::Envelope envelope;
  envelope.set_payload(proto::encode(payload));
  envelope.set_signature(sign(*spec.client, envelope.payload()));
  run(spec.envelope, envelope);
  return ledger::envelope::keep(shared_bytes(proto::encode(envelope)));
}

result<ledger::judged_block> network::judge(std::vector<ledger::envelope> envelopes, const map_state& state,
                                            std::vector<std::string> in_ledger) const {
  const auto b = ledger::block::make(state.next, bytes(32, 'h'), std::move(envelopes));
  const auto prepared = ledger::prepare_all(b, bundle, *verifier);
  const auto seen = [&](std::string_view id) -> result<bool> {
    return std::find(in_ledger.begin(), in_ledger.end(), id) != in_ledger.end();
  };
  return ledger::judge(prepared, state, seen, *verifier);
}

ledger::verdict network::verdict_of(ledger::envelope e, const map_state& state) const {
  const auto judged = judge({std::move(e)}, state);
  REQUIRE_MESSAGE(judged.has_value(), (judged ? "" : judged.error().context));
  INFO(judged->reasons[0].text);
  CHECK(judged->reasons[0].text.empty() == (judged->verdicts[0] == ledger::verdict::valid));
  return judged->verdicts[0];
}

bytes network::policy_bytes(const std::string& text) {
  auto parsed = crypto::parse_policy(text);
  REQUIRE_MESSAGE(parsed.has_value(), text);
  return proto::encode(*parsed);
}

namespace {

::protos::ApplicationPolicy application_policy(const std::string& text) {
  ::protos::ApplicationPolicy out;
  if (text.rfind("ref:", 0) == 0) {
    out.set_channel_config_policy_reference(text.substr(4));
  } else {
    auto parsed = crypto::parse_policy(text);
    REQUIRE_MESSAGE(parsed.has_value(), text);
    *out.mutable_signature_policy() = *parsed;
  }
  return out;
}

bytes collection_package(const std::vector<collection_spec>& collections) {
  ::protos::CollectionConfigPackage package;
  for (const auto& c : collections) {
    auto* config = package.add_config()->mutable_static_collection_config();
    config->set_name(c.name);
    if (!c.endorsement_policy.empty()) *config->mutable_endorsement_policy() = application_policy(c.endorsement_policy);
  }
  return proto::encode(package);
}

bytes field_bytes(const bytes& value) {
  ::lifecycle::StateData data;
  data.set_bytes(value);
  return proto::encode(data);
}

}  // namespace

void define(map_state& state, const definition_spec& spec) {
  const version at{block_number(0), tx_number(0)};
  const std::string fields = "namespaces/fields/" + spec.chaincode + "/";
  ::lifecycle::StateMetadata metadata;
  metadata.set_datatype(spec.datatype);
  for (const char* name : {"Sequence", "EndorsementInfo", "ValidationInfo", "Collections"}) metadata.add_fields(name);
  ::lifecycle::StateData sequence;
  sequence.set_int64(1);
  ::lifecycle::ChaincodeEndorsementInfo endorsement;
  endorsement.set_version("1.0");
  endorsement.set_endorsement_plugin("escc");
  ::lifecycle::ChaincodeValidationInfo validation;
  validation.set_validation_plugin(spec.validation_plugin);
  validation.set_validation_parameter(spec.validation_parameter ? *spec.validation_parameter
                                                                : proto::encode(application_policy(spec.policy)));
  state.put("_lifecycle", "namespaces/metadata/" + spec.chaincode, proto::encode(metadata), at);
  state.put("_lifecycle", fields + "Sequence", proto::encode(sequence), at);
  state.put("_lifecycle", fields + "EndorsementInfo", field_bytes(proto::encode(endorsement)), at);
  state.put("_lifecycle", fields + "ValidationInfo", field_bytes(proto::encode(validation)), at);
  state.put("_lifecycle", fields + "Collections", field_bytes(collection_package(spec.collections)), at);
}

std::vector<std::pair<std::string, bytes>> key_policy_entries(const std::string& text) {
  return {{"VALIDATION_PARAMETER", network::policy_bytes(text)}};
}

bytes key_policy(const std::string& text) { return ledger::encode_metadata(key_policy_entries(text)); }

std::string id_of(const ledger::envelope& e) {
  REQUIRE(e.header().has_value());
  return e.header()->tx_id;
}

}  // namespace weft::test
