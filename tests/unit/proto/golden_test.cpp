// Every byte that real Fabric wrote is understood: nothing unknown at any depth, and our encoder writes the same bytes again.
#include <doctest/doctest.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "common/configtx.pb.h"
#include "common/configuration.pb.h"
#include "config/base/bytes.hpp"
#include "discovery/protocol.pb.h"
#include "gateway/gateway.pb.h"
#include "gossip/message.pb.h"
#include "ledger/commit_hash.pb.h"
#include "ledger/queryresult/kv_query_result.pb.h"
#include "ledger/rwset/kvrwset/kv_rwset.pb.h"
#include "ledger/rwset/rwset.pb.h"
#include "msp/identities.pb.h"
#include "msp/msp_config.pb.h"
#include "orderer/configuration.pb.h"
#include "orderer/etcdraft/configuration.pb.h"
#include "orderer/etcdraft/metadata.pb.h"
#include "orderer/smartbft/configuration.pb.h"
#include "peer/chaincode_event.pb.h"
#include "peer/chaincode_shim.pb.h"
#include "peer/collection.pb.h"
#include "peer/configuration.pb.h"
#include "peer/lifecycle/chaincode_definition.pb.h"
#include "peer/lifecycle/db.pb.h"
#include "peer/lifecycle/lifecycle.pb.h"
#include "peer/policy.pb.h"
#include "peer/proposal.pb.h"
#include "peer/proposal_response.pb.h"
#include "peer/transaction.pb.h"
#include "proto/encode.hpp"
#include "smartbftprotos/messages.pb.h"

namespace pb = google::protobuf;
namespace fs = std::filesystem;

