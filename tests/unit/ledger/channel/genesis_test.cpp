#include <doctest/doctest.h>

#include <google/protobuf/util/message_differencer.h>

#include "common/common.pb.h"
#include "common/configuration.pb.h"
#include "ledger/channel/genesis.hpp"
#include "ledger/channel/genesis_tree.hpp"
#include "msp/msp_config.pb.h"
#include "orderer/configuration.pb.h"
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
