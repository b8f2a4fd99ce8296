// What strangers and thieves send to a network: every piece is refused with the status that Fabric gives, and the network goes on.
#include <doctest/doctest.h>

#include "cluster/ordering/admission.hpp"
#include "crypto/ca/authority.hpp"
#include "peer/proposal_response.pb.h"
#include "proto/encode.hpp"
#include "tests/support/simulated_network.hpp"

using namespace weft;
using weft::testing::outcome;
using weft::testing::simulated_network;

namespace {

constexpr const char* user = "User1@org1.example.com";
constexpr int unknown = 2, ok = 0;

/// Somebody whose certificate comes from an authority of the same name that nobody trusts.
crypto::signing_identity forged(const std::string& msp_id, const weft::clock& clock, timestamp from, timestamp to) {
  seeded_random random{99};
  auto ca = crypto::authority::create("ca.org1.example.com", "org1.example.com", {}, clock, random, crypto::nonce_rule::deterministic).value();
  crypto::certificate_request request;
  request.common_name = "User1@org1.example.com";
  request.organizational_units = {"client"};
  request.not_before = from;
  request.not_after = to;
  auto made = ca.issue(request, random).value();
  return {msp_id, made.cert, crypto::make_signer(made.key, crypto::nonce_rule::deterministic)};
}

struct signed_call {
  std::string tx_id;
  bytes proposal_bytes, signature;
  [[nodiscard]] bytes raw() const { return ledger::make_signed_proposal(proposal_bytes, signature); }
};

signed_call call_as(simulated_network& net, const crypto::signing_identity& who, const std::string& channel = "mychannel", timestamp at = {}) {
  static std::uint64_t nonce = 0;
  auto made = ledger::make_proposal({channel, "kv", {"put", "k", "v"}, {}, false}, who.serialized(), "nonce-" + std::to_string(++nonce),
                                    at == timestamp{} ? net.wall().now() : at);
  return {made.tx_id, made.proposal_bytes, who.sign(made.proposal_bytes).value()};
}

}  // namespace

TEST_CASE("an endorser refuses what no member of the channel has signed, with Fabric's texts") {
  simulated_network net{11};
  REQUIRE(net.ready());
  const auto me = net.node().user(user).value();
  const auto now = net.wall().now();
  const auto stranger = forged("Org1MSP", net.wall(), now - std::chrono::hours(1), now + std::chrono::hours(1));
  const auto foreign = forged("NobodyMSP", net.wall(), now - std::chrono::hours(1), now + std::chrono::hours(1));

  auto tampered = call_as(net, me);
  tampered.proposal_bytes[tampered.proposal_bytes.size() - 3] ^= 1;
  auto swapped = call_as(net, me);
  swapped.signature = call_as(net, me).signature;
  auto unsigned_one = call_as(net, me);
  unsigned_one.signature.clear();
  auto truncated = call_as(net, me);
  truncated.proposal_bytes.resize(truncated.proposal_bytes.size() / 2);

  struct row { const char* name; bytes raw; int code; std::int32_t response; const char* says; };
  const row rows[] = {
      {"a certificate of a foreign CA", call_as(net, stranger).raw(), unknown, 0, "creator org unknown, creator is malformed"},
      {"an unknown organization", call_as(net, foreign).raw(), unknown, 0, "creator org unknown, creator is malformed"},
      {"one changed byte", tampered.raw(), unknown, 0, ""},
      {"the signature of another proposal", swapped.raw(), unknown, 0, "access denied: channel [mychannel] creator org [Org1MSP]"},
      {"no signature", unsigned_one.raw(), unknown, 0, "empty signature"},
      {"half a proposal", truncated.raw(), unknown, 0, ""},
      {"no proposal at all", "not protobuf", unknown, 0, ""},
      {"nothing", "", unknown, 0, ""},
      {"an unknown channel", call_as(net, me, "otherchannel").raw(), ok, 500, "channel 'otherchannel' not found"},
      {"a timestamp of an hour ago", call_as(net, me, "mychannel", now - std::chrono::hours(1)).raw(), unknown, 0, "incorrect timestamp"},
      {"a timestamp of tomorrow", call_as(net, me, "mychannel", now + std::chrono::hours(24)).raw(), unknown, 0, "incorrect timestamp"},
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    const auto reply = net.endorse_raw(r.raw);
    CHECK_MESSAGE(reply.status.code == r.code, reply.status.message);
    CHECK_MESSAGE(reply.status.message.find(r.code == ok ? "" : r.says) != std::string::npos, reply.status.message);
    if (r.code != ok) {
      CHECK(reply.response.empty());
      continue;
    }
    ::protos::ProposalResponse response;
    REQUIRE(proto::decode(reply.response, response));
    CHECK(response.response().status() == r.response);
    CHECK(response.response().message().find(r.says) != std::string::npos);
    CHECK(response.endorsement().signature().empty());
  }
  CHECK(net.invoke(user, "kv", {"put", "still", "here"}).code == 0);
}