namespace {

std::string golden(const std::string& path) {
  std::ifstream in(std::string(WEFT_GOLDEN_DIR) + "/" + path, std::ios::binary);
  REQUIRE_MESSAGE(in, path);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<std::string> golden_blocks() {
  std::vector<std::string> names;
  for (const char* folder : {"blocks", "config"})
    for (const auto& entry : fs::directory_iterator(std::string(WEFT_GOLDEN_DIR) + "/" + folder))
      if (entry.path().extension() == ".block") names.push_back(folder + ("/" + entry.path().filename().string()));
  return names;
}

/// Which message types were seen, so that a test can tell that it looked at something.
std::set<std::string> seen;

bool has_map(const pb::Descriptor& type, std::set<const pb::Descriptor*>& visited) {
  if (!visited.insert(&type).second) return false;
  for (int i = 0; i < type.field_count(); ++i) {
    if (type.field(i)->is_map()) return true;
    if (const auto* inner = type.field(i)->message_type(); inner && has_map(*inner, visited)) return true;
  }
  return false;
}

template <class Message>
Message whole(const std::string& data);

void check_nothing_unknown(const pb::Message& message) {
  seen.insert(message.GetDescriptor()->full_name());
  const auto& reflection = *message.GetReflection();
  CHECK_MESSAGE(reflection.GetUnknownFields(message).empty(), message.GetTypeName(), " has unknown fields");
  std::vector<const pb::FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const auto* field : fields) {
    if (!field->message_type()) continue;
    if (!field->is_repeated())
      check_nothing_unknown(reflection.GetMessage(message, field));
    else
      for (int i = 0; i < reflection.FieldSize(message, field); ++i)
        check_nothing_unknown(reflection.GetRepeatedMessage(message, field, i));
  }
  if (const auto* principal = dynamic_cast<const common::MSPPrincipal*>(&message);
      principal && principal->principal_classification() == common::MSPPrincipal::ROLE)
    whole<common::MSPRole>(principal->principal());
}

template <class Message>
Message whole(const std::string& data) {
  Message message;
  CHECK_MESSAGE(weft::proto::decode(data, message), Message::descriptor()->full_name(), " does not parse");
  check_nothing_unknown(message);
  std::set<const pb::Descriptor*> visited;
  if (!has_map(*Message::descriptor(), visited))
    CHECK_MESSAGE(weft::proto::encode(message) == data, Message::descriptor()->full_name(), " is encoded differently");
  return message;
}

void check_signature_header(const std::string& data) {
  const auto header = whole<common::SignatureHeader>(data);
  if (!header.creator().empty()) CHECK(whole<msp::SerializedIdentity>(header.creator()).mspid().ends_with("MSP"));
}

void check_config_value(const std::string& key, const std::string& value) {
  if (key == "MSP") whole<msp::FabricMSPConfig>(whole<msp::MSPConfig>(value).config());
  else if (key == "Capabilities") whole<common::Capabilities>(value);
  else if (key == "HashingAlgorithm") whole<common::HashingAlgorithm>(value);
  else if (key == "BlockDataHashingStructure") whole<common::BlockDataHashingStructure>(value);
  else if (key == "OrdererAddresses" || key == "Endpoints") whole<common::OrdererAddresses>(value);
  else if (key == "Orderers") whole<common::Orderers>(value);
  else if (key == "BatchSize") whole<orderer::BatchSize>(value);
  else if (key == "BatchTimeout") whole<orderer::BatchTimeout>(value);
  else if (key == "ChannelRestrictions") whole<orderer::ChannelRestrictions>(value);
  else if (key == "AnchorPeers") whole<protos::AnchorPeers>(value);
  else if (key == "ACLs") whole<protos::ACLs>(value);
  else if (key == "ConsensusType") {
    const auto type = whole<orderer::ConsensusType>(value);
    if (type.type() == "BFT") whole<orderer::smartbft::Options>(type.metadata());
    else if (type.type() == "etcdraft") whole<etcdraft::ConfigMetadata>(type.metadata());
    else FAIL_CHECK("unexpected consensus ", type.type());
  } else FAIL_CHECK("no type known for the configuration value ", key);
}

void check_config_group(const common::ConfigGroup& group) {
  for (const auto& [key, value] : group.values())
    if (!value.value().empty()) check_config_value(key, value.value());
  for (const auto& [name, policy] : group.policies()) {
    if (policy.policy().type() == common::Policy::SIGNATURE) whole<common::SignaturePolicyEnvelope>(policy.policy().value());
    if (policy.policy().type() == common::Policy::IMPLICIT_META) whole<common::ImplicitMetaPolicy>(policy.policy().value());
  }
  for (const auto& [name, inner] : group.groups()) check_config_group(inner);
}

void check_payload_envelope(const common::Envelope& envelope);

void check_config_update(const std::string& data) {
  const auto update = whole<common::ConfigUpdateEnvelope>(data);
  for (const auto& signature : update.signatures()) check_signature_header(signature.signature_header());
  const auto content = whole<common::ConfigUpdate>(update.config_update());
  check_config_group(content.read_set());
  check_config_group(content.write_set());
}

void check_lifecycle_value(const std::string& key, const std::string& value) {
  if (key.find("/metadata/") != std::string::npos) {
    whole<lifecycle::StateMetadata>(value);
    return;
  }
  const auto data = whole<lifecycle::StateData>(value);
  if (key.ends_with("/EndorsementInfo")) whole<lifecycle::ChaincodeEndorsementInfo>(data.bytes());
  if (key.ends_with("/ValidationInfo"))
    whole<protos::ApplicationPolicy>(whole<lifecycle::ChaincodeValidationInfo>(data.bytes()).validation_parameter());
  if (key.ends_with("/Collections")) whole<protos::CollectionConfigPackage>(data.bytes());
}

void check_read_write_set(const std::string& data) {
  const auto transaction = whole<rwset::TxReadWriteSet>(data);
  for (const auto& ns : transaction.ns_rwset()) {
    const auto set = whole<kvrwset::KVRWSet>(ns.rwset());
    if (ns.namespace_() == "_lifecycle")
      for (const auto& write : set.writes()) check_lifecycle_value(write.key(), write.value());
    for (const auto& write : set.metadata_writes())
      for (const auto& entry : write.entries()) whole<common::SignaturePolicyEnvelope>(entry.value());
    for (const auto& collection : ns.collection_hashed_rwset()) whole<kvrwset::HashedRWSet>(collection.hashed_rwset());
  }
}

void check_response_payload(const std::string& data) {
  const auto action = whole<protos::ChaincodeAction>(whole<protos::ProposalResponsePayload>(data).extension());
  check_read_write_set(action.results());
  whole<protos::ChaincodeEvent>(action.events());
}

void check_proposal_payload(const std::string& data) {
  const auto call = whole<protos::ChaincodeInvocationSpec>(whole<protos::ChaincodeProposalPayload>(data).input());
  const auto& args = call.chaincode_spec().input().args();
  if (args.size() < 2 || call.chaincode_spec().chaincode_id().name() != "_lifecycle") return;
  if (args[0] == "ApproveChaincodeDefinitionForMyOrg") whole<lifecycle::ApproveChaincodeDefinitionForMyOrgArgs>(args[1]);
  if (args[0] == "CommitChaincodeDefinition") whole<lifecycle::CommitChaincodeDefinitionArgs>(args[1]);
}

void check_transaction(const std::string& data) {
  const auto transaction = whole<protos::Transaction>(data);
  for (const auto& action : transaction.actions()) {
    check_signature_header(action.header());
    const auto payload = whole<protos::ChaincodeActionPayload>(action.payload());
    check_proposal_payload(payload.chaincode_proposal_payload());
    check_response_payload(payload.action().proposal_response_payload());
    for (const auto& endorsement : payload.action().endorsements()) whole<msp::SerializedIdentity>(endorsement.endorser());
  }
}

common::ChannelHeader check_header(const common::Header& header) {
  check_signature_header(header.signature_header());
  const auto channel = whole<common::ChannelHeader>(header.channel_header());
  if (channel.type() == common::ENDORSER_TRANSACTION) whole<protos::ChaincodeHeaderExtension>(channel.extension());
  return channel;
}

void check_payload_envelope(const common::Envelope& envelope) {
  const auto payload = whole<common::Payload>(envelope.payload());
  switch (check_header(payload.header()).type()) {
    case common::ENDORSER_TRANSACTION: return check_transaction(payload.data());
    case common::CONFIG_UPDATE: return check_config_update(payload.data());
    case common::CONFIG: {
      const auto config = whole<common::ConfigEnvelope>(payload.data());
      check_config_group(config.config().channel_group());
      if (config.has_last_update() && !config.last_update().payload().empty()) check_payload_envelope(config.last_update());
      return;
    }
    default: FAIL_CHECK("unexpected header type");
  }
}

void check_metadata(const common::Block& block, bool bft) {
  REQUIRE(block.metadata().metadata_size() == 5);
  const auto signatures = whole<common::Metadata>(block.metadata().metadata(common::SIGNATURES));
  for (const auto& signature : signatures.signatures()) {
    if (bft) CHECK(whole<common::IdentifierHeader>(signature.identifier_header()).identifier() > 0);
    else check_signature_header(signature.signature_header());
  }
  const auto content = whole<common::OrdererBlockMetadata>(signatures.value());
  whole<common::LastConfig>(whole<common::Metadata>(block.metadata().metadata(common::LAST_CONFIG)).value());
  whole<common::Metadata>(block.metadata().metadata(common::COMMIT_HASH));
  if (block.header().number() == 0) return;
  if (bft) CHECK(whole<smartbftprotos::ViewMetadata>(content.consenter_metadata()).latest_sequence() == block.header().number());
  else whole<etcdraft::BlockMetadata>(whole<common::Metadata>(content.consenter_metadata()).value());
}

pb::Value json(const std::string& text) {
  pb::Value value;
  REQUIRE(pb::util::JsonStringToMessage(text, &value).ok());
  return value;
}

std::string text_of(const pb::Value& object, const std::string& key) {
  const auto& fields = object.struct_value().fields();
  const auto at = fields.find(key);
  return at == fields.end() ? std::string() : at->second.string_value();
}

std::string hex_of(const pb::Value& object, const std::string& key) { return weft::from_hex(text_of(object, key)).value(); }

}  // namespace

