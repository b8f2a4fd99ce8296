// A channel's configuration changes while it runs, and everybody goes by the new one from the next message on.
#include "tests/unit/actors/config_change.hpp"

#include "cluster/deliver/seek.hpp"
#include "cluster/ordering/assembly.hpp"
#include "common/common.pb.h"
#include "common/configuration.pb.h"
#include "ledger/channel/config_tree.hpp"
#include "msp/msp_config.pb.h"
#include "orderer/configuration.pb.h"
#include "peer/configuration.pb.h"
#include "peer/proposal_response.pb.h"
#include "tests/unit/crypto/msp/authority.hpp"

using namespace weft;
using namespace weft::testing;

namespace {

config_edit batch_of(std::uint32_t count) {
  return [count](::common::ConfigGroup& root) {
    ::orderer::BatchSize size;
    size.set_max_message_count(count);
    size.set_absolute_max_bytes(10 * MiB);
    size.set_preferred_max_bytes(2 * MiB);
    put_value(group_at(root, {"Orderer"}), "BatchSize", size);
  };
}
config_edit without_org2() {
  return [](::common::ConfigGroup& root) { group_at(root, {"Application"}).mutable_groups()->erase("Org2"); };
}

/// What a block holds: "config", or how many transactions.
std::vector<std::string> shapes(const ledger::block_store& blocks, block_number from) {
  std::vector<std::string> out;
  for (auto n = from; n < blocks.height(); n = n.next()) {
    const auto b = blocks.read(n).value();
    const bool config = b.envelopes().front().header()->type == static_cast<std::int32_t>(ledger::header_type::config);
    out.push_back(config ? "config" : std::to_string(b.envelopes().size()));
  }
  return out;
}

std::vector<int> statuses(const std::vector<actors::broadcast_reply>& replies) {
  std::vector<int> out;
  for (const auto& r : replies) out.push_back(r.status);
  return out;
}

/// An organization of its own, with an authority whom the test can ask for revocations.
struct third_org {
  crypto::test::authority authority{7};
  crypto::test::holder root = authority.root("ca.org3.example.com");
  crypto::test::holder alice = authority.member("alice", {"client"}, root), admin = authority.member("admin", {"admin"}, root);

  [[nodiscard]] static crypto::signing_identity identity(const crypto::test::holder& h) {
    return {"Org3MSP", h.cert, crypto::make_signer(h.key, crypto::nonce_rule::deterministic)};
  }
  [[nodiscard]] bytes definition(const std::vector<std::string>& revocations) const {
    ::msp::FabricMSPConfig config;
    config.set_name("Org3MSP");
    config.add_root_certs(root.pem());
    for (const auto& crl : revocations) config.add_revocation_list(crl);
    auto& units = *config.mutable_fabric_node_ous();
    units.set_enable(true);
    units.mutable_client_ou_identifier()->set_organizational_unit_identifier("client");
    units.mutable_peer_ou_identifier()->set_organizational_unit_identifier("peer");
    units.mutable_admin_ou_identifier()->set_organizational_unit_identifier("admin");
    units.mutable_orderer_ou_identifier()->set_organizational_unit_identifier("orderer");
    return proto::encode(config);
  }
};

/// Reads a channel with few credits, and remembers what came.
struct reader_log {
  std::vector<std::uint64_t> blocks;
  std::optional<std::int32_t> ended;
  std::string why;
};
std::shared_ptr<reader_log> subscribe(changing_network& n, const std::string& deliver, const crypto::signing_identity& who, std::uint64_t from,
                                      std::uint32_t credits, const std::string& resource = {}) {
  auto log = std::make_shared<reader_log>();
  const auto sink = n.net.system().spawn([log](actors::block_sink_actor::pointer) -> actors::block_sink_actor::behavior_type {
    return {[log](actors::atom::block, const std::string&, const ledger::block& b) { log->blocks.push_back(b.number().value); },
            [log](actors::atom::ended, const std::string&, std::int32_t status, const std::string& why) {
              log->ended = status;
              log->why = why;
            }};
  });
  auto payload = cluster::make_seek_payload("mychannel", block_number{from}, std::nullopt, who.serialized(), "nonce", n.net.wall().now());
  auto signature = who.sign(payload).value();
  caf::anon_send(n.net.role<actors::deliver_actor>(deliver), actors::atom::seek::value, sink, ledger::envelope::make(std::move(payload), std::move(signature)), credits, resource);
  while (n.net.step()) {
  }
  return log;
}

bytes proposal_of(changing_network& n, const crypto::signing_identity& who) {
  static int count = 0;
  const auto made = ledger::make_proposal({"mychannel", "kv", {"put", "k", "v"}, {}, false}, who.serialized(), "nonce" + std::to_string(++count), n.net.wall().now());
  return ledger::make_signed_proposal(made.proposal_bytes, who.sign(made.proposal_bytes).value());
}

}  // namespace

