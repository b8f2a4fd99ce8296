// A network in this process with its door open, asked by clients that know Fabric's protocols only.
#include <doctest/doctest.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <caf/actor_system.hpp>
#include <filesystem>
#include <future>
#include <set>

#include "actors/node/node.hpp"
#include "cluster/deliver/seek.hpp"
#include "common/common.pb.h"
#include "gateway/gateway.pb.h"
#include "ledger/block/block.hpp"
#include "ledger/tx/envelope.hpp"
#include "msp/identities.pb.h"
#include "peer/events.pb.h"
#include "peer/proposal_response.pb.h"
#include "proto/encode.hpp"
#include "tests/e2e/door_fixture.hpp"
#include "weft/control.pb.h"

namespace fs = std::filesystem;
using namespace weft;
using actors::rpc_code;
using weft::testing::put;
using fixture = weft::testing::door_fixture;

namespace {

/// Blocks (or filtered blocks) until the status message, which is returned.
struct delivered {
  std::vector<::protos::DeliverResponse> blocks;
  int status = 0;
};
delivered read_subscription(edge::client_stream& s) {
  delivered out;
  while (const auto raw = s.read()) {
    ::protos::DeliverResponse r;
    REQUIRE(proto::decode(*raw, r));
    if (r.Type_case() == ::protos::DeliverResponse::kStatus) {
      out.status = r.status();
      return out;
    }
    out.blocks.push_back(std::move(r));
  }
  return out;
}

int code(rpc_code c) { return static_cast<int>(c); }

}  // namespace

TEST_CASE("a client of each organization writes and reads through the gateway") {
  fixture f;
  for (const auto* org : {"org1", "org2"}) {
    const auto user = std::string("User1@") + org + ".example.com";
    const auto g = f.gateway(user);
    CHECK(put(g, {"put", std::string("key of ") + org, user}).code == 0);
    const auto value = g.evaluate({"mychannel", "kv", {"get", std::string("key of ") + org}, {}, false});
    REQUIRE(value.has_value());
    CHECK(value->payload == user);
    CHECK(value->status == 200);
  }
}

TEST_CASE("what a contract refuses comes back with the peer's words in the trailer") {
  fixture f;
  const auto g = f.gateway("User1@org1.example.com");
  const auto tx = g.endorse({"mychannel", "mycc", {"invoke", "nobody", "b", "1"}, {}, false});
  REQUIRE_FALSE(tx.has_value());
  CHECK(tx.error().status.code == code(rpc_code::aborted));
  REQUIRE_FALSE(tx.error().status.details.empty());
  CHECK(tx.error().status.details[0].message.find("chaincode response 500, ") == 0);
  const auto& msp = tx.error().status.details[0].msp_id;  // whoever was asked first
  CHECK((msp == "Org1MSP" || msp == "Org2MSP"));
  CHECK(tx.error().status.details[0].address.find("peer0.") == 0);
  const auto answer = g.evaluate({"mychannel", "mycc", {"query", "nobody"}, {}, false});
  REQUIRE_FALSE(answer.has_value());
  CHECK(answer.error().status.code == code(rpc_code::unknown));
}

