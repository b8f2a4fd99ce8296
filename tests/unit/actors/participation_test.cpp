// Channels that are made and joined while the network runs.
#include "chaincode/endorsement/reply.hpp"
#include "common/configtx.pb.h"
#include "ledger/channel/config_tree.hpp"
#include "tests/unit/actors/config_change.hpp"

using namespace weft;
using namespace weft::testing;

namespace {

struct answer {
  std::int32_t status = 0;
  std::string text;
};

/// Asks the node's participation role and runs the network until it answers.
template <class... Ts>
answer participate(simulated_network& net, Ts... xs) {
  auto reply = std::make_shared<std::optional<answer>>();
  const auto to = net.role<actors::participation_actor>("node/participation");
  net.system().spawn([=](caf::event_based_actor* self) {
    self->request(to, std::chrono::seconds(90), xs...)
        .then([reply](const actors::broadcast_reply& r) { *reply = answer{r.status, r.info}; }, [reply](const caf::error&) { *reply = answer{0, "no answer"}; });
  });
  net.run([&] { return reply->has_value(); });
  return reply->value_or(answer{});
}
answer create(simulated_network& net, const actors::channel_request& r) { return participate(net, actors::atom::create::value, r); }
answer join(simulated_network& net, const std::string& member, const ledger::block& b) { return participate(net, actors::atom::join::value, member, b); }

/// A call of cscc without a channel.
chaincode::endorsement_view cscc(simulated_network& net, const std::string& user, const std::vector<bytes>& args, actors::rpc_status* status = nullptr) {
  static int count = 0;
  const auto who = net.node().user(user).value();
  const auto made = ledger::make_proposal({"", "cscc", args, {}, false}, who.serialized(), "nonce" + std::to_string(++count), net.wall().now());
  const auto reply = net.endorse_raw(ledger::make_signed_proposal(made.proposal_bytes, who.sign(made.proposal_bytes).value()));
  if (status) *status = reply.status;
  return reply.status.ok() ? chaincode::parse_response(reply.response).value() : chaincode::endorsement_view{};
}

ledger::block first_block(simulated_network& net, const std::string& channel) {
  return net.node().orderers()[0]->channel(channel)->blocks->read(block_number{0}).value();
}

}  // namespace

TEST_CASE("a channel that is made later has its own members, contracts and configuration") {
  simulated_network net{41};
  REQUIRE(net.ready());
  const auto made = create(net, {"trade", {}, {"kv", "mycc"}});
  REQUIRE_MESSAGE(made.status == 201, made.text);
  for (const auto& p : net.node().peers()) REQUIRE(p->channel("trade") != nullptr);
  const auto& ledger = *net.node().peers()[0]->channel("trade")->ledger;
  CHECK(ledger.bundle()->channel_id() == "trade");
  CHECK(ledger.bundle()->application_orgs().size() == 2);
  CHECK(ledger.height().value >= 3);
  CHECK(net.invoke_on("trade", user1, "kv", {"put", "k", "only here"}).code == 0);
  CHECK(net.query_on("trade", user1, "kv", {"get", "k"}) == "only here");
  CHECK(net.query_on("trade", user1, "mycc", {"query", "a"}) == "100");
  CHECK(net.query(user1, "kv", {"get", "k"}) != "only here");
  const auto again = create(net, {"trade", {}, {"kv", "simple"}});  // what is there already is passed over
  CHECK_MESSAGE(again.status == 201, again.text);
  CHECK(net.query_on("trade", user1, "kv", {"get", "k"}) == "only here");
}

TEST_CASE("a contract that is not deployed on a living channel is refused in Fabric's words") {
  simulated_network net{45};
  REQUIRE(net.ready());
  REQUIRE(create(net, {"trade", {}, {"kv"}}).status == 201);
  const auto refused = net.invoke_on("trade", user1, "mycc", {"invoke", "a", "b", "1"});
  CHECK(refused.status.code == static_cast<int>(actors::rpc_code::failed_precondition));
  CHECK(refused.status.message ==
        "no combination of peers can be derived which satisfy the endorsement policy: No metadata was found for chaincode mycc in channel trade");
  std::string error;
  CHECK(net.query_on("trade", user1, "mycc", {"query", "a"}, &error).empty());
  CHECK(error == "no peers available to evaluate chaincode mycc in channel trade");
  CHECK(net.query(user1, "mycc", {"query", "a"}) == "100");
}

TEST_CASE("what cannot be a channel is refused") {
  simulated_network net{42};
  REQUIRE(net.ready());
  struct row { const char* name; actors::channel_request request; std::string says; };
  const row rows[] = {{"no name", {"", {}, {}}, "cannot be empty"},
                      {"capital letters", {"Trade", {}, {}}, "illegal characters"},
                      {"a path", {"../x", {}, {}}, "illegal characters"},
                      {"an unknown organization", {"trade", {"Org9"}, {}}, "no organization Org9 with peers; there are: Org1, Org2"},
                      {"an orderer organization", {"trade", {"OrdererOrg"}, {}}, "no organization"},
                      {"an unknown contract", {"trade", {}, {"nosuch"}}, "no contract nosuch is installed"}};
  for (const auto& r : rows) {
    CAPTURE(r.name);
    const auto refused = create(net, r.request);
    CHECK(refused.status == 400);
    CHECK_MESSAGE(refused.text.find(r.says) != std::string::npos, refused.text);
  }
  const auto b = first_block(net, "mychannel");
  CHECK(join(net, "peer9.org1.example.com", b).status == 404);
  CHECK(join(net, "peer0.org1.example.com", b).status == 405);
  CHECK(join(net, "peer0.org1.example.com", net.node().orderers()[0]->channel("mychannel")->blocks->read(block_number{1}).value()).status == 400);
  CHECK(join(net, "peer0.org1.example.com", {}).status == 400);
}

