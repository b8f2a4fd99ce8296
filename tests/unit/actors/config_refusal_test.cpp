// Updates that must change nothing: each is refused at Broadcast with Fabric's status and text, and the channel goes on.
#include "tests/unit/actors/config_change.hpp"

#include "common/common.pb.h"
#include "common/configuration.pb.h"
#include "common/policies.pb.h"
#include "msp/msp_config.pb.h"
#include "orderer/configuration.pb.h"
#include "peer/configuration.pb.h"

using namespace weft;
using namespace weft::testing;

namespace {

using tree = ::common::ConfigGroup;
using signers = std::vector<crypto::signing_identity>;

void touch(tree& root) {
  ::orderer::BatchSize size;
  size.set_max_message_count(3);
  size.set_absolute_max_bytes(10 * MiB);
  size.set_preferred_max_bytes(2 * MiB);
  put_value(group_at(root, {"Orderer"}), "BatchSize", size);
}
void drop_org2(tree& root) { group_at(root, {"Application"}).mutable_groups()->erase("Org2"); }

const std::string applying = "error applying config update to existing channel 'mychannel': ", authorizing = applying + "error authorizing update: ";
const std::string orderer_policy = authorizing + "error validating DeltaSet: policy for [Value]  /Channel/Orderer/BatchSize not satisfied: "
                                                 "implicit policy evaluation failed - 0 sub-policies were satisfied, but this policy requires 1 of the 'Admins' "
                                                 "sub-policies to be satisfied";

}  // namespace

TEST_CASE("an update that nobody entitled has signed is refused with Fabric's text") {
  changing_network n{31};
  const auto before = n.now()->sequence();
  const auto good = update_by(*n.now(), touch);
  const auto send = [&](const bytes& update, const std::string& submitter) { return n.net.broadcast(update_envelope("mychannel", update, n.user(submitter))); };
  auto torn = sign_update(good, n.all_admins());
  auto foreign_bytes = [&] {  // signatures of another update
    ::common::ConfigUpdateEnvelope e;
    REQUIRE(e.ParseFromString(sign_update(update_by(*n.now(), drop_org2), n.all_admins())));
    e.set_config_update(proto::encode(good));
    return proto::encode(e);
  }();
  const auto admin1 = n.user("Admin@org1.example.com"), admin2 = n.user("Admin@org2.example.com"), admin0 = n.user("Admin@example.com");
  struct row { const char* name; bytes update; std::string submitter; int status; std::string says; };
  const row rows[] = {
      {"no signature at all", sign_update(good, {}), user1, 400, orderer_policy},
      {"the submitter's signature does not count", sign_update(good, {}), "Admin@example.com", 400, orderer_policy},
      {"the wrong organization's administrators", sign_update(good, {admin1, admin2}), user1, 400, orderer_policy},
      {"a user of the right organization", sign_update(update_by(*n.now(), drop_org2), {n.user(user1), n.user(user2)}), user1, 400,
       authorizing + "error validating DeltaSet: policy for [Group]  /Channel/Application not satisfied: implicit policy evaluation failed - 0 sub-policies "
                     "were satisfied, but this policy requires 2 of the 'Admins' sub-policies to be satisfied"},
      {"one administrator twice is one", sign_update(update_by(*n.now(), drop_org2), {admin1, admin1, admin1}), user1, 400,
       authorizing + "error validating DeltaSet: policy for [Group]  /Channel/Application not satisfied: implicit policy evaluation failed - 1 sub-policies "
                     "were satisfied, but this policy requires 2 of the 'Admins' sub-policies to be satisfied"},
      {"signatures of another update", foreign_bytes, user1, 400, orderer_policy},
      {"half an update", torn.substr(0, torn.size() / 2), user1, 400, applying + "error converting envelope to config update: "},
      {"no update", "\xff\xff", user1, 400, applying + "error converting envelope to config update: "},
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    const auto reply = send(r.update, r.submitter);
    CHECK(reply.status == r.status);
    CHECK_MESSAGE(reply.info.rfind(r.says, 0) == 0, reply.info);
  }
  CHECK(n.now()->sequence() == before);
  // Anybody who may write may submit what the right ones have signed.
  CHECK(send(sign_update(good, {admin0}), user2).status == 200);
  CHECK(n.settled(before.value + 1));
}

