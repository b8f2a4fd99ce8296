#include <doctest/doctest.h>

#include <google/protobuf/util/message_differencer.h>

#include "common/common.pb.h"
#include "common/configuration.pb.h"
#include "ledger/channel/consensus_metadata.hpp"
#include "ledger/channel/genesis.hpp"
#include "ledger/channel/genesis_tree.hpp"
#include "msp/msp_config.pb.h"
#include "orderer/configuration.pb.h"
#include "orderer/etcdraft/configuration.pb.h"
#include "proto/encode.hpp"
#include "tests/unit/ledger/channel/support.hpp"

using namespace weft;
using namespace weft::ledger;
using namespace weft::channel_test;

namespace {

constexpr timestamp some_time{std::chrono::nanoseconds{1'795'000'000'123'456'789}};

std::shared_ptr<const ::msp::FabricMSPConfig> msp_of(const std::string& organization, const std::string& id) {
  auto read = crypto::read_msp_folder(std::string(WEFT_GOLDEN_DIR "/crypto/") + organization + "/msp", id);
  REQUIRE_MESSAGE(read.has_value(), why(read));
  return std::make_shared<const ::msp::FabricMSPConfig>(*std::move(read));
}

/// What tests/golden/config/configtx-raft.yaml says; policies of organizations are the usual ones.
genesis_request golden_request(const std::string& channel) {
  genesis_request r;
  r.channel_id = channel;
  r.application = {{.name = "Org1MSP", .msp = msp_of("peerOrganizations/org1.example.com", "Org1MSP")},
                   {.name = "Org2MSP", .msp = msp_of("peerOrganizations/org2.example.com", "Org2MSP")}};
  r.orderers = {{.name = "OrdererOrg", .msp = msp_of("ordererOrganizations/example.com", "OrdererMSP"),
                 .endpoints = {"localhost:7050", "localhost:7150", "localhost:7250", "localhost:7350"}}};
  r.batching = {10, 99 * MiB, 512 * KiB, std::chrono::seconds{2}};
  const auto golden = config_of(golden_genesis(channel)).config();
  const auto& values = group_at(golden.channel_group(), {"Orderer"}).values();
  const auto consensus = decoded<::orderer::ConsensusType>(values.at("ConsensusType").value());
  r.consensus_type = consensus.type();
  r.consensus_metadata = consensus.metadata();
  return r;
}

block make(const genesis_request& request, std::uint64_t seed = 7) {
  seeded_random random(seed);
  auto made = make_genesis(request, random, some_time);
  REQUIRE_MESSAGE(made.has_value(), why(made));
  return *std::move(made);
}

std::string failure(const genesis_request& request) {
  seeded_random random(7);
  return why(make_genesis(request, random, some_time));
}

/// Empty when both say the same, maps in any order.
std::string difference(const google::protobuf::Message& a, const google::protobuf::Message& b) {
  std::string report;
  google::protobuf::util::MessageDifferencer differencer;
  differencer.ReportDifferencesToString(&report);
  return differencer.Compare(a, b) ? "" : report;
}

}  // namespace

TEST_CASE("the raft genesis equals configtxgen's, element by element") {
  const auto ours = config_of(make(golden_request("mychannel")));
  const auto theirs = config_of(golden_genesis("mychannel"));
  CHECK(difference(theirs, ours) == "");
}

TEST_CASE("the BFT genesis equals configtxgen's, block validation included") {
  auto request = golden_request("bftchannel");
  request.channel_capabilities = {"V3_0"};
  request.consenters = golden_bundle("bftchannel")->consenters();
  CHECK(difference(config_of(golden_genesis("bftchannel")), config_of(make(request))) == "");
}