TEST_CASE("every golden block is understood to its innermost message and encoded back to the same bytes") {
  seen.clear();
  const auto names = golden_blocks();
  CHECK(names.size() == 42);
  for (const auto& name : names) {
    CAPTURE(name);
    const auto block = whole<common::Block>(golden(name));
    check_metadata(block, name.find("bftchannel") != std::string::npos);
    for (const auto& data : block.data().data()) check_payload_envelope(whole<common::Envelope>(data));
  }
  for (const char* type : {"smartbftprotos.ViewMetadata", "common.IdentifierHeader", "orderer.smartbft.Options", "common.Consenter",
                           "etcdraft.BlockMetadata", "kvrwset.QueryReadsMerkleSummary", "kvrwset.QueryReads", "kvrwset.KVReadHash",
                           "kvrwset.KVMetadataEntry", "lifecycle.StateMetadata", "protos.StaticCollectionConfig",
                           "lifecycle.CommitChaincodeDefinitionArgs", "common.ConfigUpdateEnvelope", "common.MSPRole"})
    CHECK_MESSAGE(seen.contains(type), type, " was never met");
}

TEST_CASE("the documents around a configuration update are understood") {
  check_config_group(whole<common::Config>(golden("config/anchor-update.original-config.pb")).channel_group());
  check_config_group(whole<common::Config>(golden("config/anchor-update.modified-config.pb")).channel_group());
  const auto update = whole<common::ConfigUpdate>(golden("config/anchor-update.configupdate.pb"));
  CHECK(update.channel_id() == "mychannel");
  check_payload_envelope(whole<common::Envelope>(golden("config/anchor-update.envelope-unsigned.pb")));
  check_payload_envelope(whole<common::Envelope>(golden("config/anchor-update.envelope-1sig.pb")));
}

