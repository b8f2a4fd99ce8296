// qscc and cscc over the golden chain.
#include <doctest/doctest.h>

#include "chaincode/system/system.hpp"
#include "common/configtx.pb.h"
#include "common/ledger.pb.h"
#include "peer/query.pb.h"
#include "peer/transaction.pb.h"
#include "proto/encode.hpp"
#include "tests/unit/chaincode/support/golden_chain.hpp"
#include "tests/unit/chaincode/support/memory_ledger.hpp"

using namespace weft;
using namespace weft::chaincode;
using namespace weft::chaincode::testing;

namespace {

constexpr std::uint64_t height = 26;

const ledger::channel_ledger& golden_ledger() {
  static const auto ledger = make_golden_ledger(height);
  return *ledger;
}

result<simulation_result> run(const ledger::proposal& p, peer_channels channels = {}) {
  const auto bundle = golden_bundle();
  simulation_context context;
  context.proposal = &p;
  context.state = golden_ledger().view();
  context.history = &golden_ledger();
  context.bundle = bundle.get();
  context.find_contract = [&](std::string_view name) { return name == "qscc" ? make_qscc(channels) : make_cscc(channels); };
  return simulate(context);
}

response ask(const std::string& contract, std::vector<bytes> args, peer_channels channels = {}) {
  const auto r = run(make_test_proposal(contract, std::move(args)), std::move(channels));
  REQUIRE_MESSAGE(r, r.error().context);
  CHECK(r->results == "");
  CHECK(r->chaincode_version == "syscc");
  return r->answer;
}

}  // namespace

TEST_CASE("qscc: blocks and transactions as they are stored") {
  ::common::BlockchainInfo info;
  REQUIRE(proto::decode(ask("qscc", {"GetChainInfo", "mychannel"}).payload, info));
  CHECK(info.height() == height);
  CHECK(info.currentblockhash() == golden_block(25).hash());
  CHECK(info.previousblockhash() == golden_block(24).hash());

  const auto block7 = golden_block(7).encode();
  CHECK(ask("qscc", {"GetBlockByNumber", "mychannel", "7"}).payload == block7);
  CHECK(ask("qscc", {"GetBlockByHash", "mychannel", golden_block(7).hash()}).payload == block7);
  CHECK(ask("qscc", {"GetBlockByNumber", "mychannel", "18446744073709551615"}).payload == golden_block(25).encode());

  const auto loser = golden_transaction(13, 1);
  const auto tx_id = loser.envelope.header()->tx_id;
  CHECK(ask("qscc", {"GetBlockByTxID", "mychannel", tx_id}).payload == golden_block(13).encode());
  ::protos::ProcessedTransaction processed;
  REQUIRE(proto::decode(ask("qscc", {"GetTransactionByID", "mychannel", tx_id}).payload, processed));
  CHECK(processed.validationcode() == 11);
  CHECK(proto::encode(processed.transactionenvelope()) == loser.envelope.raw().to_bytes());
}

TEST_CASE("qscc: what is not there") {
  struct row {
    std::vector<bytes> args;
    std::string message;
  };
  const row rows[] = {
      {{}, "Incorrect number of arguments, 0"},
      {{"GetChainInfo"}, "Incorrect number of arguments, 1"},
      {{"GetBlockByNumber", "mychannel"}, "missing 3rd argument for GetBlockByNumber"},
      {{"GetChainInfo", "other"}, "Invalid chain ID, other"},
      {{"GetBlockByNumber", "mychannel", "9999"}, "Failed to get block number 9999, error no such block number [9999] in index"},
      {{"GetBlockByNumber", "mychannel", "-1"}, "Failed to parse block number with error strconv.ParseUint: parsing \"-1\": invalid syntax"},
      {{"GetBlockByNumber", "mychannel", ""}, "Failed to parse block number with error strconv.ParseUint: parsing \"\": invalid syntax"},
      {{"GetBlockByNumber", "mychannel", "99999999999999999999"}, "Failed to parse block number with error strconv.ParseUint: parsing \"99999999999999999999\": value out of range"},
      {{"GetBlockByHash", "mychannel", "x"}, "Failed to get block hash 78, error no such block hash [78] in index"},
      {{"GetTransactionByID", "mychannel", "abc"}, "Failed to get transaction with id abc, error no such transaction ID [abc] in index"},
      {{"GetBlockByTxID", "mychannel", "abc"}, "Failed to get block for txID abc, error no such transaction ID [abc] in index"},
  };
  for (const auto& r : rows) {
    CAPTURE(r.message);
    const auto answer = ask("qscc", r.args);
    CHECK(answer.status == 500);
    CHECK(answer.message == r.message);
  }
}

TEST_CASE("cscc: configuration and channels") {
  CHECK(ask("cscc", {"GetConfigBlock", "mychannel"}).payload == golden_block(1).encode());
  ::common::Config config;
  REQUIRE(proto::decode(ask("cscc", {"GetChannelConfig", "mychannel"}).payload, config));
  CHECK(config.channel_group().groups().contains("Application"));
  ::protos::ChannelQueryResponse channels;
  REQUIRE(proto::decode(ask("cscc", {"GetChannels"}, {nullptr, [] { return std::vector<std::string>{"b", "a"}; }}).payload, channels));
  REQUIRE(channels.channels_size() == 2);
  CHECK(channels.channels(0).channel_id() == "a");
  CHECK(ask("cscc", {"GetConfigBlock", "other"}).message == "Unknown chain ID, other");
  CHECK(ask("cscc", {"GetConfigBlock"}).message == "Incorrect number of arguments, 1");
  CHECK(ask("cscc", {"JoinChain", "x"}).message == "Requested function JoinChain not found.");
  CHECK(ask("cscc", {}).message == "Incorrect number of arguments, 0");
}

TEST_CASE("a channel may be read by those whom its own policy allows") {
  const auto other = make_golden_ledger(2);
  const peer_channels channels{[&](std::string_view name) { return name == "other" ? other : nullptr; }, nullptr};
  CHECK(ask("qscc", {"GetChainInfo", "other"}, channels).status == 200);

  const auto p = ledger::make_proposal({"mychannel", "qscc", {"GetChainInfo", "mychannel"}, {}, false}, "a stranger", "nonce", timestamp{});
  const auto r = run(ledger::parse_signed_proposal(ledger::make_signed_proposal(p.proposal_bytes, "s")).value());
  REQUIRE_MESSAGE(r, r.error().context);
  CHECK(r->answer.status == 500);
  const std::string why = "Failed evaluating policy on signed data during check policy on channel [mychannel] with policy [/Channel/Application/Readers]: "
                          "[implicit policy evaluation failed - 0 sub-policies were satisfied, but this policy requires 1 of the 'Readers' sub-policies to be satisfied]";
  CHECK_MESSAGE(r->answer.message.rfind("access denied for [GetChainInfo][mychannel]: [" + why + "]", 0) == 0, r->answer.message);
  const auto q = ledger::make_proposal({"mychannel", "cscc", {"GetConfigBlock", "mychannel"}, {}, false}, "a stranger", "nonce", timestamp{});
  const auto c = run(ledger::parse_signed_proposal(ledger::make_signed_proposal(q.proposal_bytes, "s")).value());
  REQUIRE_MESSAGE(c, c.error().context);
  CHECK_MESSAGE(c->answer.message.rfind("access denied for [GetConfigBlock][mychannel]: " + why, 0) == 0, c->answer.message);
  CHECK(ask("cscc", {"GetChannelConfig", "mychannel"}).status == 200);
}
