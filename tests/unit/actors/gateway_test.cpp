// What a gateway answers when an endorser fails, and whom it asks then: interop/04 §2.
#include <doctest/doctest.h>

#include "actors/peer/client_gateway.hpp"
#include "tests/support/simulated_network.hpp"

using namespace weft;
using testing::simulated_network;

namespace {

const std::string user = "User1@org1.example.com";

/// Asks the gateway of the first peer, and lets time pass until it has answered.
template <class... Content>
actors::gateway_reply ask(simulated_network& net, const Content&... content) {
  const auto to = caf::actor_cast<actors::client_gateway_actor>(net.node().where()->find(net.node().peers()[0]->name + "/gateway"));
  auto answer = std::make_shared<std::optional<actors::gateway_reply>>();
  net.system().spawn([=](caf::event_based_actor* self) {
    self->request(to, std::chrono::seconds(90), content...)
        .then([answer](const actors::gateway_reply& r) { *answer = r; },
              [answer](const caf::error&) { *answer = actors::gateway_reply{actors::status_of(actors::rpc_code::unavailable, "no answer"), {}}; });
  });
  REQUIRE(net.run([&] { return answer->has_value(); }));
  return **answer;
}
actors::signed_proposal propose(simulated_network& net, const std::string& contract, const std::vector<std::string>& args) {
  std::string tx_id;
  return actors::signed_proposal{net.sign_proposal(user, contract, args, tx_id)};
}
actors::gateway_reply evaluate(simulated_network& net, const std::string& contract, const std::vector<std::string>& args, const std::vector<std::string>& orgs) {
  return ask(net, actors::atom::evaluate::value, propose(net, contract, args), orgs);
}
actors::gateway_reply endorse(simulated_network& net, const std::string& contract, const std::vector<std::string>& args, const std::vector<std::string>& orgs = {}) {
  if (orgs.empty()) return ask(net, actors::atom::endorse::value, propose(net, contract, args));
  return ask(net, actors::atom::endorse::value, propose(net, contract, args), orgs);
}
std::vector<std::string> who(const actors::rpc_status& status) {
  std::vector<std::string> out;
  for (const auto& d : status.details) out.push_back(d.address);
  return out;
}

const std::string peer1 = "peer0.org1.example.com", peer2 = "peer0.org2.example.com";

}  // namespace

TEST_CASE("a query goes to the organizations that the client names") {
  simulated_network net{31};
  REQUIRE(net.ready());
  const std::string failure = "chaincode response 500, {\"Error\":\"Nil amount for nobody\"}";
  struct row { std::vector<std::string> orgs; std::string asked; };
  for (const auto& r : {row{{}, peer1}, row{{"Org1MSP"}, peer1}, row{{"Org2MSP"}, peer2}, row{{"Org2MSP", "Org1MSP"}, peer1}, row{{"Org9MSP", "Org2MSP"}, peer2}}) {
    CAPTURE(r.asked);
    CHECK(evaluate(net, "mycc", {"query", "a"}, r.orgs).status.ok());
    const auto refused = evaluate(net, "mycc", {"query", "nobody"}, r.orgs).status;
    CHECK(refused.code == static_cast<int>(actors::rpc_code::unknown));
    CHECK(refused.message == "evaluate call to endorser returned error: " + failure);
    CHECK(who(refused) == std::vector<std::string>{r.asked});
    CHECK(refused.details.front().message == failure);
  }
  const auto nobody = evaluate(net, "mycc", {"query", "a"}, {"Org9MSP"}).status;
  CHECK(nobody.code == static_cast<int>(actors::rpc_code::failed_precondition));
  CHECK(nobody.message == "no peers available to evaluate chaincode mycc in channel mychannel");
}

TEST_CASE("a query is answered by another peer while the first one's endorser is away") {
  simulated_network net{32};
  REQUIRE(net.ready());
  auto& where = *net.node().where();
  const auto away = where.find(peer1 + "/endorser");
  where.erase(peer1 + "/endorser");  // the supervisor has not noticed yet
  CHECK(evaluate(net, "mycc", {"query", "a"}, {}).status.ok());
  const auto alone = evaluate(net, "mycc", {"query", "a"}, {"Org1MSP"}).status;
  CHECK(alone.code == static_cast<int>(actors::rpc_code::failed_precondition));
  where.put(peer1 + "/endorser", away);
  CHECK(evaluate(net, "mycc", {"query", "a"}, {"Org1MSP"}).status.ok());
}

TEST_CASE("requests that say nothing are refused in Fabric's words") {
  simulated_network net{33};
  REQUIRE(net.ready());
  const auto bad = static_cast<int>(actors::rpc_code::invalid_argument);
  const auto evaluated = ask(net, actors::atom::evaluate::value, actors::signed_proposal{bytes()}).status;
  CHECK(evaluated.code == bad);
  CHECK(evaluated.message == "failed to unpack transaction proposal: a signed proposal is required");
  const auto endorsed = ask(net, actors::atom::endorse::value, actors::signed_proposal{bytes()}).status;
  CHECK(endorsed.code == bad);
  CHECK(endorsed.message == "the proposed transaction must contain a signed proposal");
  const auto submitted = ask(net, actors::atom::submit::value, ledger::envelope::keep(shared_bytes{bytes()})).status;
  CHECK(submitted.code == bad);
  CHECK(submitted.message == "a prepared transaction is required");
}

TEST_CASE("the first endorser's refusal is what the client hears") {
  simulated_network net{34};
  REQUIRE(net.ready());
  const auto alone = endorse(net, "mycc", {"invoke", "a", "b", "many"}).status;
  CHECK(alone.code == static_cast<int>(actors::rpc_code::aborted));
  CHECK(alone.message == "failed to endorse transaction, see attached details for more info");
  CHECK(who(alone) == std::vector<std::string>{peer1});
  const auto both = endorse(net, "mycc", {"invoke", "a", "b", "many"}, {"Org1MSP", "Org2MSP"}).status;
  CHECK(both.message == "failed to collect enough transaction endorsements, see attached details for more info");
  CHECK(both.details.size() == 2);
  const auto unknown = endorse(net, "nope", {"x"}, {"Org1MSP", "Org9MSP"}).status;
  CHECK(unknown.code == static_cast<int>(actors::rpc_code::unavailable));
  CHECK(unknown.message == "failed to find any endorsing peers for org(s): Org1MSP, Org9MSP");
}
