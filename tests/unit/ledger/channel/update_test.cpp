#include <doctest/doctest.h>

#include <functional>

#include "common/common.pb.h"
#include "common/configuration.pb.h"
#include "ledger/channel/config_tree.hpp"
#include "ledger/channel/config_update.hpp"
#include "ledger/channel/sections.hpp"
#include "msp/msp_config.pb.h"
#include "orderer/configuration.pb.h"
#include "proto/encode.hpp"
#include "tests/unit/ledger/channel/support.hpp"

using namespace weft;
using namespace weft::ledger;
using namespace weft::channel_test;

namespace {

using tree = ::common::ConfigGroup;

/// pb(ConfigUpdateEnvelope) inside a golden CONFIG_UPDATE envelope.
bytes golden_update(const char* file) {
  const auto e = envelope::parse(shared_bytes(golden_file(std::string("config/") + file)));
  REQUIRE(e.has_value());
  return bytes(e->data());
}

const bytes& anchor_update() {
  static const bytes update = golden_update("anchor-update.envelope-1sig.pb");
  return update;
}

bundle_ptr after(const channel_bundle& bundle, const ::common::Config& next) {
  auto made = channel_bundle::create(bundle.channel_id(), next);
  REQUIRE_MESSAGE(made.has_value(), why(made));
  return *made;
}

/// CONFIG_UPDATE envelope around an update, as it stands in last_update.
::common::Envelope wrapped(const bytes& config_update_envelope, ::common::HeaderType type = ::common::CONFIG_UPDATE) {
  ::common::ChannelHeader header;
  header.set_type(type);
  ::common::Payload payload;
  payload.mutable_header()->set_channel_header(proto::encode(header));
  payload.set_data(config_update_envelope);
  ::common::Envelope e;
  e.set_payload(proto::encode(payload));
  return e;
}

crypto::signing_identity admin0() { return golden_user("Admin@example.com"); }
crypto::signing_identity admin1() { return golden_user("Admin@org1.example.com"); }
crypto::signing_identity admin2() { return golden_user("Admin@org2.example.com"); }

/// An update that puts `value` into the existing value `name` of the group at `path`.
bytes value_update(const channel_bundle& channel, const std::vector<std::string>& path, const std::string& name, const google::protobuf::Message& value,
                   const std::vector<crypto::signing_identity>& signers) {
  tree* write = nullptr;
  auto update = update_at(channel, path, &write);
  set_value(*write, name, value);
  write->mutable_values()->at(name).set_version(group_at(channel.config().channel_group(), path).values().at(name).version() + 1);
  return signed_update(update, signers);
}

::orderer::BatchSize batch(std::uint32_t count) {
  ::orderer::BatchSize size;
  size.set_max_message_count(count);
  size.set_absolute_max_bytes(99 * MiB);
  size.set_preferred_max_bytes(512 * KiB);
  return size;
}

::orderer::ConsensusType consensus(const std::string& type, const std::string& metadata, bool maintenance) {
  ::orderer::ConsensusType c;
  c.set_type(type);
  c.set_metadata(metadata);
  c.set_state(maintenance ? ::orderer::ConsensusType::STATE_MAINTENANCE : ::orderer::ConsensusType::STATE_NORMAL);
  return c;
}

}  // namespace

TEST_CASE("the golden anchor update leads to the configuration that Fabric ordered") {
  const auto genesis = golden_bundle("mychannel");
  const auto proposed = genesis->propose_update(anchor_update(), verifier());
  REQUIRE_MESSAGE(proposed.has_value(), why(proposed));
  const auto ordered = config_of(golden_block("blocks/mychannel.1.block"));
  CHECK(proposed->sequence() == 1);
  CHECK(same_tree(proposed->channel_group(), ordered.config().channel_group()));

  const auto applied = genesis->apply(ordered, verifier());
  REQUIRE_MESSAGE(applied.has_value(), why(applied));
  CHECK((*applied)->sequence() == config_sequence{1});
  CHECK((*applied)->channel_id() == "mychannel");
  CHECK((*applied)->application_orgs()[0].anchor_peers.size() == 1);
}