TEST_CASE("a channel that was made with other identities of the same organizations is refused at once") {
  simulated_network net{46}, other{47};
  REQUIRE(net.ready());
  REQUIRE(other.ready());
  REQUIRE(create(other, {"abroad", {}, {}}).status == 201);
  const auto b = first_block(other, "abroad");
  for (const char* member : {"peer0.org1.example.com", "orderer0.example.com"}) {
    CAPTURE(member);
    const auto refused = join(net, member, b);
    CHECK(refused.status == 400);
    CHECK_MESSAGE(refused.text.find("was made with another") != std::string::npos, refused.text);
  }
  CHECK(net.node().peers()[0]->channel("abroad") == nullptr);
  CHECK(net.node().orderers()[0]->channel("abroad") == nullptr);
}

TEST_CASE("an organization that is added to a running channel joins it, catches up and takes part") {
  simulated_network net{43};
  REQUIRE(net.ready());
  REQUIRE(create(net, {"pair", {"Org1"}, {"kv"}}).status == 201);
  CHECK(net.node().peers()[1]->channel("pair") == nullptr);
  CHECK(net.invoke_on("pair", user1, "kv", {"put", "k", "before"}).code == 0);
  CHECK_FALSE(net.invoke_on("pair", user2, "kv", {"put", "k", "x"}).status.ok());

  const auto now = net.node().orderers()[0]->channel("pair")->bundle.get();
  const auto both = net.node().peers()[0]->channel("mychannel")->now.get()->bundle;
  const auto& org2 = both->config().channel_group().groups().at("Application").groups().at("Org2");
  const auto update = update_by(*now, [&](::common::ConfigGroup& root) { (*group_at(root, {"Application"}).mutable_groups())["Org2"] = org2; });
  const auto admin = net.node().user("Admin@org1.example.com").value();
  const auto reply = net.broadcast(update_envelope("pair", sign_update(update, {admin}), admin));
  REQUIRE_MESSAGE(reply.status == 200, reply.info);

  const auto joined = join(net, "peer0.org2.example.com", first_block(net, "pair"));
  REQUIRE_MESSAGE(joined.status == 201, joined.text);
  const auto height = net.node().orderers()[0]->channel("pair")->blocks->height();
  REQUIRE(net.run([&] { return net.node().peers()[1]->channel("pair")->ledger->height() == height; }));
  CHECK(net.invoke_on("pair", user2, "kv", {"put", "k", "after"}, 0).status.code != 0);  // Org2 has not approved kv: it cannot endorse, and a majority needs it
}

TEST_CASE("cscc lets an administrator join a peer to a channel, and nobody else, in Fabric's words") {
  simulated_network net{44};
  REQUIRE(net.ready());
  REQUIRE(create(net, {"solo-channel", {"Org2"}, {}}).status == 201);
  const auto b = first_block(net, "solo-channel").encode();
  const auto peer = net.node().peers()[0];
  const auto user = cscc(net, user1, {"JoinChain", b});
  CHECK(user.status == 500);
  CHECK(user.message == "access denied for [JoinChain][solo-channel]: [Failed verifying that proposal's creator satisfies local MSP principal during channelless check "
                        "policy with policy [Admins]: [The identity is not an admin under this MSP [Org1MSP]: The identity does not contain OU [ADMIN], MSP: [Org1MSP]]]");
  actors::rpc_status status;
  cscc(net, "Admin@org2.example.com", {"JoinChain", b}, &status);
  CHECK(status.message.find("access denied: channel [] creator org unknown") != std::string::npos);
  CHECK(peer->channel("solo-channel") == nullptr);
  CHECK(cscc(net, "Admin@org1.example.com", {"JoinChain", "no block"}).status == 500);
  CHECK(cscc(net, "Admin@org1.example.com", {"JoinChain"}).status == 500);

  CHECK(cscc(net, "Admin@org1.example.com", {"JoinChain", b}).status == 200);
  CHECK(peer->channel("solo-channel") != nullptr);
  const auto again = cscc(net, "Admin@org1.example.com", {"JoinChain", b});
  CHECK(again.status == 500);
  CHECK(again.message == "cannot create ledger from genesis block: ledger [solo-channel] already exists with state [ACTIVE]");
  const auto list = cscc(net, user1, {"GetChannels"});
  CHECK_FALSE(list.endorsed);
  CHECK(list.payload.empty());  // a response alone: no channel could hold what was endorsed
  CHECK(list.status == 200);
  CHECK(list.answer.find("mychannel") != std::string::npos);
  CHECK(list.answer.find("solo-channel") != std::string::npos);
}

TEST_CASE("roles of a channel that was joined later are started again like any other") {
  simulated_network net{45};
  REQUIRE(net.ready());
  REQUIRE(create(net, {"later", {}, {"kv"}}).status == 201);
  for (const char* role : {"peer0.org1.example.com/committer/later", "orderer0.example.com/consenter/later", "orderer0.example.com/deliver", "node/participation",
                           "peer0.org2.example.com/block_source/later"}) {
    CAPTURE(role);
    net.kill(role);
    outcome out;
    for (int tries = 0; tries < 10 && out.code != 0; ++tries) {
      if (tries > 0) net.run([] { return false; }, std::chrono::seconds(1));
      out = net.invoke_on("later", user1, "kv", {"put", role, "v"});
    }
    CHECK_MESSAGE(out.code == 0, out.status.message);
  }
  net.run([] { return false; }, std::chrono::seconds(1));  // the last one that was killed is back
  CHECK(create(net, {"last", {}, {"kv"}}).status == 201);
}
