// The TLS ports of peers and orderers, asked by clients that know Fabric's protocols only.
#include "edge/member_doors.hpp"

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "actors/node/contract_papers.hpp"
#include "chaincode/lifecycle/archive.hpp"
#include "crypto/hash/sha256.hpp"
#include "crypto/x509/certificate.hpp"
#include "orderer/ab.pb.h"
#include "peer/chaincode_shim.pb.h"
#include "peer/events.pb.h"
#include "peer/lifecycle/lifecycle.pb.h"
#include "peer/proposal_response.pb.h"
#include "tests/e2e/door_fixture.hpp"

using namespace weft;
using testing::put;

namespace {

const std::vector<std::string> members{"peer0.org1.example.com", "peer0.org2.example.com", "orderer0.example.com"};

/// The network with a port for each member.
struct doors_fixture : testing::door_fixture {
  explicit doors_fixture(const config::topology& t = config::dev_topology({})) : door_fixture(t) {
    ports = edge::member_doors::make(system, *node, folder);
    for (const auto& m : members) {
      const auto opened = ports->open(m, "localhost:0");
      REQUIRE_MESSAGE(opened, (opened ? "" : opened.error().context));
    }
  }
  ~doors_fixture() { ports->close(std::chrono::milliseconds(0)); }

  [[nodiscard]] std::string root_of(const std::string& member) const {
    const auto domain = member.substr(member.find('.') + 1);
    const auto kind = member.starts_with("orderer") ? "ordererOrganizations" : "peerOrganizations";
    std::ifstream in(folder / "crypto" / kind / domain / "msp" / "tlscacerts" / ("tlsca." + domain + "-cert.pem"));
    return {std::istreambuf_iterator<char>(in), {}};
  }
  [[nodiscard]] std::string text(const std::string& file) const {
    std::ifstream in(folder / file);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  /// `user`: whose TLS certificate is shown; empty: none.
  [[nodiscard]] std::shared_ptr<edge::rpc_client> connect(const std::string& member, const std::string& user = {}) const {
    edge::client_tls tls{root_of(member), {}, {}, {}};
    if (!user.empty()) {
      const auto own = "crypto/peerOrganizations/" + user.substr(user.find('@') + 1) + "/users/" + user + "/tls/client.";
      tls.certificate_pem = text(own + "crt");
      tls.key_pem = text(own + "key");
    }
    return edge::rpc_client::connect("localhost:" + std::to_string(ports->ports().at(member)), tls);
  }
  [[nodiscard]] edge::gateway_client gateway_at(const std::string& member, const std::string& user) const {
    return {connect(member), *node->user(user), std::make_shared<system_clock>(), std::make_shared<system_random>(), {}, {}};
  }
  /// An endorsed and signed transaction that puts a key.
  [[nodiscard]] edge::endorsed_call endorsed(const std::string& key) const {
    auto tx = gateway("User1@org1.example.com").endorse({"mychannel", "kv", {"put", key, "value"}, {}, false});
    REQUIRE(tx);
    return *tx;
  }
  [[nodiscard]] std::unique_ptr<edge::client_stream> open_broadcast() const { return connect("orderer0.example.com")->open("/orderer.AtomicBroadcast/Broadcast"); }

  std::unique_ptr<edge::member_doors> ports;
};

::orderer::BroadcastResponse response(const std::optional<bytes>& raw) {
  ::orderer::BroadcastResponse r;
  REQUIRE(raw);
  REQUIRE(proto::decode(*raw, r));
  return r;
}

}  // namespace

TEST_CASE("each peer's port serves its organization's clients") {
  doors_fixture f;
  CHECK(put(f.gateway_at("peer0.org1.example.com", "User1@org1.example.com"), {"put", "a", "1"}).code == 0);
  CHECK(put(f.gateway_at("peer0.org2.example.com", "User1@org2.example.com"), {"put", "b", "2"}).code == 0);
  const auto read = f.gateway_at("peer0.org2.example.com", "User1@org1.example.com").evaluate({"mychannel", "kv", {"get", "a"}, {}, false});
  REQUIRE(read);
  CHECK(read->payload == "1");
}

TEST_CASE("a port serves what its member is there for, and nothing of the command's") {
  doors_fixture f;
  const auto refused = static_cast<int>(actors::rpc_code::unimplemented);
  CHECK(f.connect("peer0.org1.example.com")->call("/weft.control.Control/Status", {}).status.code == refused);
  CHECK(f.connect("peer0.org1.example.com")->call("/orderer.AtomicBroadcast/Broadcast", {}).status.code == refused);
  CHECK(f.connect("orderer0.example.com")->call("/gateway.Gateway/Evaluate", {}).status.code == refused);
}

TEST_CASE("envelopes are ordered over one stream, and answered in their order") {
  doors_fixture f;
  const auto stream = f.open_broadcast();
  std::vector<edge::endorsed_call> sent;
  for (int i = 0; i < 100; ++i) sent.push_back(f.endorsed("key" + std::to_string(i)));
  for (const auto& tx : sent) REQUIRE(stream->write(tx.envelope));
  for (std::size_t i = 0; i < sent.size(); ++i) CHECK(response(stream->read()).status() == ::common::SUCCESS);
  REQUIRE(stream->half_close());
  CHECK_FALSE(stream->read());
  CHECK(stream->status().ok());
  const auto g = f.gateway("User1@org1.example.com");
  for (const auto& tx : sent) CHECK(g.commit_status("mychannel", tx.tx_id)->code == 0);
}

TEST_CASE("a refusal says why, and is the last answer of its stream") {
  doors_fixture f;
  const auto good = f.endorsed("a").envelope;
  const auto of = [](const bytes& raw) { return ledger::envelope::keep(shared_bytes{raw}); };
  struct row {
    const char* name;
    bytes envelope;
    ::common::Status status;
    std::string info;
  };
  const row rows[] = {
      {"no payload", {}, ::common::BAD_REQUEST, "could not determine channel ID"},
      {"a foreign signature", ledger::envelope::make(bytes(of(good).payload()), "signature").raw().to_bytes(), ::common::FORBIDDEN, "permission denied"},
      {"an unknown channel", f.seek("User1@org1.example.com", 0, 0, false, "other"), ::common::BAD_REQUEST, "channel does not exist"},
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    const auto stream = f.open_broadcast();
    REQUIRE(stream->write(r.envelope));
    const auto answer = response(stream->read());
    CHECK(answer.status() == r.status);
    CHECK_MESSAGE(answer.info().find(r.info) != std::string::npos, answer.info());
    CHECK_FALSE(stream->read());
    CHECK(stream->status().ok());
  }
  const auto junk = f.open_broadcast();
  REQUIRE(junk->write("\xff\xff\xff"));
  CHECK_FALSE(junk->read());
  CHECK_FALSE(junk->status().ok());
  const auto still = f.open_broadcast();  // whoever was refused may come again
  REQUIRE(still->write(good));
  CHECK(response(still->read()).status() == ::common::SUCCESS);
}

TEST_CASE("an orderer's port delivers blocks to readers of the channel") {
  doors_fixture f;
  CHECK(put(f.gateway("User1@org1.example.com"), {"put", "a", "1"}).code == 0);
  const auto read = [&](const bytes& seek) {
    const auto stream = f.connect("orderer0.example.com")->open("/orderer.AtomicBroadcast/Deliver");
    REQUIRE(stream->write(seek));
    std::size_t blocks = 0;
    for (;;) {
      ::orderer::DeliverResponse r;
      const auto raw = stream->read();
      REQUIRE(raw);
      REQUIRE(proto::decode(*raw, r));
      if (r.Type_case() == ::orderer::DeliverResponse::kStatus) return std::pair(blocks, static_cast<int>(r.status()));
      CHECK(r.block().header().number() == blocks++);
    }
  };
  const auto height = f.height();
  CHECK(read(f.seek("User1@org2.example.com", 0, height - 1)) == std::pair<std::size_t, int>(height, 200));
  CHECK(read(f.seek("User1@org2.example.com", 0, 0, true)) == std::pair<std::size_t, int>(0, 403));
}

TEST_CASE("a port that asks for certificates serves who shows one, and binds requests for blocks to it") {
  auto t = config::dev_topology({});
  t.organizations[0].client_certificates = true;
  doors_fixture f(t);
  const std::string member = "peer0.org1.example.com", user = "User1@org2.example.com";
  const auto query = [&](const std::string& shows) {
    const edge::gateway_client g{f.connect(member, shows), *f.node->user(user), std::make_shared<system_clock>(), std::make_shared<system_random>(), {}, {}};
    return g.evaluate({"mychannel", "mycc", {"query", "a"}, {}, false}).has_value();
  };
  CHECK(query(user));
  CHECK(query("Admin@org1.example.com"));  // of any organization of the network
  CHECK_FALSE(query({}));
  CHECK(f.gateway_at("peer0.org2.example.com", user).evaluate({"mychannel", "mycc", {"query", "a"}, {}, false}).has_value());  // this one asks for none
  const auto hash_of = [&](const std::string& who) {
    const auto pem = f.text("crypto/peerOrganizations/" + who.substr(who.find('@') + 1) + "/users/" + who + "/tls/client.crt");
    return bytes(crypto::view(crypto::sha256(crypto::certificate::from_pem(pem)->der())));
  };
  const auto status = [&](const bytes& tls_hash) {
    const auto stream = f.connect(member, user)->open("/protos.Deliver/Deliver");
    REQUIRE(stream->write(f.seek(user, 0, 0, false, "mychannel", tls_hash)));
    ::protos::DeliverResponse r;
    const auto raw = stream->read();
    REQUIRE(raw);
    REQUIRE(proto::decode(*raw, r));
    return r.has_block() ? 200 : static_cast<int>(r.status());
  };
  CHECK(status(hash_of(user)) == 200);
  CHECK(status({}) == 400);
  CHECK(status(hash_of("Admin@org2.example.com")) == 400);
}

TEST_CASE("a contract dials its peer with the certificate of its package, and is nobody else's") {
  doors_fixture f;
  const std::string peer = "peer0.org1.example.com";
  REQUIRE(f.ports->open_contracts(peer, "localhost:0"));
  const auto install = [&](const std::string& label) {
    const auto package = chaincode::write_archive({{"metadata.json", R"({"path":"","type":"golang","label":")" + label + R"("})"},
                                                   {"code.tar.gz", chaincode::write_archive({{"src/main.go", "package main"}})}});
    ::lifecycle::InstallChaincodeArgs args;
    args.set_chaincode_install_package(package);
    const auto who = *f.node->user("Admin@org1.example.com");
    system_random random;
    const auto made = ledger::make_proposal({"", "_lifecycle", {"InstallChaincode", proto::encode(args)}, {}, false}, who.serialized(), random.make_bytes(24), system_clock().now());
    const auto raw = f.connect(peer)->call("/protos.Endorser/ProcessProposal", ledger::make_signed_proposal(made.proposal_bytes, *who.sign(made.proposal_bytes)), {std::chrono::seconds(20), {}});
    REQUIRE_MESSAGE(raw.status.ok(), raw.status.message);
    ::protos::ProposalResponse answer;
    REQUIRE(proto::decode(raw.response, answer));
    REQUIRE_MESSAGE(answer.response().status() == 200, answer.response().message());
    CHECK_FALSE(answer.has_endorsement());
    return chaincode::package_id(label, package);
  };
  const auto mine = install("mine"), other = install("other");
  const auto papers = f.node->papers_of(peer);
  const auto description = nlohmann::json::parse(f.text(std::filesystem::relative(papers->folder_of(mine) / "chaincode.json", f.folder)));
  CHECK(description["chaincode_id"] == mine);
  CHECK(description["mspid"] == "Org1MSP");
  const auto dial = [&](bool with_certificate) {
    edge::client_tls tls{description["root_cert"], {}, {}, {}};
    if (with_certificate) {
      tls.certificate_pem = description["client_cert"];
      tls.key_pem = description["client_key"];
    }
    return edge::rpc_client::connect(description["peer_address"], tls)->open("/protos.ChaincodeSupport/Register");
  };
  const auto registered_as = [](edge::client_stream& stream, const std::string& id) {
    ::protos::ChaincodeID name;
    name.set_name(id);
    ::protos::ChaincodeMessage m;
    m.set_type(::protos::ChaincodeMessage::REGISTER);
    m.set_payload(proto::encode(name));
    if (!stream.write(proto::encode(m))) return false;
    const auto raw = stream.read();
    return raw && proto::decode(*raw, m) && m.type() == ::protos::ChaincodeMessage::REGISTERED;
  };
  CHECK(registered_as(*dial(true), mine));
  CHECK_FALSE(registered_as(*dial(true), other));
  CHECK_FALSE(registered_as(*dial(false), mine));
  const auto clients_port = f.connect(peer)->open("/protos.ChaincodeSupport/Register");
  CHECK_FALSE(registered_as(*clients_port, mine));  // not there
}

TEST_CASE("ports that cannot be opened say why") {
  doors_fixture f;
  const auto doors = edge::member_doors::make(f.system, *f.node, f.folder);
  const auto open = [&](const std::string& member, const std::string& address) {
    const auto opened = doors->open(member, address);
    return opened ? std::string() : opened.error().context;
  };
  const auto taken = "localhost:" + std::to_string(f.ports->ports().at("peer0.org1.example.com"));
  CHECK(open("peer0.org2.example.com", taken).find("cannot listen on 127.0.0.1:") == 0);
  CHECK(open("peer9.org1.example.com", "localhost:0") == "the topology has no member peer9.org1.example.com");
  testing::fs::remove(f.folder / "crypto/peerOrganizations/org1.example.com/peers/peer0.org1.example.com/tls/server.key");
  const auto unread = open("peer0.org1.example.com", "localhost:0");
  CHECK(unread.starts_with("cannot read "));
  CHECK(unread.ends_with("/tls/server.key"));
  CHECK(doors->ports().empty());
}
