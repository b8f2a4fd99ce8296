#include <doctest/doctest.h>

#include <algorithm>
#include <functional>

#include "common/configuration.pb.h"
#include "common/policies.pb.h"
#include "ledger/channel/policy_cache.hpp"
#include "ledger/channel/policy_manager.hpp"
#include "msp/msp_config.pb.h"
#include "orderer/configuration.pb.h"
#include "peer/configuration.pb.h"
#include "proto/encode.hpp"
#include "tests/unit/ledger/channel/support.hpp"

using namespace weft;
using namespace weft::ledger;
using namespace weft::channel_test;

namespace {

using tree = ::common::ConfigGroup;
using change = std::function<void(tree&)>;

result<bundle_ptr> changed(const char* channel, const change& edit) {
  auto config = config_of(golden_genesis(channel)).config();
  edit(*config.mutable_channel_group());
  return channel_bundle::create(channel, config);
}

tree& orderers_of(tree& t) { return group_at(t, {"Orderer"}); }
tree& application_of(tree& t) { return group_at(t, {"Application"}); }
tree& org1(tree& t) { return group_at(t, {"Application", "Org1MSP"}); }

void set_capability(tree& g, const std::string& name) {
  ::common::Capabilities caps;
  (*caps.mutable_capabilities())[name];
  set_value(g, "Capabilities", caps);
}

void set_batch(tree& t, std::uint32_t count, std::uint32_t absolute, std::uint32_t preferred) {
  ::orderer::BatchSize size;
  size.set_max_message_count(count);
  size.set_absolute_max_bytes(absolute);
  size.set_preferred_max_bytes(preferred);
  set_value(orderers_of(t), "BatchSize", size);
}

void set_timeout(tree& t, const std::string& text) {
  ::orderer::BatchTimeout timeout;
  timeout.set_timeout(text);
  set_value(orderers_of(t), "BatchTimeout", timeout);
}

void set_consensus(tree& t, const std::string& type) {
  ::orderer::ConsensusType consensus;
  consensus.set_type(type);
  set_value(orderers_of(t), "ConsensusType", consensus);
}

void set_acl(tree& t, const std::string& resource, const std::string& policy) {
  ::protos::ACLs acls;
  if (application_of(t).values().contains("ACLs")) acls = decoded<::protos::ACLs>(application_of(t).values().at("ACLs").value());
  (*acls.mutable_acls())[resource].set_policy_ref(policy);
  set_value(application_of(t), "ACLs", acls);
}

/// Lets `edit` change the MSP definition of an organization.
void edit_msp(tree& org, const std::function<void(::msp::FabricMSPConfig&)>& edit) {
  auto config = decoded<::msp::MSPConfig>(org.values().at("MSP").value());
  auto definition = decoded<::msp::FabricMSPConfig>(config.config());
  edit(definition);
  config.set_config(proto::encode(definition));
  set_value(org, "MSP", config);
}

void set_addresses(tree& g, const std::string& name) {
  ::common::OrdererAddresses addresses;
  addresses.add_addresses("localhost:7050");
  set_value(g, name, addresses);
}

/// Administrators by certificate, as before 1.4.3.
void name_admins(tree& t) {
  const auto use = [](tree& org, const std::string& admin) {
    edit_msp(org, [&](auto& m) {
      m.clear_fabric_node_ous();
      m.add_admins(golden_user(admin).cert().to_pem());
    });
  };
  use(group_at(t, {"Application", "Org1MSP"}), "Admin@org1.example.com");
  use(group_at(t, {"Application", "Org2MSP"}), "Admin@org2.example.com");
  use(group_at(t, {"Orderer", "OrdererOrg"}), "Admin@example.com");
}

/// As channels were before 1.4.2: orderers listed once for all, administrators by certificate.
void go_back_before_1_4_2(tree& t) {
  group_at(t, {"Orderer", "OrdererOrg"}).mutable_values()->erase("Endpoints");
  set_addresses(t, "OrdererAddresses");
  name_admins(t);
}

std::vector<crypto::identity_ptr> signers(const channel_bundle& bundle, const std::vector<crypto::signing_identity>& users) {
  std::vector<crypto::identity_ptr> out;
  for (const auto& user : users) {
    auto who = bundle.msps()->validate(user.serialized());
    REQUIRE(who.has_value());
    out.push_back(*who);
  }
  return out;
}

}  // namespace

