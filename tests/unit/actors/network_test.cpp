// The dev network's roles under the testing scheduler: every message in one thread, time moved by hand, keys from a seed.
#include <doctest/doctest.h>

#include "tests/support/simulated_network.hpp"

using namespace weft;
using weft::testing::outcome;
using weft::testing::simulated_network;

namespace {

constexpr const char* user = "User1@org1.example.com";

std::string chain_of(actors::node& n, std::size_t peer) {
  std::string all;
  const auto& ledger = *n.peers()[peer]->channel("mychannel")->ledger;
  for (block_number i; i < ledger.height(); i = i.next()) all += ledger.blocks().read(i).value().encode();
  return all;
}

}  // namespace

TEST_CASE("contracts are deployed by real transactions: approvals in one block, definitions in the next") {
  simulated_network net{1};
  REQUIRE(net.ready());
  const auto& ledger = *net.node().peers()[0]->channel("mychannel")->ledger;
  REQUIRE(ledger.height().value >= 3);
  const auto contracts = net.node().topology().channels[0].contracts.size();
  CHECK(ledger.blocks().read(block_number{1}).value().envelopes().size() == 2 * contracts);
  CHECK(ledger.blocks().read(block_number{2}).value().envelopes().size() == contracts);
  const auto definitions = ledger.blocks().read(block_number{2}).value();
  for (char code : definitions.metadata(ledger::metadata_slot::transactions_filter)) CHECK(code == 0);
}

TEST_CASE("a transfer commits on every peer and can be read back") {
  simulated_network net{2};
  REQUIRE(net.ready());
  CHECK(net.query(user, "mycc", {"query", "a"}) == "100");
  const auto out = net.invoke(user, "mycc", {"invoke", "a", "b", "10"});
  REQUIRE_MESSAGE(out.status.ok(), out.status.message);
  CHECK(out.code == 0);
  CHECK(net.query(user, "mycc", {"query", "a"}) == "90");
  CHECK(net.run([&] { return net.query("User1@org2.example.com", "mycc", {"query", "b"}, nullptr, 1) == "210"; }));
}

TEST_CASE("what a transaction did is counted where it was done") {
  simulated_network net{7};
  REQUIRE(net.ready());
  const auto peer = net.node().peers()[0], other = net.node().peers()[1];
  const auto orderer = net.node().orderers()[0];
  const auto value = [](const actors::site& s, const char* name, const actors::tallies::labels& l) {
    const auto all = s.counted->all_counts();
    const auto f = all.find(name);
    if (f == all.end()) return std::uint64_t{0};
    const auto it = f->second.series.find(l);
    return it == f->second.series.end() ? std::uint64_t{0} : it->second;
  };
  const actors::tallies::labels valid{{"channel", "mychannel"}, {"transaction_type", "ENDORSER_TRANSACTION"}, {"chaincode", "mycc"}, {"validation_code", "VALID"}};
  const actors::tallies::labels ordered{{"channel", "mychannel"}, {"type", "ENDORSER_TRANSACTION"}, {"status", "SUCCESS"}};
  const auto endorsed = value(*peer, "endorser_successful_proposals", {});
  const auto committed = value(*peer, "ledger_transaction_count", valid);
  const auto sent = value(*orderer, "broadcast_processed_count", ordered);
  REQUIRE(net.invoke(user, "mycc", {"invoke", "a", "b", "10"}).code == 0);
  CHECK(value(*peer, "endorser_successful_proposals", {}) == endorsed + 1);
  CHECK(value(*peer, "ledger_transaction_count", valid) == committed + 1);
  REQUIRE(net.run([&] { return value(*other, "ledger_transaction_count", valid) == committed + 1; }));
  CHECK(value(*orderer, "broadcast_processed_count", ordered) == sent + 1);
  CHECK(net.invoke(user, "mycc", {"invoke", "a", "b", "much"}).code != 0);
  CHECK(value(*peer, "endorser_proposal_simulation_failures", {{"channel", "mychannel"}, {"chaincode", "mycc"}}) >= 1);
  CHECK(peer->counted->all_timings().at("ledger_block_processing_time").series.size() == 1);
}