TEST_CASE("an update is filtered like any other message, with a prefix") {
  changing_network n{32};
  const auto update = sign_update(update_by(*n.now(), touch), n.all_admins());
  const std::string initial = "config update for existing channel did not pass initial checks: ";
  auto tampered = update_envelope("mychannel", update, n.user(user1));
  auto raw = tampered.raw().to_bytes();
  raw.back() ^= 1;
  struct row { const char* name; ledger::envelope tx; int status; std::string says; };
  const auto elsewhere = update_by(*n.now(), touch);
  auto for_other = elsewhere;
  for_other.set_channel_id("otherchannel");
  const row rows[] = {
      {"a peer may not write", update_envelope("mychannel", update, *n.net.node().peers()[0]->identity), 403, initial + "implicit policy evaluation failed"},
      {"a broken signature around it", ledger::envelope::parse(shared_bytes{raw}).value(), 403, initial + "implicit policy evaluation failed"},
      {"for an unknown channel", update_envelope("otherchannel", update, n.user(user1)), 400, "channel does not exist"},
      {"for another channel than its envelope", update_envelope("mychannel", sign_update(for_other, n.all_admins()), n.user(user1)), 400,
       authorizing + "ConfigUpdate for channel 'otherchannel' but envelope for channel 'mychannel'"},
      {"larger than a message may be", update_envelope("mychannel", update + bytes(11 * MiB, '\0'), n.user(user1)), 400, initial + "message payload is "},
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    const auto reply = n.net.broadcast(r.tx);
    CHECK(reply.status == r.status);
    CHECK_MESSAGE(reply.info.rfind(r.says, 0) == 0, reply.info);
  }
  CHECK(n.now()->sequence().value == 0);
}