TEST_CASE("a configuration is ordered alone, behind what waits, and every role goes by it") {
  changing_network n{21};
  const auto before = n.blocks().height();
  n.must_change(batch_of(2));
  CHECK(shapes(n.blocks(), before) == std::vector<std::string>{"config"});
  const auto block = n.blocks().read(before).value();
  CHECK(ledger::last_config_index(block).value() == before);
  const auto& header = *block.envelopes()[0].header();
  CHECK(header.tx_id.empty());
  CHECK(header.creator == n.net.node().orderers()[0]->identity->serialized());
  CHECK(n.now()->batching().max_message_count == 2);
  for (std::size_t peer : {0, 1}) CHECK(n.at_peer(peer)->batching().max_message_count == 2);

  std::vector<ledger::envelope> five;
  for (int i = 0; i < 5; ++i) five.push_back(n.put(user1, "five" + std::to_string(i)));
  const auto then = n.blocks().height();
  CHECK(statuses(n.net.broadcast(five)) == std::vector<int>(5, 200));
  CHECK(shapes(n.blocks(), then) == std::vector<std::string>{"2", "2", "1"});
  CHECK(ledger::last_config_index(n.blocks().read(then).value()).value() == before);
  CHECK(n.net.run([&] { return n.net.query(user1, "kv", {"get", "five4"}) == "v"; }));
}

TEST_CASE("what arrives with a configuration keeps its place: before it by the old rules, behind it by the new") {
  changing_network n{22};
  const auto a = n.put(user1, "a"), b = n.put(user2, "b"), c = n.put(user1, "c"), d = n.put(user2, "d");
  const auto shrink = n.update(batch_of(1), n.all_admins()), expel = n.update(without_org2(), n.all_admins());
  const auto before = n.blocks().height();
  const auto replies = n.net.broadcast({a, b, expel, c, d, shrink});
  CHECK(statuses(replies) == std::vector<int>{200, 200, 200, 200, 403, 200});  // the batch size has not changed since: still a good update
  CHECK(replies[4].info.find("implicit policy evaluation failed - 0 sub-policies were satisfied, but this policy requires 1 of the 'Writers' "
                             "sub-policies to be satisfied: permission denied") == 0);
  CHECK(shapes(n.blocks(), before) == std::vector<std::string>{"2", "config", "1", "config"});
  CHECK(n.now()->sequence().value == 2);
  CHECK(n.now()->batching().max_message_count == 1);
  CHECK(n.settled(2, {0}));
}

TEST_CASE("of two updates from one version the second is stale, in Fabric's words") {
  changing_network n{23};
  const auto first = n.update(batch_of(7), n.all_admins()), second = n.update(batch_of(8), n.all_admins());
  const std::string text = "error applying config update to existing channel 'mychannel': error authorizing update: error validating DeltaSet: attempt to set "
                           "key [Value]  /Channel/Orderer/BatchSize to version 1, but key is at version 1";
  const auto together = n.net.broadcast({first, second});  // the second passed the front by the old configuration
  CHECK(together[0].status == 200);
  CHECK(together[1].status == 400);
  CHECK(together[1].info == text);
  const auto late = n.net.broadcast(second);
  CHECK(late.status == 400);
  CHECK(late.info == text);
  CHECK(n.now()->batching().max_message_count == 7);
}