TEST_CASE("but for versions, the update leads to the configuration that it was computed from") {
  const auto proposed = golden_bundle("mychannel")->propose_update(anchor_update(), verifier());
  const auto modified = decoded<::common::Config>(golden_file("config/anchor-update.modified-config.pb"));
  auto tree_without_version = proposed->channel_group();
  group_at(tree_without_version, {"Application", "Org1MSP"}).set_version(0);
  CHECK(same_tree(tree_without_version, modified.channel_group()));
}

TEST_CASE("a stale update is refused in Fabric's words") {
  const auto genesis = golden_bundle("mychannel");
  const auto ordered = config_of(golden_block("blocks/mychannel.1.block"));
  const auto first = *genesis->apply(ordered, verifier());
  const auto again = first->propose_update(anchor_update(), verifier());
  REQUIRE_FALSE(again.has_value());
  CHECK(again.error().code == errc::conflict);
  CHECK(again.error().context ==
        "error authorizing update: error validating ReadSet: proposed update requires that key [Group]  /Channel/Application/Org1MSP be at version 0, "
        "but it is currently at version 1");
  const auto applied = first->apply(ordered, verifier());
  REQUIRE_FALSE(applied.has_value());
  CHECK(applied.error().code == errc::conflict);
  CHECK(applied.error().context == "config currently at sequence 1, cannot validate config at sequence 1");
}

TEST_CASE("an update without the signature that it needs is refused in Fabric's words") {
  const auto genesis = golden_bundle("mychannel");
  const auto unsigned_one = golden_update("anchor-update.envelope-unsigned.pb");
  const auto update = decoded<::common::ConfigUpdate>(golden_file("config/anchor-update.configupdate.pb"));
  auto tampered = decoded<::common::ConfigUpdateEnvelope>(anchor_update());
  tampered.mutable_signatures(0)->mutable_signature()->back() ^= 1;
  auto moved = decoded<::common::ConfigUpdateEnvelope>(anchor_update());  // a signature over other bytes
  auto other = update;
  (*other.mutable_isolated_data())["x"] = "y";
  moved.set_config_update(proto::encode(other));
  for (const bytes& u : {unsigned_one, signed_update(update, {admin2()}), signed_update(update, {golden_user("User1@org1.example.com")}),
                         signed_update(update, {admin0(), admin2()}), proto::encode(tampered), proto::encode(moved)}) {
    const auto refused = genesis->propose_update(u, verifier());
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == errc::permission_denied);
    CHECK(refused.error().context == "error authorizing update: error validating DeltaSet: policy for [Group]  /Channel/Application/Org1MSP not satisfied: "
                                     "signature set did not satisfy policy");
  }
  CHECK(genesis->propose_update(signed_update(update, {admin2(), admin1()}), verifier()).has_value());
}

TEST_CASE("a config block must carry exactly what its update leads to") {
  const auto genesis = golden_bundle("mychannel");
  const auto good = config_of(golden_block("blocks/mychannel.1.block"));
  struct row { const char* why; std::function<void(::common::ConfigEnvelope&)> edit; };
  const row rows[] = {
      {"config envelope has nil config", [](auto& e) { e.clear_config(); }},
      {"config envelope has no last update", [](auto& e) { e.clear_last_update(); }},
      {"config currently at sequence 0, cannot validate config at sequence 2", [](auto& e) { e.mutable_config()->set_sequence(2); }},
      {"ConfigEnvelope LastUpdate did not produce the supplied config result",
       [](auto& e) { group_at(*e.mutable_config()->mutable_channel_group(), {"Application", "Org2MSP"}).mutable_values()->at("MSP").set_version(1); }},
      {"ConfigEnvelope LastUpdate did not produce the supplied config result",
       [](auto& e) { group_at(*e.mutable_config()->mutable_channel_group(), {"Application"}).mutable_groups()->erase("Org2MSP"); }},
      {"ConfigEnvelope LastUpdate did not produce the supplied config result", [](auto& e) { e.mutable_config()->clear_channel_group(); }},
      {"error unmarshalling Payload", [](auto& e) { e.mutable_last_update()->set_payload("\xff"); }},
      {"envelope must have a Header", [](auto& e) { e.mutable_last_update()->clear_payload(); }},
      {"invalid type CONFIG, expected CONFIG_UPDATE", [](auto& e) { *e.mutable_last_update() = wrapped(anchor_update(), ::common::CONFIG); }},
      {"error unmarshalling message for type CONFIG_UPDATE", [](auto& e) { *e.mutable_last_update() = wrapped("\xff"); }},
      {"error validating DeltaSet: policy for [Group]  /Channel/Application/Org1MSP not satisfied: signature set did not satisfy policy",
       [](auto& e) { *e.mutable_last_update() = wrapped(golden_update("anchor-update.envelope-unsigned.pb")); }},
  };
  for (const auto& r : rows) {
    CAPTURE(r.why);
    auto broken = good;
    r.edit(broken);
    CHECK(why(genesis->apply(broken, verifier())) == r.why);
  }
  auto rewrapped = good;  // the envelope around the update does not matter, only the update does
  *rewrapped.mutable_last_update() = wrapped(anchor_update());
  CHECK(why(genesis->apply(rewrapped, verifier())) == "");
}

