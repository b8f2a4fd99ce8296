#include <doctest/doctest.h>

#include <google/protobuf/util/message_differencer.h>

#include <regex>

#include "common/common.pb.h"
#include "common/configuration.pb.h"
#include "ledger/profile/profile.hpp"
#include "orderer/configuration.pb.h"
#include "orderer/smartbft/configuration.pb.h"
#include "tests/unit/ledger/channel/support.hpp"

using namespace weft;
using namespace weft::ledger;
using namespace weft::channel_test;
namespace configtx = weft::config::configtx;

namespace {

constexpr timestamp genesis_time{std::chrono::nanoseconds{1'795'000'000'123'456'789}};

using edits_of_text = std::vector<std::pair<std::string, std::string>>;

/// A golden document with `edits` (what → by what) made in its text; its paths are relative to its own folder, as the real tool read it.
configtx::document golden_document(const std::string& file, const edits_of_text& edits = {}) {
  std::string text = golden_file("config/" + file);
  for (const auto& [from, to] : edits) {
    const auto at = text.find(from);
    REQUIRE_MESSAGE(at != std::string::npos, from);
    text.replace(at, from.size(), to);
  }
  return configtx::read(text, {.file = file, .folder = WEFT_GOLDEN_DIR "/config", .environment = {}});
}

result<block> genesis(configtx::document d, const std::string& profile, const std::string& channel) {
  const auto* p = d.find(profile);
  REQUIRE(p != nullptr);
  auto request = make_request(d, *p, channel);
  if (!request) return fail(request.error());
  seeded_random random(7);
  return make_genesis(*request, random, genesis_time);
}

std::string difference(const google::protobuf::Message& a, const google::protobuf::Message& b) {
  std::string report;
  google::protobuf::util::MessageDifferencer differencer;
  differencer.ReportDifferencesToString(&report);
  return differencer.Compare(a, b) ? "" : report;
}

}  // namespace

TEST_CASE("golden documents give the golden genesis blocks, but for nonce, transaction id and time") {
  struct row { const char *file, *profile, *channel; };
  for (const row& r : {row{"configtx-raft.yaml", "TwoOrgsRaft", "mychannel"}, {"configtx-bft.yaml", "TwoOrgsBFT", "bftchannel"}}) {
    CAPTURE(r.channel);
    auto d = golden_document(r.file);
    CHECK(configtx::problems(d).empty());
    const auto ours = genesis(d, r.profile, r.channel);
    REQUIRE_MESSAGE(ours.has_value(), why(ours));
    const block theirs = golden_genesis(r.channel);
    CHECK(difference(config_of(theirs), config_of(*ours)) == "");
    CHECK(ours->metadata() == theirs.metadata());
    CHECK(ours->number() == theirs.number());
    CHECK(ours->header().previous_hash == theirs.header().previous_hash);
    const auto& mine = ours->envelopes().at(0);
    const auto& golden = theirs.envelopes().at(0);
    CHECK(mine.signature() == golden.signature());
    CHECK(mine.header()->creator == golden.header()->creator);
    auto a = decoded<::common::ChannelHeader>(mine.header()->channel_header), b = decoded<::common::ChannelHeader>(golden.header()->channel_header);
    for (auto* h : {&a, &b}) {
      h->clear_timestamp();
      h->clear_tx_id();
    }
    CHECK(difference(b, a) == "");
    CHECK(channel_bundle::from_block(*ours).has_value());
  }
}

TEST_CASE("a BFT orderer without a SmartBFT section gets configtxgen's defaults") {
  auto text = golden_file("config/configtx-bft.yaml");
  text = std::regex_replace(text, std::regex("      SmartBFT:\n(        .*\n)+"), "");
  const auto made = genesis(configtx::read(text, {.file = "x", .folder = WEFT_GOLDEN_DIR "/config", .environment = {}}), "TwoOrgsBFT", "c");
  REQUIRE_MESSAGE(made.has_value(), why(made));
  const auto bundle = channel_bundle::from_block(*made);
  REQUIRE(bundle.has_value());
  const auto options = decoded<::orderer::smartbft::Options>((*bundle)->consensus_metadata());
  CHECK(options.request_batch_max_count() == 100);
  CHECK(options.request_pool_size() == 400);
  CHECK(options.request_batch_max_interval() == "50ms");
  CHECK(options.leader_rotation() == ::orderer::smartbft::Options::ROTATION_UNSPECIFIED);
}

