#include <doctest/doctest.h>

#include <google/protobuf/util/message_differencer.h>

#include "common/common.pb.h"
#include "common/configuration.pb.h"
#include "ledger/channel/channel_creation.hpp"
#include "ledger/channel/genesis_tree.hpp"
#include "ledger/profile/profile.hpp"
#include "tests/unit/ledger/channel/support.hpp"

using namespace weft;
using namespace weft::ledger;
using namespace weft::channel_test;
namespace configtx = weft::config::configtx;

namespace {

constexpr timestamp some_time{std::chrono::nanoseconds{1'795'000'000'123'456'789}};

/// The golden raft profile as a request; Org1 has the golden anchor peer.
genesis_request golden_request() {
  auto d = configtx::read(golden_file("config/configtx-raft.yaml"), {.file = "c.yaml", .folder = WEFT_GOLDEN_DIR "/config", .environment = {}});
  auto made = make_request(d, *d.find("TwoOrgsRaft"), "mychannel");
  REQUIRE_MESSAGE(made.has_value(), why(made));
  made->application[0].anchor_peers = {{"localhost", 7051}};
  return *std::move(made);
}

::common::ConfigUpdate update_in(const result<bytes>& envelope) {
  REQUIRE_MESSAGE(envelope.has_value(), why(envelope));
  const auto outer = decoded<::common::Envelope>(*envelope);
  CHECK(outer.signature().empty());
  const auto payload = decoded<::common::Payload>(outer.payload());
  const auto header = decoded<::common::ChannelHeader>(payload.header().channel_header());
  CHECK(header.type() == ::common::CONFIG_UPDATE);
  CHECK(header.timestamp().seconds() == 1'795'000'000);
  CHECK(header.tx_id().empty());
  CHECK(payload.header().signature_header().empty());
  const auto signable = decoded<::common::ConfigUpdateEnvelope>(payload.data());
  CHECK(signable.signatures().empty());
  const auto update = decoded<::common::ConfigUpdate>(signable.config_update());
  CHECK(update.channel_id() == header.channel_id());
  return update;
}

}  // namespace

TEST_CASE("an anchor peer update is the golden one, but for the version of a created channel") {
  auto update = update_in(make_anchor_update(golden_request(), "Org1MSP", some_time));
  for (auto* set : {update.mutable_read_set(), update.mutable_write_set()}) {
    CHECK(group_at(*set, {"Application"}).version() == 1);
    group_at(*set, {"Application"}).set_version(0);
  }
  const auto golden = decoded<::common::ConfigUpdate>(golden_file("config/anchor-update.configupdate.pb"));
  CHECK(google::protobuf::util::MessageDifferencer::Equals(update, golden));
}

TEST_CASE("an anchor peer update is accepted by a channel as it was created") {
  auto request = golden_request();
  const auto update = update_in(make_anchor_update(request, "Org1MSP", some_time));
  request.application[0].anchor_peers.clear();
  auto tree = make_channel_group(request);
  REQUIRE(tree.has_value());
  ::common::Config config;
  *config.mutable_channel_group() = *tree;
  config.mutable_channel_group()->mutable_groups()->at("Application").set_version(1);
  const auto channel = channel_bundle::create("mychannel", config);
  REQUIRE_MESSAGE(channel.has_value(), why(channel));
  const auto next = (*channel)->propose_update(signed_update(update, {golden_user("Admin@org1.example.com")}), verifier());
  REQUIRE_MESSAGE(next.has_value(), why(next));
  CHECK(group_at(next->channel_group(), {"Application", "Org1MSP"}).values().contains("AnchorPeers"));
}

TEST_CASE("a channel creation without a system channel asks for the Application section") {
  auto request = golden_request();
  request.consortium = "Sample";
  request.has_orderer = false;
  const auto update = update_in(make_channel_creation(request, nullptr, some_time));
  CHECK(decoded<::common::Consortium>(update.write_set().values().at("Consortium").value()).name() == "Sample");
  CHECK(update.read_set().values().at("Consortium").value().empty());
  CHECK(update.write_set().version() == 0);
  const auto& read = group_at(update.read_set(), {"Application"});
  const auto& write = group_at(update.write_set(), {"Application"});
  CHECK(read.version() == 0);
  CHECK(read.policies().empty());
  CHECK(write.version() == 1);
  CHECK(write.mod_policy() == "Admins");
  CHECK(write.policies().size() == 5);
  CHECK(write.values().contains("Capabilities"));
  for (const auto* set : {&read, &write})
    for (const char* org : {"Org1MSP", "Org2MSP"}) {
      CHECK(set->groups().at(org).values().empty());
      CHECK(set->groups().at(org).version() == 0);
    }
}

TEST_CASE("a channel creation with a system channel asks for what differs from it") {
  auto channel = golden_request();
  auto system = channel;
  channel.consortium = "Sample";
  channel.batching.max_message_count = 77;
  system.has_application = false;
  system.consortiums = std::vector<genesis_consortium>{{"Sample", channel.application}};
  const auto update = update_in(make_channel_creation(channel, &system, some_time));
  const auto& orderer = group_at(update.write_set(), {"Orderer"});
  CHECK(orderer.values().size() == 1);
  CHECK(orderer.values().at("BatchSize").version() == 1);
  // The consortium's organizations have no anchor peers yet, so those come along.
  CHECK(group_at(update.write_set(), {"Application", "Org1MSP"}).values().contains("AnchorPeers"));
  CHECK(group_at(update.write_set(), {"Application"}).policies().size() == 5);
}

TEST_CASE("what cannot be asked for is refused in configtxgen's words") {
  auto channel = golden_request();
  auto system = channel;
  channel.consortium = "Sample";
  const auto creation = [&](const genesis_request* base) { return why(make_channel_creation(channel, base, some_time)); };
  CHECK(creation(&system) == "could not create config template: supplied system channel group does not appear to be system channel (missing consortiums group)");
  system.consortiums.emplace();
  CHECK(creation(&system) == "could not create config template: system channel consortiums group appears to have no consortiums defined");
  system.consortiums = std::vector<genesis_consortium>{{"Other", {}}};
  CHECK(creation(&system) == "could not create config template: supplied system channel group is missing 'Sample' consortium");
  system.consortiums = std::vector<genesis_consortium>{{"Sample", {channel.application[1]}}};
  CHECK(creation(&system) == "could not create config template: consortium Sample does not contain member org Org1MSP");
  channel.consortium.clear();
  CHECK(creation(nullptr) == "cannot define a new channel with no Consortium value");
  channel.has_application = false;
  CHECK(creation(nullptr) == "cannot define a new channel with no Application section");
  CHECK(why(make_anchor_update(channel, "Org1MSP", some_time)) == "cannot update anchor peers without an application section");
  channel.has_application = true;
  CHECK(why(make_anchor_update(channel, "Org3MSP", some_time)) == "org with name 'Org3MSP' does not exist in config");
  CHECK(why(make_anchor_update(channel, "Org2MSP", some_time)) == "org 'Org2MSP' does not have any anchor peers defined");
}