TEST_CASE("malformed updates and their texts") {
  const auto genesis = golden_bundle("mychannel");
  const std::string prefix = "error authorizing update: ";
  const auto propose = [&](const ::common::ConfigUpdate& update) { return why(genesis->propose_update(signed_update(update, {admin0(), admin1(), admin2()}), verifier())); };
  CHECK(why(genesis->propose_update("\xff", verifier())).starts_with("error converting envelope to config update: "));
  ::common::ConfigUpdateEnvelope torn;
  torn.set_config_update("\xff");
  CHECK(why(genesis->propose_update(proto::encode(torn), verifier())) == prefix + "error unmarshalling ConfigUpdate");

  ::common::ConfigUpdate update;
  update.set_channel_id("other");
  CHECK(propose(update) == prefix + "ConfigUpdate for channel 'other' but envelope for channel 'mychannel'");
  update.set_channel_id("mychannel");
  CHECK(propose(update) == prefix + "error validating DeltaSet: delta set was empty -- update would have no effect");

  tree* write = nullptr;
  update = update_at(*genesis, {"Application"}, &write);
  CHECK(propose(update) == prefix + "error validating DeltaSet: delta set was empty -- update would have no effect");

  auto bad = update;
  (*bad.mutable_read_set()->mutable_values())["Nothing"];
  CHECK(propose(bad) == prefix + "error validating ReadSet: existing config does not contain element for [Value]  /Channel/Nothing but was in the read set");

  bad = update;
  (*bad.mutable_write_set()->mutable_values())["a b"];
  CHECK(propose(bad) == prefix + "error mapping WriteSet: illegal name 'a b' below /Channel: config ID 'a b' contains illegal characters");

  write->set_version(1);
  CHECK(propose(update) == prefix + "error validating DeltaSet: invalid mod_policy for element [Group]  /Channel/Application: mod_policy not set");
  write->set_mod_policy("Ad mins");
  CHECK(propose(update) == prefix + "error validating DeltaSet: invalid mod_policy for element [Group]  /Channel/Application: path element at 0 is invalid: "
                                    "config ID 'Ad mins' contains illegal characters");
  write->set_mod_policy("/Channel//Admins");
  CHECK(propose(update).find("path element at 1 is invalid: config ID illegal, cannot be empty") != std::string::npos);
  write->set_mod_policy("Admins");
  write->set_version(2);
  CHECK(propose(update) == prefix + "error validating DeltaSet: attempt to set key [Group]  /Channel/Application to version 2, but key is at version 0");

  update = update_at(*genesis, {"Application"}, &write);
  (*write->mutable_policies())["New"].set_version(1);
  write->mutable_policies()->at("New").set_mod_policy("Admins");
  CHECK(propose(update) == prefix + "error validating DeltaSet: attempted to set key [Policy] /Channel/Application/New to version 1, but key does not exist");

  ::common::ConfigUpdateEnvelope many;
  while (many.signatures_size() <= update_signatures_max) many.add_signatures();
  many.set_config_update(proto::encode(update_at(*genesis, {}, &write)));
  CHECK(why(genesis->propose_update(proto::encode(many), verifier())).find("more than 1024") != std::string::npos);
  many.clear_signatures();
  many.add_signatures()->set_signature_header("\xff");
  CHECK(why(genesis->propose_update(proto::encode(many), verifier())) == prefix + "error unmarshalling the signature header of a config signature");
}