TEST_CASE("a client may say which organizations endorse, and the committers judge whether they suffice") {
  fixture f;
  const auto g = f.gateway("User1@org1.example.com");
  const auto signers = [&](const edge::endorsed_call& tx) {
    std::set<std::string> out;
    const auto parsed = ledger::parse_endorser_tx(ledger::envelope::keep(shared_bytes{tx.envelope}));
    REQUIRE(parsed.has_value());
    for (const auto& e : parsed->endorsements) {
      ::msp::SerializedIdentity who;
      REQUIRE(proto::decode(e.endorser, who));
      out.insert(who.mspid());
    }
    return out;
  };
  const auto endorse = [&](const std::string& contract, std::vector<std::string> orgs) {
    return g.endorse({"mychannel", contract, {"put", "a", "b"}, {}, false, std::move(orgs)});
  };
  const auto one = endorse("kv", {"Org2MSP", "Org2MSP"}), both = endorse("kv", {"Org1MSP", "Org2MSP"});
  REQUIRE(one.has_value());
  CHECK(signers(*one) == std::set<std::string>{"Org2MSP"});
  REQUIRE(both.has_value());
  CHECK(signers(*both) == std::set<std::string>{"Org1MSP", "Org2MSP"});
  for (const auto* tx : {&one, &both}) REQUIRE(g.submit(**tx).has_value());
  CHECK(g.commit_status("mychannel", one->tx_id)->code == 10);  // ENDORSEMENT_POLICY_FAILURE
  CHECK(g.commit_status("mychannel", both->tx_id)->code == 0);
  struct row {
    std::string contract;
    std::vector<std::string> orgs;
    rpc_code code;
    std::string text;
  };
  const row refused[] = {
      {"kv", {"Org9MSP"}, rpc_code::unavailable, "failed to find any endorsing peers for org(s): Org9MSP"},
      {"kv", {"Org1MSP", "Org8MSP", "Org9MSP"}, rpc_code::unavailable, "failed to find any endorsing peers for org(s): Org8MSP, Org9MSP"},
      {"kv", {"OrdererMSP"}, rpc_code::unavailable, "failed to find any endorsing peers for org(s): OrdererMSP"},
      {"nosuch", {"Org1MSP"}, rpc_code::unavailable, "failed to find any endorsing peers for org(s): Org1MSP"},
      {"mycc", {"Org1MSP"}, rpc_code::aborted, "failed to collect enough transaction endorsements, see attached details for more info"},
  };
  for (const auto& r : refused) {
    CAPTURE(r.text);
    const auto tx = endorse(r.contract, r.orgs);
    REQUIRE_FALSE(tx.has_value());
    CHECK(tx.error().status.code == code(r.code));
    CHECK(tx.error().status.message == r.text);
    if (r.code == rpc_code::aborted) CHECK(tx.error().status.details.at(0).msp_id == "Org1MSP");
  }
}

TEST_CASE("statuses of calls that cannot succeed") {
  fixture f;
  const auto g = f.gateway("User1@org1.example.com");
  CHECK(g.endorse({"mychannel", "nosuch", {"f"}, {}, false}).error().status.code == code(rpc_code::failed_precondition));
  CHECK(g.evaluate({"mychannel", "nosuch", {"f"}, {}, false}).error().status.code == code(rpc_code::failed_precondition));
  CHECK(g.endorse({"nochannel", "kv", {"f"}, {}, false}).error().status.code == code(rpc_code::failed_precondition));
  CHECK(g.evaluate({"nochannel", "kv", {"f"}, {}, false}).error().status.code == code(rpc_code::unavailable));
  CHECK(g.commit_status("nochannel", "00").error().status.code == code(rpc_code::permission_denied));
  const auto elsewhere = f.gateway("User1@org1.example.com", {{"weft-peer", "peer9.org9.example.com"}});
  CHECK(elsewhere.evaluate({"mychannel", "kv", {"get", "x"}, {}, false}).error().status.code == code(rpc_code::not_found));
  CHECK(f.client->call("/gateway.Gateway/Nothing", {}).status.code == code(rpc_code::unimplemented));
  CHECK(f.client->call("/gateway.Gateway/Evaluate", {}).status.code == code(rpc_code::invalid_argument));
  for (const auto* method : {"Evaluate", "Endorse", "Submit", "CommitStatus"}) {
    CAPTURE(method);
    const auto r = f.client->call(std::string("/gateway.Gateway/") + method, "\xff\xff\xff");
    CHECK(r.status.code == code(rpc_code::invalid_argument));
  }
  CHECK_FALSE(f.client->call("/protos.Endorser/ProcessProposal", "\x0a\x03xyz").status.ok());
}

