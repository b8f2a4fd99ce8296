// Updates in files, what still has to be signed, and what an update changes, in words.
#include <doctest/doctest.h>

#include "common/common.pb.h"
#include "ledger/channel/config_tree.hpp"
#include "ledger/channel/differences.hpp"
#include "ledger/channel/update_file.hpp"
#include "orderer/configuration.pb.h"
#include "proto/encode.hpp"
#include "tests/unit/ledger/channel/support.hpp"

using namespace weft;
using namespace weft::ledger;
using namespace weft::channel_test;

namespace {

/// Removes Org2 from the golden channel: needs both application administrators.
bytes removal(const std::vector<crypto::signing_identity>& signers) {
  const auto genesis = golden_bundle("mychannel");
  ::common::ConfigGroup* write = nullptr;
  auto update = update_at(*genesis, {"Application"}, &write);
  const auto& application = genesis->config().channel_group().groups().at("Application");
  *write = application;
  write->set_version(application.version() + 1);
  write->mutable_groups()->erase("Org2MSP");
  *update.mutable_read_set()->mutable_groups()->at("Application").mutable_groups() = write->groups();
  *update.mutable_read_set()->mutable_groups()->at("Application").mutable_values() = write->values();
  *update.mutable_read_set()->mutable_groups()->at("Application").mutable_policies() = write->policies();
  return signed_update(update, signers);
}

}  // namespace