TEST_CASE("the golden raft channel, value by value") {
  const auto bundle = golden_bundle("mychannel");
  CHECK(bundle->channel_id() == "mychannel");
  CHECK(bundle->sequence() == config_sequence{0});
  CHECK(bundle->consensus_type() == "etcdraft");
  CHECK_FALSE(bundle->consensus_metadata().empty());
  CHECK(bundle->batching().max_message_count == 10);
  CHECK(bundle->batching().absolute_max_bytes == 99 * MiB);
  CHECK(bundle->batching().preferred_max_bytes == 512 * KiB);
  CHECK(bundle->batching().timeout == std::chrono::seconds{2});
  REQUIRE(bundle->application_orgs().size() == 2);
  CHECK(bundle->application_orgs()[0].group == "Org1MSP");
  CHECK(bundle->application_orgs()[1].msp_id == "Org2MSP");
  CHECK(bundle->application_orgs()[0].anchor_peers.empty());
  REQUIRE(bundle->orderer_orgs().size() == 1);
  CHECK(bundle->orderer_orgs()[0].group == "OrdererOrg");
  CHECK(bundle->orderer_orgs()[0].msp_id == "OrdererMSP");
  CHECK(bundle->orderer_orgs()[0].endpoints == std::vector<std::string>{"localhost:7050", "localhost:7150", "localhost:7250", "localhost:7350"});
  CHECK(bundle->consenters().empty());
  auto ids = bundle->msps()->ids();
  std::sort(ids.begin(), ids.end());
  CHECK(ids == std::vector<std::string>{"OrdererMSP", "Org1MSP", "Org2MSP"});
  const capabilities& caps = bundle->caps();
  CHECK((caps.key_level_endorsement && caps.lifecycle_v2 && caps.purge_private_data && caps.acls && caps.expiration_check && caps.channel_v1_4_2));
  CHECK_FALSE(caps.channel_v3_0);
  CHECK(caps.msp == crypto::msp_level::v1_4_3);
}

TEST_CASE("the golden BFT channel names its consenters") {
  const auto bundle = golden_bundle("bftchannel");
  CHECK(bundle->consensus_type() == "BFT");
  CHECK(bundle->caps().channel_v3_0);
  CHECK(bundle->caps().msp == crypto::msp_level::v3_0);
  REQUIRE(bundle->consenters().size() == 4);
  CHECK(bundle->consenters()[3].id == 4);
  CHECK(bundle->consenters()[3].port == 7350);
  CHECK(bundle->consenters()[3].msp_id == "OrdererMSP");
  CHECK(bundle->consenters()[3].identity.starts_with("-----BEGIN CERTIFICATE-----"));
  CHECK(bundle->consenters()[0].server_tls_cert.starts_with("-----BEGIN CERTIFICATE-----"));
}

TEST_CASE("later config blocks build bundles; other blocks do not") {
  const auto next = channel_bundle::from_block(golden_block("blocks/mychannel.1.block"));
  REQUIRE(next.has_value());
  CHECK((*next)->sequence() == config_sequence{1});
  CHECK((*next)->application_orgs()[0].anchor_peers == std::vector<std::pair<std::string, std::uint16_t>>{{"localhost", 7051}});
  const auto other = channel_bundle::from_block(golden_block("blocks/mychannel.2.block"));
  REQUIRE_FALSE(other.has_value());
  CHECK(other.error().code == errc::invalid_argument);
  CHECK_FALSE(channel_bundle::from_block(block{}).has_value());
}