TEST_CASE("a commit status needs the signature of the identity that it names") {
  fixture f;
  const auto who = *f.node->user("User1@org1.example.com");
  ::gateway::CommitStatusRequest inner;
  inner.set_channel_id("mychannel");
  inner.set_transaction_id("00");
  inner.set_identity(who.serialized());
  ::gateway::SignedCommitStatusRequest request;
  request.set_request(proto::encode(inner));
  request.set_signature(*who.sign(request.request() + "x"));
  CHECK(f.call("/gateway.Gateway/CommitStatus", request).status.code == code(rpc_code::permission_denied));
  inner.set_identity("nobody");
  request.set_request(proto::encode(inner));
  request.set_signature(*who.sign(request.request()));
  CHECK(f.call("/gateway.Gateway/CommitStatus", request).status.code == code(rpc_code::permission_denied));
}

TEST_CASE("a commit status that nobody can answer ends at the client's deadline") {
  fixture f;
  edge::gateway_timeouts timeouts;
  timeouts.commit = std::chrono::milliseconds(100);
  const edge::gateway_client g{f.client, *f.node->user("User1@org1.example.com"), std::make_shared<system_clock>(), std::make_shared<system_random>(), timeouts};
  CHECK(g.commit_status("mychannel", std::string(64, '0')).error().status.code == code(rpc_code::deadline_exceeded));
}

TEST_CASE("blocks are delivered whole, in order, and again on the same stream") {
  fixture f;
  const auto s = f.client->open("/protos.Deliver/Deliver");
  const auto height = f.height();
  for (int again = 0; again < 2; ++again) {
    REQUIRE(s->write(f.seek("User1@org2.example.com", 0, height - 1)));
    const auto got = read_subscription(*s);
    CHECK(got.status == 200);
    REQUIRE(got.blocks.size() == height);
    for (std::size_t n = 0; n < got.blocks.size(); ++n) CHECK(got.blocks[n].block().header().number() == n);
    const auto stored = *f.node->peers().back()->channel("mychannel")->ledger->blocks().read(block_number{height - 1});
    CHECK(proto::encode(got.blocks.back().block()) == stored.encode());
  }
  REQUIRE(s->half_close());
  CHECK_FALSE(s->read().has_value());
  CHECK(s->status().ok());
}

TEST_CASE("who may not read gets a status and nothing else") {
  fixture f;
  struct row {
    const char* name;
    bytes request;
    int status;
  };
  const row rows[] = {
      {"a wrong signature", f.seek("User1@org1.example.com", 0, 0, true), 403},
      {"a channel that is not there", f.seek("User1@org1.example.com", 0, 0, false, "nochannel"), 404},
      {"a start beyond the end", f.seek("User1@org1.example.com", 1'000'000, 1'000'001), 404},
      {"no envelope at all", "\xff\xff", 400},
      {"an empty envelope", "", 400},
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    const auto s = f.client->open("/protos.Deliver/Deliver");
    REQUIRE(s->write(r.request));
    const auto got = read_subscription(*s);
    CHECK(got.blocks.empty());
    CHECK(got.status == r.status);
    CHECK_FALSE(s->read().has_value());
  }
}

TEST_CASE("a reader that stops reading holds back its stream only, and gets everything in the end") {
  fixture f;
  const auto g = f.gateway("User1@org1.example.com");
  const auto s = f.client->open("/protos.Deliver/Deliver");
  const auto first = f.height();
  constexpr std::uint64_t more = 100;  // several windows
  REQUIRE(s->write(f.seek("User1@org1.example.com", first, first + more - 1)));
  for (std::uint64_t i = 0; i < more; ++i) CHECK(put(g, {"put", "slow", std::to_string(i)}).code == 0);
  const auto got = read_subscription(*s);
  CHECK(got.status == 200);
  REQUIRE(got.blocks.size() == more);
  CHECK(got.blocks.back().block().header().number() == first + more - 1);
}