TEST_CASE("profiles of the old kind: a system channel with kafka, a channel without orderers") {
  const std::string text = R"yaml(
Organizations:
  - &Org1
    Name: Org1MSP
    ID: Org1MSP
    MSPDir: ../crypto/peerOrganizations/org1.example.com/msp
    AnchorPeers: [{Host: peer0.org1.example.com, Port: 7051}]
    Policies: &Policies
      Readers: {Type: Signature, Rule: "OR('Org1MSP.member')"}
      Writers: {Type: Signature, Rule: "OR('Org1MSP.member')"}
      Admins: {Type: Signature, Rule: "OR('Org1MSP.admin')"}
Channel:
  Policies: &Group
    Readers: {Type: ImplicitMeta, Rule: "ANY Readers"}
    Writers: {Type: ImplicitMeta, Rule: "ANY Writers"}
    Admins: {Type: ImplicitMeta, Rule: "MAJORITY Admins"}
Profiles:
  System:
    Policies: *Group
    Capabilities: {V1_3: true, V1_1: false}
    Orderer:
      OrdererType: kafka
      Addresses: [orderer.example.com:7050]
      Kafka: {Brokers: [kafka0:9092, kafka1:9092]}
      MaxChannels: 9
      Capabilities: {V1_1: true}
      Policies:
        <<: *Group
        BlockValidation: {Type: ImplicitMeta, Rule: "ANY Writers"}
      Organizations:
        - {Name: Ord, ID: OrdererMSP, MSPDir: ../crypto/ordererOrganizations/example.com/msp, Policies: *Policies}
    Consortiums:
      Sample:
        Organizations: [*Org1]
  Channel:
    Consortium: Sample
    Policies: *Group
    Application: {Policies: *Group, Organizations: [*Org1]}
)yaml";
  auto d = configtx::read(text, {.file = "configtx.yaml", .folder = WEFT_GOLDEN_DIR "/config", .environment = {}});
  const auto system = genesis(d, "System", "system-channel");
  REQUIRE_MESSAGE(system.has_value(), why(system));
  const auto bundle = channel_bundle::from_block(*system);
  REQUIRE_MESSAGE(bundle.has_value(), why(bundle));
  CHECK((*bundle)->consensus_type() == "kafka");
  CHECK((*bundle)->application_orgs().empty());
  const auto tree = config_of(*system).config().channel_group();
  CHECK(group_at(tree, {"Consortiums", "Sample", "Org1MSP"}).values().size() == 1);
  CHECK(decoded<::common::Capabilities>(tree.values().at("Capabilities").value()).capabilities_size() == 1);
  CHECK(decoded<::orderer::ChannelRestrictions>(group_at(tree, {"Orderer"}).values().at("ChannelRestrictions").value()).max_count() == 9);
  auto request = make_request(d, *d.find("Channel"), "mychannel");
  REQUIRE_MESSAGE(request.has_value(), why(request));
  CHECK_FALSE(request->has_orderer);
  CHECK(request->consortium == "Sample");
  CHECK(request->application.at(0).anchor_peers.size() == 1);
  CHECK(why(genesis(d, "Channel", "mychannel")) == "a genesis block needs orderers");
}

TEST_CASE("all that is wrong with a profile is told at once: document, files, policy texts") {
  const edits_of_text changes{
      {"MSPDir: ../crypto/ordererOrganizations/example.com/msp", "MSPDir: ../crypto/nowhere/msp"},
      {"MSPDir: ../crypto/peerOrganizations/org1.example.com/msp", "MSPDir: ../crypto/peerOrganizations/org1.example.com"},
      {"OR('Org2MSP.admin', 'Org2MSP.client')", "OR('Org2MSP.admin', 'Org2MSP.king')"},
      {"Rule: \"MAJORITY Endorsement\"", "Rule: \"MOST Endorsement\""},
      {"orderer1.example.com/tls/server.crt", "orderer1.example.com/tls/server.cert"},
      {"orderer2.example.com/tls/server.crt", "orderer2.example.com/tls/server.key"},
      {"          ElectionTick: 10", "          ElectionTick: 1"},
  };
  auto d = golden_document("configtx-raft.yaml", changes);
  const auto made = make_request(d, *d.find("TwoOrgsRaft"), "mychannel");
  REQUIRE_FALSE(made.has_value());
  std::string text = why(made);
  for (std::size_t at; (at = text.find(WEFT_GOLDEN_DIR)) != std::string::npos;) text.replace(at, std::string(WEFT_GOLDEN_DIR).size(), "GOLDEN");
  CHECK(text ==
        "configtx-raft.yaml:6:13: Profiles.TwoOrgsRaft.Orderer.Organizations[0].MSPDir: there is no folder GOLDEN/crypto/nowhere/msp; relative paths "
        "begin at the folder of configtx-raft.yaml\n"
        "configtx-raft.yaml:19:13: Profiles.TwoOrgsRaft.Application.Organizations[0].MSPDir: Error loading MSP configuration for org Org1MSP: "
        "GOLDEN/crypto/peerOrganizations/org1.example.com/cacerts: no certificate of a root CA\n"
        "configtx-raft.yaml:31:40: Profiles.TwoOrgsRaft.Application.Organizations[1].Policies.Writers.Rule: policy: a role is admin, member, client, "
        "peer or orderer (character 30)\n   | OR('Org2MSP.admin', 'Org2MSP.king')\n   | .............................^\n"
        "configtx-raft.yaml:44:54: Profiles.TwoOrgsRaft.Application.Policies.LifecycleEndorsement.Rule: implicit meta policy \"MOST Endorsement\": the "
        "first word is ANY, ALL or MAJORITY; such as \"ANY Readers\" or \"MAJORITY Admins\"\n"
        "configtx-raft.yaml:87:28: Profiles.TwoOrgsRaft.Orderer.EtcdRaft.Consenters[1].ClientTLSCert: cannot read "
        "GOLDEN/crypto/ordererOrganizations/example.com/orderers/orderer1.example.com/tls/server.cert: No such file or directory; relative paths begin "
        "at the folder of configtx-raft.yaml\n"
        "configtx-raft.yaml:91:28: Profiles.TwoOrgsRaft.Orderer.EtcdRaft.Consenters[2].ClientTLSCert: "
        "GOLDEN/crypto/ordererOrganizations/example.com/orderers/orderer2.example.com/tls/server.key holds no certificate: PEM block PRIVATE KEY is no "
        "certificate\n"
        "configtx-raft.yaml:96:25: Profiles.TwoOrgsRaft.Orderer.EtcdRaft.Options.ElectionTick: election tick must be greater than heartbeat tick");
}