TEST_CASE("the gateway documents of an SDK are understood") {
  for (const char* name : {"tx/proposed_transaction.pb", "tx/proposed_transaction_transient.pb"}) {
    const auto proposed = whole<gateway::ProposedTransaction>(golden(name));
    CHECK(proposed.transaction_id().size() == 64);
    const auto proposal = whole<protos::Proposal>(proposed.proposal().proposal_bytes());
    check_header(whole<common::Header>(proposal.header()));
    check_proposal_payload(proposal.payload());
  }
  for (const char* name : {"tx/prepared_transaction.pb", "tx/prepared_transaction_signed.pb"})
    check_payload_envelope(whole<gateway::PreparedTransaction>(golden(name)).envelope());
  const auto status = whole<gateway::CommitStatusRequest>(
      whole<gateway::SignedCommitStatusRequest>(golden("tx/signed_commit_status.pb")).request());
  CHECK(status.channel_id() == "mychannel");
}

TEST_CASE("discovery answers are understood, gossip envelopes included") {
  whole<discovery::Request>(whole<discovery::SignedRequest>(golden("discovery/discovery_signed_request.pb")).payload());
  seen.clear();
  const auto response = whole<discovery::Response>(golden("discovery/discovery_response.pb"));
  CHECK(response.results_size() == 6);
  const auto check_peers = [](const auto& by_group) {
    for (const auto& [group, peers] : by_group)
      for (const auto& peer : peers.peers()) {
        whole<msp::SerializedIdentity>(peer.identity());
        if (peer.has_state_info()) CHECK(whole<gossip::GossipMessage>(peer.state_info().payload()).has_state_info());
        if (peer.has_membership_info()) CHECK(whole<gossip::GossipMessage>(peer.membership_info().payload()).has_alive_msg());
      }
  };
  for (const auto& result : response.results()) {
    check_peers(result.members().peers_by_org());
    for (const auto& content : result.cc_query_res().content()) check_peers(content.endorsers_by_groups());
  }
  for (const char* type : {"gossip.StateInfo", "gossip.AliveMessage", "gossip.Chaincode", "discovery.Layout", "discovery.Error"})
    CHECK_MESSAGE(seen.contains(type), type, " was never met");
}