TEST_CASE("a configuration that grows larger than a message may be does not pass the final checks") {
  changing_network n{33};
  n.must_change([](auto& root) {
    ::orderer::BatchSize size;
    size.set_max_message_count(10);
    size.set_absolute_max_bytes(64 * KiB);
    size.set_preferred_max_bytes(32 * KiB);
    put_value(group_at(root, {"Orderer"}), "BatchSize", size);
  });
  // Read set and write set name one new policy only; the tree around it weighs more than its update.
  const auto with = [&](std::size_t weight) {
    ::common::ConfigUpdate update;
    update.set_channel_id("mychannel");
    const auto& now = n.now()->config().channel_group();
    update.mutable_read_set()->set_version(now.version());
    auto& write = *update.mutable_write_set();
    write.set_version(now.version());
    const auto& orderer = now.groups().at("Orderer");
    auto& changed = (*write.mutable_groups())["Orderer"];
    changed.set_version(orderer.version());
    (*update.mutable_read_set()->mutable_groups())["Orderer"].set_version(orderer.version());
    auto& value = (*changed.mutable_values())["ConsensusType"];
    value.set_version(orderer.values().at("ConsensusType").version() + 1);
    value.set_mod_policy("Admins");
    ::orderer::ConsensusType type;
    type.set_type("solo");
    type.set_metadata(bytes(weight, 'x'));
    value.set_value(proto::encode(type));
    return update_envelope("mychannel", sign_update(update, {n.user("Admin@example.com")}), n.user("Admin@example.com"));
  };
  const auto reply = n.net.broadcast(with(40'000));
  CHECK(reply.status == 400);
  CHECK_MESSAGE(reply.info.rfind("config update for existing channel did not pass final checks: message payload is ", 0) == 0, reply.info);
  CHECK(n.net.broadcast(with(100)).status == 200);
}

TEST_CASE("updates that would break the channel, although everybody has signed them") {
  changing_network n{34};
  const auto value_of = [](tree& root, const std::vector<std::string>& path, const std::string& name) -> ::common::ConfigValue& {
    return group_at(root, path).mutable_values()->at(name);
  };
  struct row { const char* name; config_edit edit; std::string says; };
  const row rows[] = {
      {"the orderer group is removed", [](tree& root) { root.mutable_groups()->erase("Orderer"); }, "current config has orderer section, but new config does not"},
      {"the application group is removed", [](tree& root) { root.mutable_groups()->erase("Application"); },
       "current config has application section, but new config does not"},
      {"a policy that does not parse",
       [](tree& root) { group_at(root, {"Application"}).mutable_policies()->at("Writers").mutable_policy()->set_value("\xff\xff"); },
       "policy Writers at path /Channel/Application did not compile"},
      {"a policy of an unknown kind", [](tree& root) { group_at(root, {}).mutable_policies()->at("Readers").mutable_policy()->set_type(77); }, "did not compile"},
      {"a capability from the future",
       [](tree& root) {
         ::common::Capabilities c;
         (*c.mutable_capabilities())["V99_0"];
         put_value(group_at(root, {"Application"}), "Capabilities", c);
       },
       "V99_0"},
      {"another MSP id",
       [&](tree& root) {
         ::msp::MSPConfig config;
         REQUIRE(config.ParseFromString(value_of(root, {"Application", "Org1"}, "MSP").value()));
         ::msp::FabricMSPConfig definition;
         REQUIRE(definition.ParseFromString(config.config()));
         definition.set_name("StolenMSP");
         config.set_config(proto::encode(definition));
         put_value(group_at(root, {"Application", "Org1"}), "MSP", config);
       },
       "attempted to change MSP ID from Org1MSP to StolenMSP"},
      {"an MSP without roots",
       [](tree& root) {
         ::msp::FabricMSPConfig definition;
         definition.set_name("Org1MSP");
         ::msp::MSPConfig config;
         config.set_config(proto::encode(definition));
         put_value(group_at(root, {"Application", "Org1"}), "MSP", config);
       },
       "/Channel/Application/Org1/MSP"},
      {"blocks of nothing",
       [](tree& root) {
         ::orderer::BatchSize size;
         size.set_absolute_max_bytes(10);
         size.set_preferred_max_bytes(10);
         put_value(group_at(root, {"Orderer"}), "BatchSize", size);
       },
       "Attempted to set the batch size max message count to an invalid value: 0"},
      {"a timeout that goes back",
       [](tree& root) {
         ::orderer::BatchTimeout timeout;
         timeout.set_timeout("-1s");
         put_value(group_at(root, {"Orderer"}), "BatchTimeout", timeout);
       },
       "Attempted to set the batch timeout to a non-positive value: -1s"},
      {"another consensus type",
       [](tree& root) {
         ::orderer::ConsensusType type;
         type.set_type("etcdraft");
         put_value(group_at(root, {"Orderer"}), "ConsensusType", type);
       },
       "attempted to change consensus type from solo to etcdraft, but current config ConsensusType.State is not in maintenance mode"},
      {"a consensus type of nobody",
       [](tree& root) {
         ::orderer::ConsensusType type;
         type.set_type("paxos");
         put_value(group_at(root, {"Orderer"}), "ConsensusType", type);
       },
       "attempted to change consensus type from solo to paxos, but current config ConsensusType.State is not in maintenance mode"},
      {"a value nobody knows", [](tree& root) { put_value(group_at(root, {"Orderer"}), "Surprise", ::orderer::BatchTimeout()); }, "Unexpected key Surprise"},
      {"a group nobody knows", [](tree& root) { (*root.mutable_groups())["Guests"].set_mod_policy("Admins"); }, "Disallowed channel group: Guests"},
      {"nothing at all", [](tree&) {}, "error authorizing update: error validating DeltaSet: delta set was empty -- update would have no effect"},
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    const auto reply = n.change(r.edit, n.all_admins());
    CHECK(reply.status == 400);
    CHECK_MESSAGE(reply.info.rfind(applying, 0) == 0, reply.info);
    CHECK_MESSAGE(reply.info.find(r.says) != std::string::npos, reply.info);
  }
  struct version_row { const char* name; std::function<void(::common::ConfigUpdate&)> edit; std::string says; };
  const auto written = [](::common::ConfigUpdate& u) -> ::common::ConfigValue& { return u.mutable_write_set()->mutable_groups()->at("Orderer").mutable_values()->at("BatchSize"); };
  const version_row versions[] = {
      {"a version too far", [&](auto& u) { written(u).set_version(2); },
       authorizing + "error validating DeltaSet: attempt to set key [Value]  /Channel/Orderer/BatchSize to version 2, but key is at version 0"},
      {"a version that stays", [&](auto& u) { written(u).set_version(0); }, authorizing + "error validating DeltaSet: attempt to set key [Value]  /Channel/Orderer/BatchSize to version 0, but key is at version 0"},
      {"a version from the past or the future in the read set", [](auto& u) { u.mutable_read_set()->set_version(9); },
       authorizing + "error validating ReadSet: proposed update requires that key [Group]  /Channel be at version 9, but it is currently at version 0"},
      {"the root's version jumps", [](auto& u) {
         u.mutable_write_set()->set_version(18446744073709551615ull);
         u.mutable_write_set()->set_mod_policy("Admins");
       },
       authorizing + "error validating DeltaSet: attempt to set key [Group]  /Channel to version"},
  };
  for (const auto& r : versions) {
    CAPTURE(r.name);
    auto update = update_by(*n.now(), touch);
    r.edit(update);
    const auto reply = n.net.broadcast(update_envelope("mychannel", sign_update(update, n.all_admins()), n.user(user1)));
    CHECK(reply.status == 400);
    CHECK_MESSAGE(reply.info.rfind(r.says, 0) == 0, reply.info);
  }
  CHECK(n.now()->sequence().value == 0);
  CHECK(n.net.invoke(user1, "kv", {"put", "still", "here"}).code == 0);
}

TEST_CASE("hostile updates of a channel that is not in maintenance are refused for what they are, in Fabric's words") {
  changing_network n{36};
  const auto edit_msp = [](std::vector<std::string> path, std::function<void(::msp::FabricMSPConfig&)> change) -> config_edit {
    return [path = std::move(path), change = std::move(change)](tree& root) {
      ::msp::MSPConfig config;
      REQUIRE(config.ParseFromString(group_at(root, path).values().at("MSP").value()));
      ::msp::FabricMSPConfig definition;
      REQUIRE(definition.ParseFromString(config.config()));
      change(definition);
      config.set_config(proto::encode(definition));
      put_value(group_at(root, path), "MSP", config);
    };
  };
  const std::vector<std::string> org1{"Application", "Org1"};
  struct row { const char* name; config_edit edit; std::string says; };
  const row rows[] = {
      {"another hashing algorithm", [](tree& root) {
         ::common::HashingAlgorithm algorithm;
         algorithm.set_name("MD5");
         put_value(root, "HashingAlgorithm", algorithm);
       }, "initializing channelconfig failed: /Channel/HashingAlgorithm: Unknown hashing algorithm type: MD5"},
      {"another width of the data hash", [](tree& root) {
         ::common::BlockDataHashingStructure width;
         width.set_width(2);
         put_value(root, "BlockDataHashingStructure", width);
       }, "initializing channelconfig failed: /Channel/BlockDataHashingStructure: BlockDataHashStructure width only supported at MaxUint32 in this version"},
      {"an MSP's id", edit_msp(org1, [](auto& m) { m.set_name("StolenMSP"); }), "application org Org1 attempted to change MSP ID from Org1MSP to StolenMSP"},
      {"an empty MSP id", edit_msp(org1, [](auto& m) { m.set_name(""); }),
       "initializing channelconfig failed: could not create channel Application sub-group config: /Channel/Application/Org1/MSP: MSP for org Org1 has empty MSP ID"},
      {"no root authority", edit_msp(org1, [](auto& m) { m.clear_root_certs(); }),
       "initializing channelconfig failed: could not create channel Application sub-group config: /Channel/Application/Org1/MSP: setting up the MSP manager failed: MSP Org1MSP: expected at least one CA certificate"},
      {"a root authority that is none", edit_msp(org1, [](auto& m) { m.set_root_certs(0, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"); }),
       "initializing channelconfig failed: could not create channel Application sub-group config: /Channel/Application/Org1/MSP: setting up the MSP manager failed: MSP Org1MSP: root CA 0: malformed certificate: not exactly one DER certificate"},
      {"the MSP id of another organization", [](tree& root) {
         auto copy = group_at(root, {"Application", "Org1"});
         (*group_at(root, {"Application"}).mutable_groups())["Org3"] = copy;
       }, "initializing channelconfig failed: could not create channel Application sub-group config: /Channel/Application/Org3: MSP id Org1MSP is that of Org1 already"},
      {"the MSP id of the orderers", edit_msp(org1, [](auto& m) { m.set_name("OrdererMSP"); }),
       "initializing channelconfig failed: could not create channel Application sub-group config: /Channel/Application/Org1/MSP: Attempted to define two different versions of MSP: OrdererMSP"},
      {"no mod_policy in a new group", [](tree& root) {
         auto copy = group_at(root, {"Application", "Org1"});
         copy.clear_mod_policy();
         (*group_at(root, {"Application"}).mutable_groups())["Org3"] = copy;
       }, "error authorizing update: error validating DeltaSet: invalid mod_policy for element [Group]  /Channel/Application/Org3: mod_policy not set"},
      {"no mod_policy in a new value", [](tree& root) {
         put_value(group_at(root, {"Application"}), "ACLs", ::protos::ACLs());
         group_at(root, {"Application"}).mutable_values()->at("ACLs").clear_mod_policy();
       }, "error authorizing update: error validating DeltaSet: invalid mod_policy for element [Value]  /Channel/Application/ACLs: mod_policy not set"},
      {"a mod_policy is taken away", [](tree& root) { group_at(root, {"Application"}).mutable_policies()->at("Writers").clear_mod_policy(); },
       "error authorizing update: error validating DeltaSet: invalid mod_policy for element [Policy] /Channel/Application/Writers: mod_policy not set"},
      {"a group name with a slash", [](tree& root) {
         (*group_at(root, {"Application"}).mutable_groups())["Org/3"] = group_at(root, {"Application", "Org1"});
       }, "error authorizing update: error mapping WriteSet: illegal name 'Org/3' below /Channel/Application: config ID 'Org/3' contains illegal characters"},
      {"an empty group name", [](tree& root) {
         (*group_at(root, {"Application"}).mutable_groups())[""] = group_at(root, {"Application", "Org1"});
       }, "error authorizing update: error mapping WriteSet: illegal name '' below /Channel/Application: config ID illegal, cannot be empty"},
      {"a channel capability from the future", [](tree& root) {
         ::common::Capabilities c;
         (*c.mutable_capabilities())["V9_9"];
         put_value(root, "Capabilities", c);
       }, "config update is not compatible: config requires unsupported channel capabilities: Channel capability V9_9 is required but not supported: Channel capability V9_9 is required but not supported"},
      {"an orderer capability from the future", [](tree& root) {
         ::common::Capabilities c;
         (*c.mutable_capabilities())["V9_9"];
         put_value(group_at(root, {"Orderer"}), "Capabilities", c);
       }, "config update is not compatible: config requires unsupported orderer capabilities: Orderer capability V9_9 is required but not supported: Orderer capability V9_9 is required but not supported"},
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    const auto reply = n.change(r.edit, n.all_admins());
    CHECK(reply.status == 400);
    CHECK_MESSAGE(reply.info == applying + r.says, reply.info);
  }
  CHECK(n.now()->sequence().value == 0);
  CHECK(n.net.invoke(user1, "kv", {"put", "still", "here"}).code == 0);
}

TEST_CASE("odd updates that Fabric permits are permitted, and what they break can be told and mended") {
  changing_network n{37};
  const auto admins = n.all_admins();
  const auto submitter = n.user("Admin@example.com");  // whom /Channel/Writers admits through the orderers' organization
  const auto send = [&](const config_edit& edit) { return n.net.broadcast(update_envelope("mychannel", sign_update(update_by(*n.now(), edit), admins), submitter)); };
  const auto must = [&](const config_edit& edit) {
    const auto reply = send(edit);
    REQUIRE_MESSAGE(reply.status == 200, reply.info);
    REQUIRE(n.settled(n.now()->sequence().value));
  };
  SUBCASE("blocks as large as numbers go") {
    must([](tree& root) {
      ::orderer::BatchSize size;
      size.set_max_message_count(4294967295u);
      size.set_absolute_max_bytes(4294967295u);
      size.set_preferred_max_bytes(4294967295u);
      put_value(group_at(root, {"Orderer"}), "BatchSize", size);
      ::orderer::BatchTimeout timeout;
      timeout.set_timeout("2540400h");
      put_value(group_at(root, {"Orderer"}), "BatchTimeout", timeout);
    });
    CHECK(n.net.invoke(user1, "kv", {"put", "k", "v"}).code == 0);
  }
  SUBCASE("consenters and metadata of a channel that has no use for them") {
    must([](tree& root) {
      ::common::Orderers orderers;
      auto& c = *orderers.add_consenter_mapping();
      c.set_id(7);
      c.set_msp_id("NobodyMSP");
      c.set_identity("no certificate");
      put_value(group_at(root, {"Orderer"}), "Orderers", orderers);
      ::orderer::ConsensusType type;
      type.set_type("solo");
      type.set_metadata("no metadata of raft");
      put_value(group_at(root, {"Orderer"}), "ConsensusType", type);
    });
    CHECK(n.net.invoke(user1, "kv", {"put", "k", "v"}).code == 0);
  }
  SUBCASE("all writers are locked out, and let in again") {
    must([&](tree& root) { put_policy(group_at(root, {"Application"}), "Writers", "OutOf(1, 'NobodyMSP.member')"); });
    const auto out = n.net.invoke(user1, "kv", {"put", "k", "v"});
    CHECK_FALSE(out.status.ok());
    must([&](tree& root) { put_policy(group_at(root, {"Application"}), "Writers", "ANY Writers"); });
    CHECK(n.net.invoke(user1, "kv", {"put", "k", "v"}).code == 0);
  }
  SUBCASE("all administrators are locked out, for ever") {
    must([&](tree& root) {
      for (const char* section : {"Application", "Orderer"}) put_policy(group_at(root, {section}), "Admins", "OutOf(1, 'NobodyMSP.admin')");
      put_policy(root, "Admins", "OutOf(1, 'NobodyMSP.admin')");
    });
    const auto refused = send(touch);
    CHECK(refused.status == 400);
    CHECK_MESSAGE(refused.info.rfind(authorizing + "error validating DeltaSet: policy for [Value]  /Channel/Orderer/BatchSize not satisfied: ", 0) == 0, refused.info);
    const auto back = send([&](tree& root) { put_policy(group_at(root, {"Application"}), "Admins", "MAJORITY Admins"); });
    CHECK(back.status == 400);
    CHECK(n.net.invoke(user1, "kv", {"put", "k", "v"}).code == 0);
  }
  SUBCASE("an application without organizations serves nobody, and gets them back") {
    const auto before = n.now()->config().channel_group().groups().at("Application").groups();
    const auto emptied = send([](tree& root) { group_at(root, {"Application"}).clear_groups(); });
    REQUIRE_MESSAGE(emptied.status == 200, emptied.info);
    n.drain();
    CHECK_FALSE(n.net.invoke(user1, "kv", {"put", "k", "v"}).status.ok());
    const auto reply = send([&](tree& root) { *group_at(root, {"Application"}).mutable_groups() = before; });
    CHECK_MESSAGE(reply.status == 200, reply.info);  // a majority of no organizations is nobody's signature
    REQUIRE(n.settled(n.now()->sequence().value));    // the peers may read again, and catch up
    CHECK(n.net.invoke(user1, "kv", {"put", "k", "v"}).code == 0);
  }
}

TEST_CASE("policies too deep or too many to be meant are refused, and cost nothing") {
  changing_network n{38};
  const auto nested = [](int depth) -> config_edit {
    return [depth](tree& root) {
      ::common::SignaturePolicyEnvelope envelope;
      auto* rule = envelope.mutable_rule();
      for (int i = 0; i < depth; ++i) {
        rule->mutable_n_out_of()->set_n(1);
        rule = rule->mutable_n_out_of()->add_rules();
      }
      rule->set_signed_by(0);
      envelope.add_identities();
      auto& p = *group_at(root, {"Application"}).mutable_policies()->at("Writers").mutable_policy();
      p.set_type(1);
      p.set_value(proto::encode(envelope));
    };
  };
  const auto wide = [](tree& root) {
    ::common::SignaturePolicyEnvelope envelope;
    envelope.mutable_rule()->mutable_n_out_of()->set_n(1);
    for (int i = 0; i < 200'000; ++i) envelope.mutable_rule()->mutable_n_out_of()->add_rules()->set_signed_by(0);
    envelope.add_identities();
    auto& p = *group_at(root, {"Application"}).mutable_policies()->at("Writers").mutable_policy();
    p.set_type(1);
    p.set_value(proto::encode(envelope));
  };
  struct row { const char* name; config_edit edit; };
  const row rows[] = {{"deeper than a parser goes", nested(5'000)}, {"deeper than anybody means", nested(99)}, {"wider than anybody means", wide},
                      {"a signer that is not in the list", [](tree& root) {
                         ::common::SignaturePolicyEnvelope envelope;
                         envelope.mutable_rule()->set_signed_by(2147483647);
                         auto& p = *group_at(root, {"Application"}).mutable_policies()->at("Writers").mutable_policy();
                         p.set_type(1);
                         p.set_value(proto::encode(envelope));
                       }}};
  for (const auto& r : rows) {
    CAPTURE(r.name);
    const auto reply = n.change(r.edit, n.all_admins());
    CHECK(reply.status == 400);
    CHECK_MESSAGE(reply.info.find("policy Writers at path /Channel/Application did not compile") != std::string::npos, reply.info);
  }
  CHECK(n.now()->sequence().value == 0);
  CHECK(n.net.invoke(user1, "kv", {"put", "k", "v"}).code == 0);
}

TEST_CASE("in maintenance mode normal transactions wait, and only orderer organizations read and write") {
  changing_network n{35};
  const auto state = [](bool maintenance) {
    return [maintenance](tree& root) {
      ::orderer::ConsensusType type;
      type.set_type("solo");
      if (maintenance) type.set_state(::orderer::ConsensusType::STATE_MAINTENANCE);
      put_value(group_at(root, {"Orderer"}), "ConsensusType", type);
    };
  };
  const auto waiting = n.put(user1, "k");
  REQUIRE(n.change(state(true), n.all_admins()).status == 200);
  const auto refused = n.net.broadcast(waiting);
  CHECK(refused.status == 503);
  CHECK(refused.info == "normal transactions are rejected: maintenance mode");
  const auto back = sign_update(update_by(*n.now(), state(false)), n.all_admins());
  CHECK(n.net.broadcast(update_envelope("mychannel", back, n.user(user1))).status == 403);
  CHECK(n.net.broadcast(update_envelope("mychannel", back, n.user("Admin@example.com"))).status == 200);
  CHECK(n.net.broadcast(waiting).status == 200);
}