TEST_CASE("policies by path, and who satisfies them") {
  const auto bundle = golden_bundle("mychannel");
  const auto admin1 = golden_user("Admin@org1.example.com"), admin2 = golden_user("Admin@org2.example.com");
  const auto user1 = golden_user("User1@org1.example.com"), admin0 = golden_user("Admin@example.com"), orderer0 = golden_orderer("orderer0");
  struct row { const char* path; std::vector<crypto::signing_identity> who; bool satisfied; };
  const row rows[] = {
      {"/Channel/Application/Writers", {user1}, true},
      {"/Channel/Application/Writers", {orderer0}, false},
      {"/Channel/Writers", {orderer0}, true},
      {"/Channel/Readers", {user1}, true},
      {"/Channel/Application/Admins", {admin1}, false},
      {"/Channel/Application/Admins", {admin1, admin2}, true},
      {"/Channel/Application/Admins", {admin1, user1}, false},
      {"/Channel/Application/Org1MSP/Admins", {admin1}, true},
      {"/Channel/Application/Org1MSP/Admins", {admin2}, false},
      {"/Channel/Admins", {admin1, admin2}, false},
      {"/Channel/Admins", {admin0, admin1, admin2}, true},
      {"/Channel/Orderer/BlockValidation", {orderer0}, true},
      {"/Channel/Application/Endorsement", {user1, admin2}, false},
      {"/Channel/Application/LifecycleEndorsement", {}, false},
      {"/Channel/Application/Nothing", {admin0, admin1, admin2}, false},
      {"Writers", {user1}, false},
      {"", {user1}, false},
  };
  for (const auto& r : rows) {
    CAPTURE(r.path);
    CHECK(bundle->policy(r.path)->evaluate(signers(*bundle, r.who)) == r.satisfied);
  }
  CHECK(bundle->has_policy("/Channel/Application/Writers"));
  CHECK_FALSE(bundle->has_policy("/Channel/Application/Nothing"));
  CHECK_FALSE(bundle->has_policy("Channel/Application/Writers"));
}

TEST_CASE("a denial is told in Fabric's words") {
  const auto bundle = golden_bundle("mychannel");
  const auto said = [&](const char* path, const std::vector<crypto::signing_identity>& who) { return denial_text(*bundle->policy(path), signers(*bundle, who)); };
  CHECK(said("/Channel/Writers", {}) ==
        "implicit policy evaluation failed - 0 sub-policies were satisfied, but this policy requires 1 of the 'Writers' sub-policies to be satisfied");
  CHECK(said("/Channel/Application/Admins", {golden_user("Admin@org1.example.com")}) ==
        "implicit policy evaluation failed - 1 sub-policies were satisfied, but this policy requires 2 of the 'Admins' sub-policies to be satisfied");
  CHECK(said("/Channel/Application/Org1MSP/Admins", {}) == "signature set did not satisfy policy");
  CHECK(said("/Channel/Application/Nothing", {golden_user("Admin@org1.example.com")}) == "no such policy: '/Channel/Application/Nothing'");
}

TEST_CASE("ACLs: Fabric's defaults, and what a channel says instead") {
  const auto plain = golden_bundle("mychannel");
  const auto custom = changed("mychannel", [](tree& t) {
    set_acl(t, "peer/Propose", "Admins");
    set_acl(t, "event/Block", "/Channel/Orderer/Readers");
    set_acl(t, "event/FilteredBlock", "");
    set_acl(t, "_lifecycle/InstallChaincode", "/Channel/Application/Readers");
    set_acl(t, "my/Own", "/Channel/Readers");
    set_acl(t, "qscc/GetChainInfo", "Nowhere");
  });
  REQUIRE(custom.has_value());
  struct row { const char* resource; const char* plain; const char* custom; };
  const row rows[] = {
      {"peer/Propose", "/Channel/Application/Writers", "/Channel/Application/Admins"},
      {"peer/ChaincodeToChaincode", "/Channel/Application/Writers", nullptr},
      {"event/Block", "/Channel/Application/Readers", "/Channel/Orderer/Readers"},
      {"event/FilteredBlock", "/Channel/Application/Readers", nullptr},
      {"qscc/GetChainInfo", "/Channel/Application/Readers", "/Channel/Application/Nowhere"},
      {"qscc/GetTransactionByID", "/Channel/Application/Readers", nullptr},
      {"cscc/GetConfigBlock", "/Channel/Application/Readers", nullptr},
      {"cscc/GetChannelConfig", "/Channel/Application/Readers", nullptr},
      {"_lifecycle/CheckCommitReadiness", "/Channel/Application/Writers", nullptr},
      {"_lifecycle/CommitChaincodeDefinition", "/Channel/Application/Writers", nullptr},
      {"_lifecycle/QueryChaincodeDefinition", "/Channel/Application/Writers", nullptr},
      {"_lifecycle/QueryChaincodeDefinitions", "/Channel/Application/Writers", nullptr},
      {"lscc/GetCollectionsConfig", "/Channel/Application/Readers", nullptr},
      {"gateway/CommitStatus", "/Channel/Application/Readers", nullptr},
      {"_lifecycle/InstallChaincode", "", nullptr},
      {"cscc/JoinChain", "", nullptr},
      {"my/Own", "", "/Channel/Readers"},
      {"nothing", "", nullptr},
  };
  for (const auto& r : rows) {
    CAPTURE(r.resource);
    std::string path = "untouched";
    CHECK(plain->acl(r.resource, &path) != nullptr);
    CHECK(path == r.plain);
    CHECK((*custom)->acl(r.resource, &path) != nullptr);
    CHECK(path == (r.custom ? r.custom : r.plain));
  }
  const auto user = signers(*plain, {golden_user("User1@org1.example.com")});
  CHECK(plain->acl("peer/Propose")->evaluate(user));
  CHECK_FALSE((*custom)->acl("peer/Propose")->evaluate(user));
  CHECK_FALSE((*custom)->acl("qscc/GetChainInfo")->evaluate(user));
  CHECK_FALSE(plain->acl("cscc/JoinChain")->evaluate(user));
}