TEST_CASE("an organization that is removed is shut out from its next message on") {
  changing_network n{24};
  const auto member = n.user(user2);
  const auto held_back = n.put(user2, "k");
  const auto orderer = n.net.node().orderers()[0]->name + "/deliver", peer = n.net.node().peers()[0]->name + "/deliver";
  const auto height = n.blocks().height().value;
  const auto from_orderer = subscribe(n, orderer, member, height, 10), from_peer = subscribe(n, peer, member, height, 10);
  const auto without_credit = subscribe(n, orderer, member, 0, 0), stays = subscribe(n, orderer, n.user(user1), height, 10);
  n.must_change(without_org2(), {0});
  n.drain();
  for (const auto& log : {from_orderer, from_peer, without_credit}) {
    CHECK(log->blocks.empty());
    REQUIRE(log->ended.has_value());
    CHECK(*log->ended == 403);
  }
  CHECK(stays->blocks == std::vector<std::uint64_t>{height});
  CHECK_FALSE(stays->ended.has_value());
  CHECK(n.net.broadcast(held_back).status == 403);
  CHECK(n.net.endorse_raw(proposal_of(n, member)).status.message.find("access denied: channel [mychannel] creator org unknown") != std::string::npos);
  CHECK(subscribe(n, orderer, member, 0, 1)->ended == std::optional<std::int32_t>(403));
  const auto out = n.net.invoke(user1, "kv", {"put", "alone", "v"});  // a majority of one
  CHECK_MESSAGE(out.code == 0, out.status.message);
}

TEST_CASE("an organization that is added takes part, and a revoked member is nobody at the next message") {
  changing_network n{25};
  third_org org3;
  const auto alice = third_org::identity(org3.alice);
  const auto probe = n.net.endorse_payload_of_size(10, alice);
  CHECK(n.net.broadcast(probe).status == 403);
  n.must_change([&](auto& root) { (*group_at(root, {"Application"}).mutable_groups())["Org3"] = application_org("Org3MSP", org3.definition({})); });
  CHECK(n.at_peer(1)->application_orgs().size() == 3);
  CHECK(n.net.broadcast(probe).status == 200);
  CHECK(n.net.endorse_raw(proposal_of(n, alice)).status.ok());
  const auto reading = subscribe(n, n.net.node().peers()[0]->name + "/deliver", alice, 0, 0);
  CHECK_FALSE(reading->ended.has_value());

  const auto crl = org3.authority.crl(org3.root, org3.root.key, {org3.alice.cert.serial()});
  n.must_change([&](auto& root) {
    ::msp::MSPConfig config;
    config.set_config(org3.definition({crl}));
    put_value(group_at(root, {"Application", "Org3"}), "MSP", config);
  }, {0, 1}, {third_org::identity(org3.admin)});
  n.drain();
  CHECK(n.net.broadcast(probe).status == 403);
  CHECK(n.net.endorse_raw(proposal_of(n, alice)).status.message.find("creator org unknown") != std::string::npos);
  CHECK(reading->ended == std::optional<std::int32_t>(403));
  const auto bob = third_org::identity(org3.authority.member("bob", {"client"}, org3.root));
  CHECK(n.net.endorse_raw(proposal_of(n, bob)).status.ok());
}

TEST_CASE("anchor peers, access lists and policies are in force at once") {
  changing_network n{26};
  n.must_change([](auto& root) {
    ::protos::AnchorPeers anchors;
    auto& one = *anchors.add_anchor_peers();
    one.set_host("peer0.org1.example.com");
    one.set_port(7051);
    put_value(group_at(root, {"Application", "Org1"}), "AnchorPeers", anchors);
  });
  CHECK(n.at_peer(1)->application_orgs()[0].anchor_peers.size() == 1);

  // One endorsement will do, for a contract whose policy refers to the channel's.
  const auto endorsements = [&] {
    outcome out;
    const auto tx = n.net.endorse(user1, "kv", {"put", "k", "v"}, out);
    REQUIRE_MESSAGE(out.status.ok(), out.status.message);
    CHECK(n.net.submit(tx, out.tx_id).code == 0);
    return ledger::parse_endorser_tx(tx)->endorsements.size();
  };
  CHECK(endorsements() == 2);
  n.must_change([](auto& root) { put_policy(group_at(root, {"Application"}), "Endorsement", "ANY Endorsement"); });
  CHECK(endorsements() == 1);

  n.must_change([](auto& root) {
    ::protos::ACLs acls;
    (*acls.mutable_acls())["peer/Propose"].set_policy_ref("/Channel/Application/Admins");
    put_value(group_at(root, {"Application"}), "ACLs", acls);
    put_policy(group_at(root, {"Application"}), "Admins", "ANY Admins");
  });
  const auto refused = n.net.endorse_raw(proposal_of(n, n.user(user1))).status.message;
  CHECK_MESSAGE(refused.rfind("failed evaluating policy on signed data during check policy [/Channel/Application/Admins]: [implicit policy evaluation failed - 0 "
                              "sub-policies were satisfied, but this policy requires 1 of the 'Admins' sub-policies to be satisfied]", 0) == 0, refused);
  CHECK(n.net.endorse_raw(proposal_of(n, n.user("Admin@org1.example.com"))).status.ok());

  // Now one organization's administrator may change the application's part alone.
  const auto reply = n.change([](auto& root) { group_at(root, {"Application"}).mutable_values()->erase("ACLs"); }, n.admins({"org2.example.com"}));
  CHECK_MESSAGE(reply.status == 200, reply.info);
  CHECK(n.settled(n.now()->sequence().value));
  CHECK(n.net.endorse_raw(proposal_of(n, n.user(user1))).status.ok());
}