TEST_CASE("an update is read from every form that tools leave it in, and its signatures stay good") {
  const auto genesis = golden_bundle("mychannel");
  const auto bare = golden_file("config/anchor-update.configupdate.pb");
  ::common::ConfigUpdateEnvelope half;
  half.set_config_update(bare);
  struct row { const char* name; bytes file; std::size_t signatures; };
  const row rows[] = {{"an envelope with a signature", golden_file("config/anchor-update.envelope-1sig.pb"), 1},
                      {"an envelope without", golden_file("config/anchor-update.envelope-unsigned.pb"), 0},
                      {"a bare update", bare, 0},
                      {"an update with room for signatures", proto::encode(half), 0}};
  seeded_random random{5};
  for (const auto& r : rows) {
    CAPTURE(r.name);
    auto update = read_update(r.file);
    REQUIRE_MESSAGE(update.has_value(), why(update));
    CHECK(update->channel_id == "mychannel");
    CHECK(update->signers.size() == r.signatures);
    CHECK(genesis->propose_update(update->envelope, verifier()).has_value() == (r.signatures == 1));
    const auto admin = golden_user("Admin@org1.example.com");
    REQUIRE(sign_update(*update, admin, random).has_value());
    CHECK(update->signers.size() == 1);  // who has signed need not sign again
    CHECK(why(genesis->propose_update(update->envelope, verifier())) == "");
    const auto sent = wrap_update(*update, golden_user("User1@org2.example.com"), random, timestamp{std::chrono::seconds{1'795'172'818}});
    REQUIRE(sent.has_value());
    CHECK(sent->canonical());
    CHECK(sent->header()->type == 2);
    const auto again = read_update(sent->raw());
    REQUIRE(again.has_value());
    CHECK(again->envelope == update->envelope);
  }
}

TEST_CASE("what is no update is called by its name") {
  const auto genesis = golden_genesis("mychannel");
  struct row { const char* name; bytes file; std::string says; };
  const row rows[] = {{"nothing", "", "the file is empty"},
                      {"white space", " \n", "the file is empty"},
                      {"JSON", golden_file("config/anchor-update.configupdate.json"), "this is JSON: encode it first"},
                      {"a block", golden_file("config/mychannel.genesis.block"), "this is a block"},
                      {"a configuration", golden_file("config/anchor-update.modified-config.pb"), "this is a whole configuration"},
                      {"a CONFIG transaction", genesis.envelopes()[0].raw().to_bytes(), "this is a CONFIG transaction"},
                      {"a transaction", golden_block("blocks/mychannel.5.block").envelopes()[0].raw().to_bytes(), "this is an envelope of type 3"},
                      {"noise", "\x81\x82\x83", "neither an Envelope with a CONFIG_UPDATE nor a ConfigUpdate"},
                      {"a torn update", golden_file("config/anchor-update.configupdate.pb").substr(0, 100), "neither an Envelope"}};
  for (const auto& r : rows) {
    CAPTURE(r.name);
    const auto update = read_update(r.file);
    REQUIRE_FALSE(update.has_value());
    CHECK_MESSAGE(update.error().context.find(r.says) != std::string::npos, update.error().context);
  }
}

TEST_CASE("whose signature is missing") {
  const auto genesis = golden_bundle("mychannel");
  const auto admin1 = golden_user("Admin@org1.example.com"), admin2 = golden_user("Admin@org2.example.com"), user1 = golden_user("User1@org1.example.com");
  struct row { const char* name; std::vector<crypto::signing_identity> signers; std::vector<std::string> satisfied, missing; };
  const row rows[] = {{"nobody signed", {}, {}, {"Org1MSP", "Org2MSP"}},
                      {"one of two", {admin1}, {"Org1MSP"}, {"Org2MSP"}},
                      {"a user is no administrator", {user1, admin2}, {"Org2MSP"}, {"Org1MSP"}}};
  const auto msps = [](const std::vector<unmet_policy::org>& orgs) {
    std::vector<std::string> out;
    for (const auto& o : orgs) out.push_back(o.msp_id);
    return out;
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    const auto unmet = genesis->unmet_policies(removal(r.signers), verifier());
    REQUIRE(unmet.size() == 1);
    CHECK(unmet[0].element == "[Group]  /Channel/Application");
    CHECK(unmet[0].policy == "/Channel/Application/Admins");
    CHECK(unmet[0].rule == "MAJORITY Admins, 2 of 2");
    CHECK(msps(unmet[0].satisfied) == r.satisfied);
    CHECK(msps(unmet[0].missing) == r.missing);
  }
  CHECK(genesis->unmet_policies(removal({admin2, admin1}), verifier()).empty());
  CHECK(genesis->unmet_policies("\xff", verifier()).empty());
}

TEST_CASE("what an update changes, element by element") {
  const auto genesis = golden_bundle("mychannel");
  const auto& before = genesis->config().channel_group();
  auto after = before;
  ::orderer::BatchSize size;
  size.set_max_message_count(77);
  size.set_absolute_max_bytes(1000);
  size.set_preferred_max_bytes(1000);
  set_value(group_at(after, {"Orderer"}), "BatchSize", size);
  group_at(after, {"Application"}).mutable_groups()->erase("Org2MSP");
  group_at(after, {"Application"}).mutable_policies()->at("Writers").set_mod_policy("Writers");
  ::orderer::BatchTimeout timeout;
  timeout.set_timeout("3s");
  set_value(group_at(after, {"Orderer"}), "Later", timeout);
  (*group_at(after, {"Application"}).mutable_groups())["Org9"].set_mod_policy("Admins");

  std::map<std::string, config_difference> found;
  for (auto& d : differences(before, after)) found.emplace(d.element, d);
  using kind = config_difference::kind;
  REQUIRE(found.size() == 5);
  CHECK(found.at("[Group]  /Channel/Application/Org2MSP").what == kind::removed);
  CHECK(found.at("[Group]  /Channel/Application/Org9").what == kind::added);
  CHECK(found.at("[Value]  /Channel/Orderer/Later").what == kind::added);
  CHECK(found.at("[Policy] /Channel/Application/Writers").details == std::vector<std::string>{"mod_policy: Admins -> Writers"});
  const auto& batch = found.at("[Value]  /Channel/Orderer/BatchSize").details;
  REQUIRE(batch.size() == 3);
  CHECK(batch[1].find("max_message_count: ") == 0);
  CHECK(batch[1].ends_with(" -> 77"));
  CHECK(differences(before, before).empty());

  const auto modified = decoded<::common::Config>(golden_file("config/anchor-update.modified-config.pb"));
  const auto anchors = differences(decoded<::common::Config>(golden_file("config/anchor-update.original-config.pb")).channel_group(), modified.channel_group());
  REQUIRE(anchors.size() == 1);
  CHECK(anchors[0].element == "[Value]  /Channel/Application/Org1MSP/AnchorPeers");
  CHECK(anchors[0].what == kind::added);
  CHECK(anchors[0].details.size() == 2);
  CHECK(anchors[0].details[0].find("anchor_peers[0].host: ") == 0);
}