TEST_CASE("headers, hashes and metadata of a genesis block") {
  const block ours = make(golden_request("mychannel"));
  const block theirs = golden_genesis("mychannel");
  CHECK(ours.number() == block_number{0});
  CHECK(ours.header().previous_hash.empty());
  CHECK(ours.header().data_hash == compute_data_hash(ours.envelopes()));
  CHECK(ours.metadata() == theirs.metadata());
  CHECK(to_hex(ours.metadata(metadata_slot::signatures)) == "0a020a00");
  REQUIRE(ours.envelopes().size() == 1);
  const envelope& tx = ours.envelopes()[0];
  CHECK(tx.signature().empty());
  CHECK(tx.canonical());
  const auto& header = tx.header();
  REQUIRE(header.has_value());
  CHECK(header->channel_id == "mychannel");
  CHECK(header->creator.empty());
  CHECK(header->nonce.size() == 24);
  CHECK(header->tx_id == compute_txid(header->nonce, {}));
  auto channel_header = decoded<::common::ChannelHeader>(header->channel_header);
  CHECK(channel_header.timestamp().seconds() == 1'795'000'000);
  CHECK(channel_header.timestamp().nanos() == 0);
  auto golden = decoded<::common::ChannelHeader>(theirs.envelopes()[0].header()->channel_header);
  for (auto* h : {&channel_header, &golden}) {
    h->clear_timestamp();
    h->clear_tx_id();
  }
  CHECK(difference(golden, channel_header) == "");
  const auto parsed = block::parse(shared_bytes(ours.encode()));
  REQUIRE(parsed.has_value());
  CHECK(parsed->hash() == ours.hash());
}

TEST_CASE("one seed, one genesis") {
  const auto request = golden_request("mychannel");
  CHECK(make(request, 1).encode() == make(request, 1).encode());
  CHECK(make(request, 1).hash() != make(request, 2).hash());
}

TEST_CASE("anchor peers, ACLs and policies of one's own") {
  auto request = golden_request("mychannel");
  request.application[0].anchor_peers = {{"peer0.org1.example.com", 7051}};
  request.application[0].policies = {{"Readers", "Signature", "OR('Org1MSP.member')"}, {"Endorsement", "ImplicitMeta", "ANY Endorsement"}};
  request.application_policies = {{"Readers", "ImplicitMeta", "ALL Readers"}};
  request.acls = {{"peer/Propose", "Readers"}};
  request.consensus_type = "solo";
  request.batching.timeout = std::chrono::milliseconds{90'500};
  const auto bundle = channel_bundle::from_block(make(request));
  REQUIRE_MESSAGE(bundle.has_value(), why(bundle));
  CHECK((*bundle)->application_orgs()[0].anchor_peers == request.application[0].anchor_peers);
  CHECK((*bundle)->consensus_type() == "solo");
  CHECK((*bundle)->batching().timeout == request.batching.timeout);
  CHECK_FALSE((*bundle)->has_policy("/Channel/Application/Org1MSP/Writers"));
  CHECK_FALSE((*bundle)->has_policy("/Channel/Application/Endorsement"));
  std::string path;
  (void)(*bundle)->acl("peer/Propose", &path);
  CHECK(path == "/Channel/Application/Readers");
}

TEST_CASE("a system channel of the old kind: kafka, consortiums, one address for all") {
  auto request = golden_request("mychannel");
  request.channel_id = "system-channel";
  request.has_application = false;
  request.consortiums = {{"SampleConsortium", request.application}};
  request.consensus_type = "kafka";
  request.consensus_metadata.clear();
  request.kafka_brokers = {"kafka0:9092", "kafka1:9092"};
  request.orderer_addresses = {"localhost:7050"};
  request.max_channels = 7;
  request.orderers[0].endpoints.clear();
  request.channel_capabilities = request.orderer_capabilities = {"V1_1"};
  const block made = make(request);
  CHECK(channel_bundle::from_block(made).has_value());
  const auto tree = config_of(made).config().channel_group();
  CHECK_FALSE(tree.groups().contains("Application"));
  CHECK(tree.values().at("OrdererAddresses").mod_policy() == "/Channel/Orderer/Admins");
  CHECK(decoded<::common::OrdererAddresses>(tree.values().at("OrdererAddresses").value()).addresses(0) == "localhost:7050");
  const auto& orderer = group_at(tree, {"Orderer"});
  CHECK(decoded<::orderer::KafkaBrokers>(orderer.values().at("KafkaBrokers").value()).brokers(1) == "kafka1:9092");
  CHECK(decoded<::orderer::ChannelRestrictions>(orderer.values().at("ChannelRestrictions").value()).max_count() == 7);
  const auto& consortiums = group_at(tree, {"Consortiums"});
  CHECK(consortiums.mod_policy() == "/Channel/Orderer/Admins");
  CHECK(consortiums.policies().at("Admins").mod_policy() == "/Channel/Orderer/Admins");
  CHECK(to_hex(consortiums.policies().at("Admins").policy().value()) == "12021200");  // version 0, n_out_of {0, nothing}: anybody
  const auto& consortium = group_at(tree, {"Consortiums", "SampleConsortium"});
  CHECK(consortium.mod_policy() == "/Channel/Orderer/Admins");
  CHECK(consortium.policies().empty());
  const auto creation = decoded<::common::Policy>(consortium.values().at("ChannelCreationPolicy").value());
  CHECK(creation.type() == ::common::Policy::IMPLICIT_META);
  CHECK(to_hex(creation.value()) == "0a0641646d696e73");  // ANY Admins
  const auto& member = group_at(tree, {"Consortiums", "SampleConsortium", "Org1MSP"});
  CHECK(member.mod_policy() == "Admins");
  CHECK(member.values().size() == 1);
}

TEST_CASE("an organization that is foreign is named and nothing more") {
  auto request = golden_request("mychannel");
  request.application[1].foreign = true;
  request.application[1].msp = nullptr;
  request.has_orderer = false;
  request.consortium = "SampleConsortium";
  const auto tree = make_channel_group(request);
  REQUIRE_MESSAGE(tree.has_value(), why(tree));
  CHECK_FALSE(tree->groups().contains("Orderer"));
  CHECK(decoded<::common::Consortium>(tree->values().at("Consortium").value()).name() == "SampleConsortium");
  const auto& foreign = group_at(*tree, {"Application", "Org2MSP"});
  CHECK((foreign.values().empty() && foreign.policies().empty()));
  CHECK(foreign.mod_policy() == "Admins");
}

TEST_CASE("metadata of a raft channel, of its golden values") {
  const bytes golden(golden_bundle("mychannel")->consensus_metadata());
  ::etcdraft::ConfigMetadata theirs;
  REQUIRE(proto::decode(golden, theirs));
  std::vector<raft_consenter> consenters;
  for (const auto& c : theirs.consenters()) consenters.push_back({c.host(), c.port(), c.client_tls_cert(), c.server_tls_cert()});
  REQUIRE(consenters.size() == 3);
  CHECK(encode_raft_metadata(consenters, {}) == golden);  // the golden options are the defaults
}

TEST_CASE("what cannot become a channel is refused by name") {
  struct row { const char* why; void (*edit)(genesis_request&); };
  const row rows[] = {
      {"bad channel ID: 'My' contains illegal characters", [](genesis_request& r) { r.channel_id = "My"; }},
      {"/Channel/Application/Org1MSP: two organizations of that name", [](genesis_request& r) { r.application.push_back(r.application[0]); }},
      {"/Channel/Application/Org1MSP: the organization has no MSP", [](genesis_request& r) { r.application[0].msp = nullptr; }},
      {"/Channel/Application/Org2MSP/Readers: ", [](genesis_request& r) { r.application[1].policies = {{"Readers", "Signature", "OR('Org2MSP.king')"}}; }},
      {"/Channel/Application/Org2MSP/Readers: policy type 'signature' is neither Signature nor ImplicitMeta",
       [](genesis_request& r) { r.application[1].policies = {{"Readers", "signature", "OR('Org2MSP.peer')"}}; }},
      {"/Channel/Readers: ", [](genesis_request& r) { r.channel_policies = {{"Readers", "ImplicitMeta", "SOME Readers"}}; }},
      {"/Channel/Orderer: the policy BlockValidation is missing", [](genesis_request& r) { r.orderer_policies = {{"Readers", "ImplicitMeta", "ANY Readers"}}; }},
      {"/Channel/Orderer/BatchTimeout: ", [](genesis_request& r) { r.batching.timeout = std::chrono::milliseconds{0}; }},
      {"Channel capability V8_0 is required but not supported", [](genesis_request& r) { r.channel_capabilities = {"V8_0"}; }},
      {"consensus type 'raft' is not offered", [](genesis_request& r) { r.consensus_type = "raft"; }},
      {"BFT needs consenters", [](genesis_request& r) { r.consensus_type = "BFT"; r.channel_capabilities = {"V3_0"}; }},
      {"a genesis block needs orderers", [](genesis_request& r) { r.has_orderer = false; }},
      {"/Channel/Consortiums/C: two consortiums of that name", [](genesis_request& r) { r.consortiums = {{"C", {}}, {"C", {}}}; }},
      {"illegal name 'Org 1'", [](genesis_request& r) { r.application[0].name = "Org 1"; }},
  };
  for (const auto& r : rows) {
    CAPTURE(r.why);
    auto request = golden_request("mychannel");
    r.edit(request);
    const std::string said = failure(request);
    CAPTURE(said);
    CHECK(said.find(r.why) != std::string::npos);
  }
}

TEST_CASE("quorums of BFT clusters") {
  struct row { std::size_t n, quorum; };
  for (const row& r : {row{1, 1}, {2, 2}, {3, 2}, {4, 3}, {5, 4}, {6, 4}, {7, 5}, {10, 7}}) CHECK(bft_quorum(r.n) == r.quorum);
}