// A flip may hide the group's new version; then nothing is left that needs a signature, and nothing changes (as below, where the
// group was not bumped).
TEST_CASE("damaged updates lead nowhere") {
  const auto genesis = golden_bundle("mychannel");
  seeded_random random(0x51f4);
  for (int round = 0; round < 2000; ++round) {
    bytes damaged = anchor_update();
    damaged[random.below(damaged.size())] ^= static_cast<char>(1 << random.below(8));
    if (round % 20 == 0) damaged.resize(random.below(damaged.size()));
    const auto proposed = genesis->propose_update(damaged, verifier());
    if (proposed) CHECK(same_tree(proposed->channel_group(), genesis->config().channel_group()));
    else CHECK_FALSE(why(proposed).empty());
  }
}

TEST_CASE("an update deeper than a parser goes is refused, not followed") {
  ::common::ConfigUpdate update;
  update.set_channel_id("mychannel");
  tree* at = update.mutable_write_set();
  for (int i = 0; i < 20; ++i) at = &(*at->mutable_groups())["g"];
  const auto refused = golden_bundle("mychannel")->propose_update(signed_update(update, {}), verifier());
  CHECK(why(refused).find("error mapping WriteSet: the configuration tree is nested too deeply") != std::string::npos);
}

TEST_CASE("each element asks the policy that guards it now") {
  const auto genesis = golden_bundle("mychannel");
  const std::vector<std::string> orderers{"Orderer"};
  CHECK(why(genesis->propose_update(value_update(*genesis, orderers, "BatchSize", batch(50), {admin1(), admin2()}), verifier())) ==
        "error authorizing update: error validating DeltaSet: policy for [Value]  /Channel/Orderer/BatchSize not satisfied: implicit policy evaluation failed - "
        "0 sub-policies were satisfied, but this policy requires 1 of the 'Admins' sub-policies to be satisfied");
  const auto next = genesis->propose_update(value_update(*genesis, orderers, "BatchSize", batch(50), {admin0()}), verifier());
  REQUIRE_MESSAGE(next.has_value(), why(next));
  CHECK(after(*genesis, *next)->batching().max_message_count == 50);
  CHECK(group_at(next->channel_group(), orderers).version() == 0);
  CHECK(group_at(next->channel_group(), orderers).values().at("BatchSize").version() == 1);
}

TEST_CASE("an element without mod_policy, or guarded by a policy that is missing, cannot change") {
  auto config = config_of(golden_genesis("mychannel")).config();
  auto& size = group_at(*config.mutable_channel_group(), {"Orderer"}).mutable_values()->at("BatchSize");
  for (const char* mod_policy : {"", "Nobody", "/Channel/Nowhere/Admins", "/"}) {
    size.set_mod_policy(mod_policy);
    const auto bundle = *channel_bundle::create("mychannel", config);
    const auto refused = bundle->propose_update(value_update(*bundle, {"Orderer"}, "BatchSize", batch(5), {admin0(), admin1(), admin2()}), verifier());
    CHECK(why(refused) == "error authorizing update: error validating DeltaSet: unexpected missing policy " + std::string(mod_policy) +
                              " for item [Value]  /Channel/Orderer/BatchSize");
  }
}

TEST_CASE("organizations come and go with the version of their group") {
  const auto genesis = golden_bundle("mychannel");
  tree* write = nullptr;
  auto update = update_at(*genesis, {"Application"}, &write);
  const auto& application = group_at(genesis->config().channel_group(), {"Application"});
  write->set_version(1);
  write->set_mod_policy("Admins");
  for (const auto& [name, policy] : application.policies()) (*write->mutable_policies())[name].set_version(policy.version());
  for (const auto& [name, value] : application.values()) (*write->mutable_values())[name].set_version(value.version());
  auto& read = group_at(*update.mutable_read_set(), {"Application"});
  *read.mutable_policies() = write->policies();
  *read.mutable_values() = write->values();
  (*write->mutable_groups())["Org1MSP"];
  (*read.mutable_groups())["Org1MSP"];  // Org2MSP is not listed: it leaves

  const auto half = genesis->propose_update(signed_update(update, {admin1()}), verifier());
  CHECK(why(half).find("policy for [Group]  /Channel/Application not satisfied: implicit policy evaluation failed - 1 sub-policies were satisfied, but this "
                       "policy requires 2 of the 'Admins' sub-policies to be satisfied") != std::string::npos);
  const auto next = genesis->propose_update(signed_update(update, {admin1(), admin2()}), verifier());
  REQUIRE_MESSAGE(next.has_value(), why(next));
  const auto smaller = after(*genesis, *next);
  REQUIRE(smaller->application_orgs().size() == 1);
  CHECK(smaller->application_orgs()[0].group == "Org1MSP");
  CHECK_FALSE(smaller->has_policy("/Channel/Application/Org2MSP/Admins"));
  CHECK_FALSE(smaller->msps()->validate(admin2().serialized()).has_value());
}