TEST_CASE("of two transactions that read the same version one loses, and the reason names the winner") {
  simulated_network net{3};
  REQUIRE(net.ready());
  outcome first, second;
  const auto a = net.endorse(user, "mycc", {"invoke", "a", "b", "1"}, first);
  const auto b = net.endorse(user, "mycc", {"invoke", "a", "b", "2"}, second);
  REQUIRE(first.status.ok());
  REQUIRE(second.status.ok());
  CHECK(net.submit(a, first.tx_id).code == 0);
  CHECK(net.submit(b, second.tx_id).code == 11);
  const auto reason = net.node().peers()[0]->channel("mychannel")->ledger->reason_of(second.tx_id).value();
  REQUIRE(reason.has_value());
  CHECK(reason->find(first.tx_id) != std::string::npos);
  // The same envelope again: its id is in the ledger.
  CHECK(net.submit(a, first.tx_id).code == 0);
}

TEST_CASE("refusals say what is wrong") {
  simulated_network net{4};
  REQUIRE(net.ready());
  struct row { const char* name; std::string contract; std::vector<std::string> args; actors::rpc_code code; const char* says; };
  const row rows[] = {
      {"unknown contract", "nope", {"x"}, actors::rpc_code::failed_precondition, "No metadata was found for chaincode nope in channel mychannel"},
      {"the contract says no", "mycc", {"invoke", "a", "b", "not a number"}, actors::rpc_code::aborted, "failed to endorse transaction"},
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    const auto out = net.invoke(user, r.contract, r.args);
    CHECK(out.status.code == static_cast<int>(r.code));
    CHECK_MESSAGE(out.status.message.find(r.says) != std::string::npos, out.status.message);
  }
}

TEST_CASE("one seed gives one chain, byte for byte, on every peer's disk") {
  std::string chains[2];
  for (auto& chain : chains) {
    simulated_network net{77};
    REQUIRE(net.ready());
    for (int i = 0; i < 5; ++i) CHECK(net.invoke(user, "kv", {"put", "k" + std::to_string(i), "v"}).code == 0);
    const auto height = net.node().orderers()[0]->channel("mychannel")->blocks->height();
    REQUIRE(net.run([&] { return net.node().peers()[1]->channel("mychannel")->ledger->height() == height; }));
    chain = chain_of(net.node(), 0);
    CHECK(chain == chain_of(net.node(), 1));
  }
  CHECK(chains[0].size() > 10'000);
  CHECK(chains[0] == chains[1]);
}

TEST_CASE("any role that dies is started again, and nothing acknowledged is lost") {
  simulated_network net{5};
  REQUIRE(net.ready());
  std::vector<std::string> names;
  net.kill("nobody");  // lets the deployer, which is done, leave first
  for (const auto& r : net.node().roles()) names.push_back(r.name);
  REQUIRE(names.size() > 15);
  int count = 0;
  for (const auto& name : names) {
    CAPTURE(name);
    net.kill(name);
    REQUIRE(net.run([&] {
      for (const auto& r : net.node().roles()) if (r.name == name) return r.alive && r.restarts == 1 && !r.last_death.empty();
      return false;
    }));
    const auto key = "k" + std::to_string(count++);
    // A client that is told "try again" tries again; within a few tries the restarted role serves.
    outcome out;
    for (int tries = 0; tries < 50 && out.code != 0; ++tries) out = net.invoke(user, "kv", {"put", key, "v"});
    CHECK_MESSAGE(out.code == 0, out.status.message);
  }
  for (int i = 0; i < count; ++i) CHECK(net.query(user, "kv", {"get", "k" + std::to_string(i)}) == "v");
}