TEST_CASE("a peer's blocks are read by those whom the resource's own access list allows, from the next block on") {
  changing_network n{28};
  const auto user = n.user(user1), admin = n.user("Admin@org1.example.com");
  const std::string deliver = "peer0.org1.example.com/deliver";
  const auto whole = subscribe(n, deliver, user, 0, 100, "event/Block"), filtered = subscribe(n, deliver, user, 0, 100, "event/FilteredBlock");
  n.must_change([](auto& root) {
    ::protos::ACLs acls;
    (*acls.mutable_acls())["event/Block"].set_policy_ref("/Channel/Application/Admins");
    put_value(group_at(root, {"Application"}), "ACLs", acls);
  });
  REQUIRE(n.net.invoke(user1, "kv", {"put", "k", "v"}).code == 0);
  n.drain();
  CHECK(whole->ended == std::optional<std::int32_t>(403));
  CHECK_FALSE(filtered->ended);
  CHECK(filtered->blocks.size() == n.blocks().height().value);
  CHECK(whole->blocks.size() < filtered->blocks.size());
  CHECK(subscribe(n, deliver, user, 0, 100, "event/Block")->ended == std::optional<std::int32_t>(403));
  CHECK_FALSE(subscribe(n, deliver, user, 0, 100, "event/FilteredBlock")->ended);
}

TEST_CASE("below the application capability V2_0 no contract runs, until it is set again") {
  changing_network n{29};
  const auto capability = [](const char* name) {
    return [name](::common::ConfigGroup& root) {
      ::common::Capabilities c;
      (*c.mutable_capabilities())[name];
      put_value(group_at(root, {"Application"}), "Capabilities", c);
    };
  };
  n.must_change(capability("V1_1"));
  const auto refused = n.net.invoke(user1, "kv", {"put", "k", "v"});
  CHECK_FALSE(refused.status.ok());
  std::string said;
  for (const auto& d : refused.status.details) said += d.message;
  CHECK_MESSAGE(said.find("make sure the chaincode kv has been successfully defined on channel mychannel and try again") != std::string::npos, said);
  CHECK_MESSAGE(said.find("set the application capability V2_0 or V2_5") != std::string::npos, said);
  std::string answer;
  CHECK(n.net.query(user1, "kv", {"get", "k"}, &answer).empty());
  CHECK(answer.find("kv") != std::string::npos);
  n.must_change(capability("V2_5"));
  CHECK(n.net.invoke(user1, "kv", {"put", "k", "v"}).code == 0);
}