TEST_CASE("an element whose group was not bumped is dropped without a word") {
  const auto genesis = golden_bundle("mychannel");
  tree* write = nullptr;
  auto update = update_at(*genesis, {"Application", "Org1MSP"}, &write);
  write->mutable_values()->insert({"AnchorPeers", ::common::ConfigValue()});
  write->mutable_values()->at("AnchorPeers").set_mod_policy("Admins");
  const auto next = genesis->propose_update(signed_update(update, {}), verifier());
  REQUIRE_MESSAGE(next.has_value(), why(next));
  CHECK(same_tree(next->channel_group(), genesis->config().channel_group()));
  CHECK(next->sequence() == 1);
}

TEST_CASE("a result that is no good configuration is refused") {
  const auto genesis = golden_bundle("mychannel");
  CHECK(why(genesis->propose_update(value_update(*genesis, {"Orderer"}, "BatchSize", batch(0), {admin0()}), verifier()))
            .starts_with("initializing channelconfig failed: could not create channel Orderer sub-group config: "
                         "/Channel/Orderer/BatchSize: Attempted to set the batch size max message count"));
  ::common::Capabilities future;
  (*future.mutable_capabilities())["V7_0"];
  CHECK(why(genesis->propose_update(value_update(*genesis, {"Application"}, "Capabilities", future, {admin1(), admin2()}), verifier())) ==
        "config update is not compatible: config requires unsupported application capabilities: Application capability V7_0 is required but not supported: Application capability V7_0 is required but not supported");
}

TEST_CASE("what may not change from one configuration to the next") {
  struct row { const char* why; std::function<void(channel_sections&, channel_sections&)> edit; bool same_otherwise = true; };
  const row rows[] = {
      {"", [](auto&, auto&) {}},
      {"", [](auto&, auto&) {}, false},
      {"current config has orderer section, but new config does not", [](auto&, auto& to) { to.has_orderer = false; }},
      {"current config has application section, but new config does not", [](auto&, auto& to) { to.has_application = false; }},
      {"current config has consortiums section, but new config does not", [](auto& from, auto&) { from.has_consortiums = true; }},
      {"", [](auto&, auto& to) { to.has_consortiums = true; }},
      {"application org Org1 attempted to change MSP ID from A to B", [](auto&, auto& to) { to.application[0].msp_id = "B"; }},
      {"orderer org Ord attempted to change MSP ID from O to P", [](auto&, auto& to) { to.orderers[0].msp_id = "P"; }},
      {"", [](auto&, auto& to) { to.orderers.clear(); to.application.clear(); }, false},
      {"", [](auto&, auto& to) { to.consensus_metadata = "new"; }, false},
      {"attempted to change consensus type from etcdraft to BFT, but current config ConsensusType.State is not in maintenance mode",
       [](auto&, auto& to) { to.consensus_type = "BFT"; }, false},
      {"attempted to change ConsensusType.Type from etcdraft to BFT, but ConsensusType.State is changing from STATE_MAINTENANCE to STATE_NORMAL",
       [](auto& from, auto& to) { from.maintenance = true; to.consensus_type = "BFT"; }, false},
      {"", [](auto& from, auto& to) { from.maintenance = to.maintenance = true; to.consensus_type = "BFT"; to.consensus_metadata = "m"; }, false},
      {"", [](auto& from, auto& to) { from.maintenance = to.maintenance = true; from.consensus_type = "kafka"; }, false},
      {"attempted to change consensus type from etcdraft to solo, transition not supported",
       [](auto& from, auto& to) { from.maintenance = to.maintenance = true; to.consensus_type = "solo"; }, false},
      {"attempted to change consensus type from kafka to etcdraft",
       [](auto& from, auto& to) { from.caps.channel_v1_4_2 = false; from.maintenance = to.maintenance = true; from.consensus_type = "kafka"; }, false},
      {"", [](auto&, auto& to) { to.maintenance = true; }},
      {"", [](auto& from, auto&) { from.maintenance = true; }},
      {"config update contains changes to more than the ConsensusType value, but ConsensusType.State is changing from STATE_NORMAL to STATE_MAINTENANCE",
       [](auto&, auto& to) { to.maintenance = true; }, false},
      {"attempted to change ConsensusType.Metadata, but ConsensusType.State is changing from STATE_MAINTENANCE to STATE_NORMAL",
       [](auto& from, auto& to) { from.maintenance = true; to.consensus_metadata = "new"; }},
      {"attempted to change ConsensusType.Type from etcdraft to solo, but ConsensusType.State is changing from STATE_NORMAL to STATE_MAINTENANCE",
       [](auto&, auto& to) { to.maintenance = true; to.consensus_type = "solo"; }},
  };
  for (std::size_t i = 0; i < std::size(rows); ++i) {
    CAPTURE(i);
    channel_sections from;
    from.caps.channel_v1_4_2 = from.has_orderer = from.has_application = true;
    from.consensus_type = "etcdraft";
    from.application.push_back({.group = "Org1", .msp_id = "A"});
    from.orderers.push_back({.group = "Ord", .msp_id = "O"});
    channel_sections to = from;
    rows[i].edit(from, to);
    CHECK(why(check_transition(from, to, rows[i].same_otherwise)) == std::string(rows[i].why));
  }
}