TEST_CASE("a proposal whose transaction was committed is a replay") {
  simulated_network net{12};
  REQUIRE(net.ready());
  const auto me = net.node().user(user).value();
  const auto call = call_as(net, me);
  REQUIRE(net.endorse_raw(call.raw()).status.ok());
  outcome out;
  const auto reply = net.gateway_endorse(call.raw());
  REQUIRE(reply.status.ok());
  REQUIRE(net.submit(ledger::envelope::make(reply.payload, me.sign(reply.payload).value()), call.tx_id).code == 0);
  const auto again = net.endorse_raw(call.raw());
  CHECK(again.status.code == unknown);
  CHECK(again.status.message.find("duplicate transaction found [" + call.tx_id + "]") != std::string::npos);
}

TEST_CASE("a client whose certificate expires is no longer served, and what it committed stays valid") {
  simulated_network net{13};
  REQUIRE(net.ready());
  const auto me = net.node().user(user).value();
  REQUIRE(net.invoke(user, "kv", {"put", "k", "v"}).code == 0);
  outcome late;
  const auto held_back = net.endorse(user, "kv", {"put", "k", "w"}, late);
  REQUIRE(late.status.ok());
  net.wall().advance(std::chrono::hours(24 * 3650 + 1));
  CHECK(net.endorse_raw(call_as(net, me).raw()).status.message.find("proposal client identity expired") != std::string::npos);
  const auto refused = net.broadcast(held_back);
  CHECK(refused.status == 400);
  CHECK(refused.info == "broadcast client identity expired");
}

TEST_CASE("an orderer refuses what it must not order, with Fabric's status and text") {
  simulated_network net{14};
  REQUIRE(net.ready());
  const auto me = net.node().user(user).value();
  const auto now = net.wall().now();
  outcome fine;
  const auto tx = net.endorse(user, "kv", {"put", "k", "v"}, fine);
  REQUIRE(fine.status.ok());
  const auto payload = bytes(tx.payload());
  const auto signature = bytes(tx.signature());
  auto flipped = payload;
  flipped[flipped.size() / 2] ^= 1;
  const auto stranger = forged("Org1MSP", net.wall(), now - std::chrono::hours(1), now + std::chrono::hours(1));
  const auto huge = net.endorse_payload_of_size(11 * MiB, me);

  struct row { const char* name; ledger::envelope tx; int status; const char* says; };
  const row rows[] = {
      {"a changed payload", ledger::envelope::make(flipped, signature), 403, ""},
      {"no signature", ledger::envelope::make(payload, ""), 403, "permission denied"},
      {"somebody else's signature", ledger::envelope::make(payload, stranger.sign(payload).value()), 403, "permission denied"},
      {"no payload", ledger::envelope::make("", signature), 400, ""},
      {"no protobuf", ledger::envelope::make("garbage", signature), 400, "could not determine channel ID"},
      {"too large", huge, 400, "exceeds maximum allowed"},
  };
  const auto before = net.node().orderers()[0]->channel("mychannel")->blocks->height();
  for (const auto& r : rows) {
    CAPTURE(r.name);
    const auto reply = net.broadcast(r.tx);
    // A flipped byte may hit the header, and then no channel can be told.
    CHECK_MESSAGE((reply.status == r.status || (r.tx.payload() == bytes_view(flipped) && reply.status == 400)), reply.status, " ", reply.info);
    CHECK_MESSAGE(reply.info.find(r.says) != std::string::npos, reply.info);
  }
  CHECK(net.node().orderers()[0]->channel("mychannel")->blocks->height() == before);
  CHECK(net.submit(tx, fine.tx_id).code == 0);
}

TEST_CASE("a transaction without enough endorsements is ordered, judged invalid, and the reason shows who is missing") {
  simulated_network net{15};
  REQUIRE(net.ready());
  const auto me = net.node().user(user).value();
  const auto call = call_as(net, me);
  const auto one = net.endorse_raw(call.raw());
  REQUIRE(one.status.ok());
  const actors::signed_proposal p{call.raw()};
  const auto payload = ledger::make_transaction_payload(*p.parsed(), {one.response}).value();
  const auto out = net.submit(ledger::envelope::make(payload, me.sign(payload).value()), call.tx_id);
  CHECK(out.code == 10);
  const auto reason = net.node().peers()[0]->channel("mychannel")->ledger->reason_of(call.tx_id).value();
  REQUIRE(reason.has_value());
  CHECK(reason->find("Org2MSP") != std::string::npos);
  CHECK(net.query(user, "kv", {"get", "k"}) != "v");
}