TEST_CASE("configurations that are still good") {
  struct row { const char* name; change edit; };
  const row rows[] = {
      {"solo", [](tree& t) { set_consensus(t, "solo"); }},
      {"kafka", [](tree& t) { set_consensus(t, "kafka"); }},
      {"SHA3", [](tree& t) { ::common::HashingAlgorithm h; h.set_name("SHA3_256"); set_value(t, "HashingAlgorithm", h); }},
      {"compound timeout", [](tree& t) { set_timeout(t, "1m30s"); }},
      {"microseconds", [](tree& t) { set_timeout(t, "10us"); }},
      {"preferred = absolute", [](tree& t) { set_batch(t, 1, 7, 7); }},
      {"no application", [](tree& t) { t.mutable_groups()->erase("Application"); }},
      {"no orderer", [](tree& t) { t.mutable_groups()->erase("Orderer"); }},
      {"one organization in both groups", [](tree& t) { (*orderers_of(t).mutable_groups())["Both"] = org1(t); }},
      {"no capabilities, and addresses for all", [](tree& t) {
         for (tree* g : {&t, &orderers_of(t), &application_of(t)}) g->mutable_values()->erase("Capabilities");
         go_back_before_1_4_2(t);
       }},
      {"a consortium", [](tree& t) { (*t.mutable_groups())["Consortiums"].mutable_groups()->insert({"c", tree{}}); }},
      {"anchor peer that cannot be dialled", [](tree& t) {
         ::protos::AnchorPeers anchors;
         anchors.add_anchor_peers()->set_port(70'000);
         set_value(org1(t), "AnchorPeers", anchors);
       }},
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    CHECK(why(changed("mychannel", r.edit)) == "");
  }
  const auto fast = changed("mychannel", [](tree& t) { set_timeout(t, "10us"); });
  CHECK((*fast)->batching().timeout == std::chrono::milliseconds{1});
  const auto slow = changed("mychannel", [](tree& t) { set_timeout(t, "1m30s"); });
  CHECK((*slow)->batching().timeout == std::chrono::seconds{90});
}

TEST_CASE("broken configurations are refused, and told where") {
  struct row { const char* why; errc code; change edit; };
  constexpr auto bad = errc::invalid_argument, lacking = errc::unsupported;
  const auto named = [](const char* name) { return [name](tree& t) { ::common::HashingAlgorithm h; h.set_name(name); set_value(t, "HashingAlgorithm", h); }; };
  const row rows[] = {
      {"/Channel/HashingAlgorithm: Unknown hashing algorithm type: MD5", bad, named("MD5")},
      {"/Channel/HashingAlgorithm: Unknown hashing algorithm type: ", bad, [](tree& t) { t.mutable_values()->erase("HashingAlgorithm"); }},
      {"/Channel/HashingAlgorithm: the value does not parse", bad, [](tree& t) { t.mutable_values()->at("HashingAlgorithm").set_value("\xff"); }},
      {"/Channel/BlockDataHashingStructure: BlockDataHashStructure width", bad,
       [](tree& t) { ::common::BlockDataHashingStructure s; s.set_width(4); set_value(t, "BlockDataHashingStructure", s); }},
      {"/Channel/Colour: Unexpected key Colour", bad, [](tree& t) { set_value(t, "Colour", ::common::Capability()); }},
      {"/Channel/Orderer/Colour: Unexpected key Colour", bad, [](tree& t) { set_value(orderers_of(t), "Colour", ::common::Capability()); }},
      {"/Channel/Application/Colour: Unexpected", bad, [](tree& t) { set_value(application_of(t), "Colour", ::common::Capability()); }},
      {"/Channel/Application/Org1MSP/Endpoints: Unexpected", bad, [](tree& t) { set_addresses(org1(t), "Endpoints"); }},
      {"/Channel/Extra: Disallowed channel group: Extra", bad, [](tree& t) { (*t.mutable_groups())["Extra"]; }},
      {"/Channel/Application/Org1MSP: an organization has no sub-groups", bad, [](tree& t) { (*org1(t).mutable_groups())["Sub"]; }},
      {"/Channel/Orderer/BatchSize: Attempted to set the batch size max message count to an invalid value: 0", bad, [](tree& t) { set_batch(t, 0, 9, 9); }},
      {"/Channel/Orderer/BatchSize: Attempted to set the batch size absolute max bytes to an invalid value: 0", bad, [](tree& t) { set_batch(t, 1, 0, 9); }},
      {"/Channel/Orderer/BatchSize: Attempted to set the batch size preferred max bytes to an invalid value: 0", bad, [](tree& t) { set_batch(t, 1, 9, 0); }},
      {"/Channel/Orderer/BatchSize: Attempted to set the batch size preferred max bytes (10) greater than the absolute max bytes (9).", bad,
       [](tree& t) { set_batch(t, 1, 9, 10); }},
      {"/Channel/Orderer/BatchTimeout: Attempted to set the batch timeout to a invalid value: invalid duration \"2\"", bad, [](tree& t) { set_timeout(t, "2"); }},
      {"/Channel/Orderer/BatchTimeout: Attempted to set the batch timeout to a invalid value: ", bad,
       [](tree& t) { orderers_of(t).mutable_values()->erase("BatchTimeout"); }},
      {"/Channel/Orderer/BatchTimeout: Attempted to set the batch timeout to a non-positive value: 0s", bad, [](tree& t) { set_timeout(t, "0s"); }},
      {"/Channel/Orderer/BatchTimeout: Attempted to set the batch timeout to a non-positive value: -1s", bad, [](tree& t) { set_timeout(t, "-1s"); }},
      {"/Channel/Orderer/ConsensusType: consensus type 'paxos' is not offered", lacking, [](tree& t) { set_consensus(t, "paxos"); }},
      {"/Channel/Orderer/ConsensusType: BFT needs the channel capability V3_0", bad, [](tree& t) { set_consensus(t, "BFT"); }},
      {"config requires unsupported channel capabilities: Channel capability V9_9 is required but not supported: Channel capability V9_9 is required but not supported", lacking, [](tree& t) { set_capability(t, "V9_9"); }},
      {"config requires unsupported orderer capabilities: Orderer capability V3_0 is required but not supported: Orderer capability V3_0 is required but not supported", lacking,
       [](tree& t) { set_capability(orderers_of(t), "V3_0"); }},
      {"config requires unsupported application capabilities: Application capability v2_0 is required but not supported: Application capability v2_0 is required but not supported", lacking,
       [](tree& t) { set_capability(application_of(t), "v2_0"); }},
      {"/Channel/Capabilities: cannot enable channel capabilities without orderer support first", bad,
       [](tree& t) { orderers_of(t).mutable_values()->erase("Capabilities"); }},
      {"/Channel/OrdererAddresses: Must set some OrdererAddresses", bad, [](tree& t) { set_capability(t, "V1_3"); }},
      {"cannot contain endpoints value until V1_4_2+ capabilities have been enabled", bad,
       [](tree& t) { set_capability(t, "V1_3"); set_addresses(t, "OrdererAddresses"); }},
      {"some orderer organizations endpoints are empty: [OrdererOrg]", bad,
       [](tree& t) { set_capability(t, "V3_0"); group_at(t, {"Orderer", "OrdererOrg"}).mutable_values()->erase("Endpoints"); }},
      {"/Channel/Application/ACLs: ACLs may not be specified without the required capability", bad,
       [](tree& t) { set_capability(application_of(t), "V1_1"); set_acl(t, "peer/Propose", "Readers"); }},
      {"/Channel/Application/Org1MSP/MSP: MSP for org Org1MSP has empty MSP ID", bad, [](tree& t) { org1(t).mutable_values()->erase("MSP"); }},
      {"/Channel/Application/Org1MSP/MSP: MSP type 1 is not offered", lacking,
       [](tree& t) { ::msp::MSPConfig m; m.set_type(1); set_value(org1(t), "MSP", m); }},
      {"/Channel/Application/Org1MSP/MSP: config is no FabricMSPConfig", bad,
       [](tree& t) { ::msp::MSPConfig m; m.set_config("\xff"); set_value(org1(t), "MSP", m); }},
      {"/Channel/Application/Org1MSP/MSP: ", bad, [](tree& t) { edit_msp(org1(t), [](auto& m) { m.clear_root_certs(); }); }},
      {"/Channel/Application/Other: MSP id Org1MSP is that of Org1MSP already", bad, [](tree& t) { (*application_of(t).mutable_groups())["Other"] = org1(t); }},
      {"/Channel/Application/Org1MSP/MSP: Attempted to define two different versions of MSP: Org1MSP", bad,
       [](tree& t) {
         (*orderers_of(t).mutable_groups())["Both"] = org1(t);
         edit_msp(group_at(t, {"Orderer", "Both"}), [](auto& m) { m.add_tls_root_certs(m.tls_root_certs(0)); });
       }},
      {"policy Writers at path /Channel/Application did not compile: ", bad,
       [](tree& t) { application_of(t).mutable_policies()->at("Writers").mutable_policy()->set_value("\xff"); }},
      {"policy Writers at path /Channel/Application did not compile: it is absent", bad,
       [](tree& t) { application_of(t).mutable_policies()->at("Writers").clear_policy(); }},
      {"policy Writers at path /Channel/Application did not compile: unknown policy type 2", bad,
       [](tree& t) { application_of(t).mutable_policies()->at("Writers").mutable_policy()->set_type(2); }},
      {"policy Writers at path /Channel/Application did not compile: unknown rule 7", bad,
       [](tree& t) { application_of(t).mutable_policies()->at("Writers").mutable_policy()->set_value("\x10\x07"); }},
      {"policy Admins at path /Channel/Application/Org1MSP did not compile: ", bad,
       [](tree& t) { org1(t).mutable_policies()->at("Admins").mutable_policy()->set_value(""); }},
      {"illegal name 'a b' below /Channel/Application", bad, [](tree& t) { (*application_of(t).mutable_groups())["a b"] = org1(t); }},
  };
  for (const auto& r : rows) {
    CAPTURE(r.why);
    const auto made = changed("mychannel", r.edit);
    REQUIRE_FALSE(made.has_value());
    CAPTURE(made.error().context);
    CHECK(made.error().code == r.code);
    CHECK(made.error().context.find(r.why) != std::string::npos);
  }
}

TEST_CASE("broken BFT configurations") {
  const auto edit_consenters = [](const std::function<void(::common::Orderers&)>& edit) {
    return why(changed("bftchannel", [&](tree& t) {
      auto orderers = decoded<::common::Orderers>(orderers_of(t).values().at("Orderers").value());
      edit(orderers);
      set_value(orderers_of(t), "Orderers", orderers);
    }));
  };
  const std::string in_orderer = "initializing channelconfig failed: could not create channel Orderer sub-group config: ";
  CHECK(edit_consenters([](auto& o) { o.clear_consenter_mapping(); }) == in_orderer + "/Channel/Orderer/Orderers: BFT needs consenters");
  CHECK(edit_consenters([](auto& o) { o.mutable_consenter_mapping(1)->set_id(1); }) == in_orderer + "/Channel/Orderer/Orderers: consenter 1 is listed twice");
  CHECK(edit_consenters([](auto& o) { o.mutable_consenter_mapping(1)->clear_identity(); }) == in_orderer + "/Channel/Orderer/Orderers: consenter 2 has no identity");
  CHECK(edit_consenters([](auto& o) { o.mutable_consenter_mapping()->RemoveLast(); }) == "");
}

TEST_CASE("a configuration needs a tree and a good channel id") {
  const auto config = config_of(golden_genesis("mychannel")).config();
  CHECK(why(channel_bundle::create("My", config)) == "bad channel ID: 'My' contains illegal characters");
  CHECK(why(channel_bundle::create("mychannel", ::common::Config())) == "config must contain a channel group");
}

TEST_CASE("capabilities add up level by level") {
  struct row { const char* application; bool acls, key_level, lifecycle, purge; };
  const row rows[] = {{"V1_1", false, false, false, false}, {"V1_2", true, false, false, false}, {"V1_3", true, true, false, false},
                      {"V1_4_2", true, true, false, false}, {"V2_0", true, true, true, false},   {"V2_5", true, true, true, true}};
  for (const auto& r : rows) {
    CAPTURE(r.application);
    const auto bundle = changed("mychannel", [&](tree& t) { set_capability(application_of(t), r.application); });
    REQUIRE(bundle.has_value());
    const auto& caps = (*bundle)->caps();
    CHECK(caps.acls == r.acls);
    CHECK(caps.key_level_endorsement == r.key_level);
    CHECK(caps.lifecycle_v2 == r.lifecycle);
    CHECK(caps.purge_private_data == r.purge);
  }
  using level = crypto::msp_level;
  for (const auto& [name, msp] : {std::pair{"V1_1", level::v1_1}, {"V1_3", level::v1_3}, {"V1_4_2", level::v1_3}, {"V1_4_3", level::v1_4_3},
                                  {"V2_0", level::v1_4_3}, {"V3_0", level::v3_0}}) {
    CAPTURE(name);
    const auto bundle = changed("mychannel", [&, n = std::string(name)](tree& t) {
      set_capability(t, n);
      if (n == "V1_1" || n == "V1_3") go_back_before_1_4_2(t);
      if (n == "V1_4_2") name_admins(t);
    });
    REQUIRE_MESSAGE(bundle.has_value(), why(bundle));
    CHECK((*bundle)->caps().msp == msp);
  }
}

TEST_CASE("an implicit policy over no children is satisfied; over children that lack it, it is not") {
  const auto empty = changed("mychannel", [](tree& t) { application_of(t).mutable_groups()->clear(); });
  REQUIRE(empty.has_value());
  CHECK((*empty)->policy("/Channel/Application/Admins")->evaluate({}));
  const auto lacking = changed("mychannel", [](tree& t) { org1(t).mutable_policies()->erase("Admins"); });
  REQUIRE(lacking.has_value());
  CHECK_FALSE((*lacking)->policy("/Channel/Application/Admins")->evaluate(signers(**lacking, {golden_user("Admin@org2.example.com")})));
}

TEST_CASE("damaged configurations are refused or read, never followed into the dark") {
  seeded_random random(0x51f3);
  std::size_t built = 0, refused = 0;
  for (const char* channel : {"mychannel", "bftchannel"}) {
    const bytes good = proto::encode(config_of(golden_genesis(channel)).config());
    for (int round = 0; round < 300; ++round) {
      bytes damaged = good;
      for (std::uint64_t n = 1 + random.below(4); n > 0; --n) damaged[random.below(damaged.size())] = static_cast<char>(random.below(256));
      if (round % 10 == 0) damaged.resize(random.below(damaged.size()));
      ::common::Config config;
      if (!proto::decode(damaged, config)) continue;
      const auto bundle = channel_bundle::create(channel, config);
      ++(bundle ? built : refused);
      if (!bundle) CHECK_FALSE(bundle.error().context.empty());
    }
  }
  CHECK(built > 0);
  CHECK(refused > 0);
}

TEST_CASE("compiled policies are cached by their bytes, in bounded number") {
  const auto bundle = golden_bundle("mychannel");
  const bytes member = proto::encode(*crypto::parse_policy("OR('Org1MSP.member')"));
  const auto first = bundle->compile(member);
  REQUIRE(first.has_value());
  CHECK(*bundle->compile(member) == *first);
  CHECK((*first)->evaluate(signers(*bundle, {golden_user("User1@org1.example.com")})));
  CHECK_FALSE(bundle->compile("\xff").has_value());

  policy_cache cache(bundle->msps());
  const auto numbered = [](std::size_t i) { return proto::encode(*crypto::parse_policy("OR('Org" + std::to_string(i) + "MSP.member')")); };
  const auto zero = *cache.compile(numbered(0));
  for (std::size_t i = 1; i < policy_cache::generation_max; ++i) REQUIRE(cache.compile(numbered(i)).has_value());
  CHECK(*cache.compile(numbered(0)) == zero);
  for (std::size_t i = 0; i < 2 * policy_cache::generation_max; ++i) REQUIRE(cache.compile(numbered(10'000 + i)).has_value());
  CHECK(*cache.compile(numbered(0)) != zero);
}