TEST_CASE("the updates behind a commit hash are understood") {
  const auto vectors = json(golden("vectors.json"));
  const auto& misc = vectors.struct_value().fields().at("misc");
  const auto& example = misc.struct_value().fields().at("commit_hash_example_block6");
  const auto bytes = hex_of(example, "updates_proto_hex");
  CHECK(hex_of(example, "preimage_hex").find(bytes) != std::string::npos);
  const auto updates = whole<weft::commitment::Updates>(bytes);
  REQUIRE(updates.kvwrites_size() == 1);
  const auto& write = updates.kvwrites(0);
  CHECK(write.namespace_() == "golden");
  CHECK(write.collection().empty());
  CHECK(write.key() == "k1");
  CHECK_FALSE(write.isdelete());
  CHECK(write.value() == "v2");
  CHECK(write.version_bytes() == std::string("\x01\x06\x00", 3));
}

TEST_CASE("the recorded chaincode stream is understood") {
  seen.clear();
  std::istringstream lines(golden("chaincode/shim_transcript.jsonl"));
  std::map<std::string, std::string> pending;  // (stream, channel, txid) -> the request that a RESPONSE answers
  for (std::string line; std::getline(lines, line);) {
    CAPTURE(line);
    const auto message = json(line);
    const auto type = text_of(message, "type"), payload = hex_of(message, "payload_hex");
    const auto call = text_of(message, "channel") + "/" + text_of(message, "txid");
    protos::ChaincodeMessage::Type known{};
    CHECK(protos::ChaincodeMessage::Type_Parse(type, &known));
    if (type == "REGISTER") whole<protos::ChaincodeID>(payload);
    else if (type == "READY") CHECK(whole<protos::ChaincodeAdditionalParams>(payload).max_size_write_batch() == 1000);
    else if (type == "TRANSACTION") whole<protos::ChaincodeInput>(payload);
    else if (type == "COMPLETED") whole<protos::Response>(payload);
    else if (type == "GET_STATE") whole<protos::GetState>(payload);
    else if (type == "PUT_STATE") whole<protos::PutState>(payload);
    else if (type == "DEL_STATE") whole<protos::DelState>(payload);
    else if (type == "GET_STATE_BY_RANGE") whole<protos::GetStateByRange>(payload);
    else if (type == "QUERY_STATE_NEXT") whole<protos::QueryStateNext>(payload);
    else if (type == "QUERY_STATE_CLOSE") whole<protos::QueryStateClose>(payload);
    else if (type == "GET_HISTORY_FOR_KEY") whole<protos::GetHistoryForKey>(payload);
    else if (type == "PUT_STATE_METADATA") whole<protos::PutStateMetadata>(payload);
    else if (type == "RESPONSE") {
      const auto& request = pending[call];
      const bool history = request == "GET_HISTORY_FOR_KEY";
      if (history || request == "GET_STATE_BY_RANGE" || request == "QUERY_STATE_NEXT") {
        const auto response = whole<protos::QueryResponse>(payload);
        for (const auto& result : response.results()) {
          if (history) whole<queryresult::KeyModification>(result.resultbytes());
          else whole<queryresult::KV>(result.resultbytes());
        }
      }
    } else CHECK((type == "REGISTERED" || type == "ERROR"));
    if (const auto event = hex_of(message, "event_hex"); !event.empty()) whole<protos::ChaincodeEvent>(event);
    if (text_of(message, "dir") == "cc->peer") pending[call] = type;
  }
  for (const char* type : {"queryresult.KV", "queryresult.KeyModification", "protos.ChaincodeEvent", "protos.StateMetadata"})
    CHECK_MESSAGE(seen.contains(type), type, " was never met");
}