TEST_CASE("maintenance is entered and left alone, through real updates") {
  const auto genesis = golden_bundle("mychannel");
  const std::string metadata(genesis->consensus_metadata());
  const auto enter = value_update(*genesis, {"Orderer"}, "ConsensusType", consensus("etcdraft", metadata, true), {admin0()});
  const auto entered = genesis->propose_update(enter, verifier());
  REQUIRE_MESSAGE(entered.has_value(), why(entered));
  const auto maintenance = after(*genesis, *entered);
  CHECK(genesis->apply([&] { ::common::ConfigEnvelope e; *e.mutable_config() = *entered; *e.mutable_last_update() = wrapped(enter); return e; }(), verifier()).has_value());

  tree* write = nullptr;
  auto both = update_at(*genesis, {"Orderer"}, &write);
  set_value(*write, "ConsensusType", consensus("etcdraft", metadata, true));
  set_value(*write, "BatchSize", batch(9));
  for (auto& [name, value] : *write->mutable_values()) value.set_version(1);
  CHECK(why(genesis->propose_update(signed_update(both, {admin0()}), verifier())).starts_with("config update contains changes to more than the ConsensusType value"));

  CHECK(maintenance->propose_update(value_update(*maintenance, {"Orderer"}, "ConsensusType", consensus("etcdraft", metadata, false), {admin0()}), verifier())
            .has_value());
  CHECK(why(maintenance->propose_update(value_update(*maintenance, {"Orderer"}, "ConsensusType", consensus("solo", metadata, true), {admin0()}), verifier())) ==
        "attempted to change consensus type from etcdraft to solo, transition not supported");
}

TEST_CASE("an organization cannot take another MSP id") {
  const auto genesis = golden_bundle("mychannel");
  const auto& org = group_at(genesis->config().channel_group(), {"Application", "Org1MSP"});
  auto config = decoded<::msp::MSPConfig>(org.values().at("MSP").value());
  auto definition = decoded<::msp::FabricMSPConfig>(config.config());
  definition.set_name("OrgXMSP");
  config.set_config(proto::encode(definition));
  const auto refused = genesis->propose_update(value_update(*genesis, {"Application", "Org1MSP"}, "MSP", config, {admin1()}), verifier());
  CHECK(why(refused) == "application org Org1MSP attempted to change MSP ID from Org1MSP to OrgXMSP");
}