TEST_CASE("a peer stops at a configuration that requires what it does not have, says so, and goes on answering") {
  changing_network n{30};
  auto& orderer = *n.net.node().orderers()[0];
  const auto update = sign_update(update_by(*n.now(), [](::common::ConfigGroup& root) {
    ::common::Capabilities c;
    (*c.mutable_capabilities())["V99_0"];
    put_value(group_at(root, {"Application"}), "Capabilities", c);
  }), n.all_admins());
  // An orderer does not need to know what peers must have: this one orders it, as Fabric's would.
  const auto& store = orderer.channel("mychannel")->blocks;
  ::common::ConfigEnvelope config;
  *config.mutable_config() = n.now()->config();
  config.mutable_config()->set_sequence(1);
  auto& application = group_at(*config.mutable_config()->mutable_channel_group(), {"Application"});
  ::common::Capabilities future;
  (*future.mutable_capabilities())["V99_0"];
  put_value(application, "Capabilities", future);
  application.mutable_values()->at("Capabilities").set_version(1);
  const auto wrapped = update_envelope("mychannel", update, n.user(user1));
  REQUIRE(config.mutable_last_update()->ParseFromString(wrapped.raw().to_bytes()));
  ::common::ChannelHeader channel;
  channel.set_type(::common::CONFIG);
  channel.set_channel_id("mychannel");
  ::common::SignatureHeader signer;
  signer.set_creator(orderer.identity->serialized());
  signer.set_nonce("a nonce of a test");
  ::common::Payload payload;
  payload.mutable_header()->set_channel_header(proto::encode(channel));
  payload.mutable_header()->set_signature_header(proto::encode(signer));
  payload.set_data(proto::encode(config));
  auto encoded = proto::encode(payload);
  auto signature = orderer.identity->sign(encoded).value();
  cluster::chain_tip tip{store->height(), store->last_hash(), block_number{0}};
  auto block = cluster::assemble(tip, {ledger::envelope::make(std::move(encoded), std::move(signature))});
  REQUIRE(cluster::sign_block(block, block.number(), {}, *orderer.identity, *orderer.random, *orderer.verifier).has_value());
  REQUIRE(store->append(block).has_value());
  REQUIRE(store->sync().has_value());
  caf::anon_send(n.net.role<actors::deliver_actor>("orderer0.example.com/deliver"), actors::atom::written::value, std::string("mychannel"), block);
  const auto& peer = *n.net.node().peers()[0]->channel("mychannel");
  REQUIRE(n.net.run([&] { return peer.stalled.get() && peer.stalled.get()->lasting(); }));
  const auto stalled = peer.stalled.get();
  CHECK(peer.ledger->height() == block.number());
  CHECK_MESSAGE(stalled->why.find("Application capability V99_0 is required but not supported") != std::string::npos, stalled->why);
  CHECK_MESSAGE(stalled->advice().find("a newer weft") != std::string::npos, stalled->advice());
  CHECK(n.alive("peer0.org1.example.com/block_source/mychannel"));
  CHECK(n.net.query(user1, "mycc", {"query", "a"}) == "100");
}

TEST_CASE("a role that dies between ordering and applying a configuration loses nothing") {
  const std::vector<std::string> victims{"orderer0.example.com/consenter/mychannel", "orderer0.example.com/block_writer/mychannel",
                                         "orderer0.example.com/orderer", "orderer0.example.com/deliver", "peer0.org1.example.com/committer/mychannel",
                                         "peer0.org1.example.com/ledger_writer/mychannel", "peer0.org1.example.com/block_source/mychannel"};
  changing_network n{27};
  std::uint32_t count = 10;
  std::size_t accepted = 0, left_open = 0;
  for (const auto& victim : victims) {
    for (int steps = 0; steps < 24; steps += 2) {
      CAPTURE(victim);
      CAPTURE(steps);
      const auto sequence = n.now()->sequence().value;
      const auto answer = n.net.begin_broadcast(n.update(batch_of(++count), n.all_admins()));
      for (int i = 0; i < steps && n.net.step(); ++i) {
      }
      n.net.kill(victim);
      REQUIRE(n.net.run([&] { return answer->has_value() && n.alive(victim); }));
      const auto now = n.now();
      if ((*answer)->status == 200) {
        ++accepted;
        REQUIRE(now->sequence().value == sequence + 1);
        CHECK(now->batching().max_message_count == count);
      } else {
        ++left_open;  // it may or may not be ordered; both are whole
        REQUIRE((now->sequence().value == sequence || now->batching().max_message_count == count));
      }
      REQUIRE(n.settled(now->sequence().value));
      for (std::size_t peer : {0, 1}) CHECK(ledger::same_tree(n.at_peer(peer)->config().channel_group(), now->config().channel_group()));
      outcome out;
      for (int tries = 0; tries < 10 && out.code != 0; ++tries) {  // a client that is told to try again does so a little later
        if (tries > 0) n.net.run([] { return false; }, std::chrono::seconds(1));
        out = n.net.invoke(user1, "kv", {"put", "k" + std::to_string(count), "v"});
      }
      REQUIRE_MESSAGE(out.code == 0, out.status.message);
    }
  }
  MESSAGE(accepted << " updates acknowledged, " << left_open << " left open");
  CHECK(accepted > 20);
  CHECK(left_open > 5);
}