TEST_CASE("filtered blocks tell ids, verdicts and events without their payload") {
  fixture f;
  const auto g = f.gateway("User1@org1.example.com");
  const auto committed = put(g, {"event", "painted", "secret colour"});
  const auto s = f.client->open("/protos.Deliver/DeliverFiltered");
  REQUIRE(s->write(f.seek("User1@org1.example.com", committed.block, committed.block)));
  const auto got = read_subscription(*s);
  REQUIRE(got.blocks.size() == 1);
  const auto& b = got.blocks[0].filtered_block();
  CHECK(b.channel_id() == "mychannel");
  CHECK(b.number() == committed.block);
  REQUIRE(b.filtered_transactions_size() == 1);
  const auto& tx = b.filtered_transactions(0);
  CHECK(tx.txid().size() == 64);
  CHECK(tx.type() == ::common::ENDORSER_TRANSACTION);
  CHECK(tx.tx_validation_code() == ::protos::VALID);
  REQUIRE(tx.transaction_actions().chaincode_actions_size() == 1);
  const auto& event = tx.transaction_actions().chaincode_actions(0).chaincode_event();
  CHECK(event.event_name() == "painted");
  CHECK(event.payload().empty());
}

TEST_CASE("events of a contract arrive from where the client asks, and only those") {
  fixture f;
  const auto g = f.gateway("User1@org1.example.com");
  const auto first = put(g, {"event", "one", "1"});
  put(g, {"put", "no event", "here"});
  const auto who = *f.node->user("User1@org1.example.com");
  const auto request = [&](const std::string& contract, bool spoil = false) {
    ::gateway::ChaincodeEventsRequest inner;
    inner.set_channel_id("mychannel");
    inner.set_chaincode_id(contract);
    inner.set_identity(who.serialized());
    inner.mutable_start_position()->mutable_specified()->set_number(first.block);
    ::gateway::SignedChaincodeEventsRequest out;
    out.set_request(proto::encode(inner));
    out.set_signature(*who.sign(spoil ? "x" : out.request()));
    return proto::encode(out);
  };
  const auto s = f.client->open("/gateway.Gateway/ChaincodeEvents");
  REQUIRE(s->write(request("kv")));
  put(g, {"event", "two", "2"});
  for (const auto* expected : {"one", "two"}) {
    const auto raw = s->read();
    REQUIRE(raw.has_value());
    ::gateway::ChaincodeEventsResponse r;
    REQUIRE(proto::decode(*raw, r));
    REQUIRE(r.events_size() == 1);
    CHECK(r.events(0).event_name() == expected);
    CHECK(r.events(0).chaincode_id() == "kv");
    CHECK_FALSE(r.events(0).payload().empty());
  }
  const auto denied = f.client->open("/gateway.Gateway/ChaincodeEvents");
  REQUIRE(denied->write(request("kv", true)));
  CHECK_FALSE(denied->read().has_value());
  CHECK(denied->status().code == code(rpc_code::permission_denied));
}

TEST_CASE("calls that clients gave up leave nothing behind") {
  fixture f;
  {
    std::vector<std::unique_ptr<edge::client_stream>> streams;
    for (int i = 0; i < 20; ++i) {
      streams.push_back(f.client->open("/protos.Deliver/Deliver"));
      REQUIRE(streams.back()->write(f.seek("User1@org1.example.com", 0, std::nullopt)));
      REQUIRE(streams.back()->read().has_value());
    }
    CHECK(f.open_calls() >= 20);
  }
  auto open = f.open_calls();  // a call is counted until gRPC is done with it, a moment after its answer
  for (int i = 0; i < 1000 && open > 0; ++i) open = f.open_calls();
  CHECK(open == 0);
}

TEST_CASE("a second door on the same folder is refused") {
  fixture f;
  const auto second = edge::door::open(f.system, *f.node, f.folder, [] {});
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().code == errc::already_exists);
  CHECK(edge::answers(edge::socket_path(f.folder)));
}
