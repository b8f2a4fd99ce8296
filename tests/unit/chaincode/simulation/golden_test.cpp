// Every application transaction of the golden chain, simulated again on the state it was endorsed on: results, event and answer must be the
// bytes that Fabric's endorsers signed.
#include <doctest/doctest.h>

#include "proto/wire.hpp"
#include "tests/unit/chaincode/support/golden_chain.hpp"
#include "tests/unit/chaincode/support/golden_contract.hpp"
#include "tests/unit/chaincode/support/memory_ledger.hpp"

using namespace weft;
using namespace weft::chaincode;
using namespace weft::chaincode::testing;

namespace {

struct row {
  std::string name;
  std::uint64_t block;
  std::size_t tx;
  std::uint64_t endorsed_at;  ///< Height of the state that the endorsers saw.
};

const row rows[] = {
    {"put", 5, 0, 5},
    {"get and put", 6, 0, 6},
    {"put of another key", 7, 0, 7},
    {"range with a write", 8, 0, 8},
    {"composite key", 9, 0, 9},
    {"private put consults the collection configuration", 10, 0, 10},
    {"history leaves no trace", 11, 0, 11},
    {"put that lacks an endorsement", 12, 0, 12},
    {"first of two conflicting", 13, 0, 13},
    {"second of two conflicting", 13, 1, 13},
    {"put before a phantom", 14, 0, 14},
    {"range that misses a key", 14, 1, 14},
    {"put through a gateway", 15, 0, 15},
    {"private put through a gateway", 16, 0, 16},
    {"put of one organization", 17, 0, 17},
    {"130 puts", 18, 0, 18},
    {"range of 130: a Merkle summary", 19, 0, 19},
    {"abandoned range: 101 records were fetched", 20, 0, 20},
    {"key-level policy", 21, 0, 21},
    {"put under a key-level policy", 22, 0, 22},
    {"put of another key without one", 23, 0, 23},
    {"delete", 24, 0, 24},
    {"empty value is a delete", 25, 0, 25},
};

/// The proposal of block 16 as the client sent it: transient data never reach a block.
ledger::proposal with_transient_data() {
  const auto sent = read_golden("tx/proposed_transaction_transient.pb");
  std::string_view signed_proposal;
  REQUIRE(proto::find_bytes(sent, 2, signed_proposal) == proto::wire_status::found);
  return ledger::parse_signed_proposal(signed_proposal).value();
}

}  // namespace

TEST_CASE("simulating golden transactions gives Fabric's bytes") {
  const auto bundle = golden_bundle();
  const auto ledger = make_golden_ledger(26);
  golden_state state;
  definition_cache definitions;
  for (const auto& r : rows) {
    CAPTURE(r.name);
    state.advance_to(r.endorsed_at);
    auto golden = golden_transaction(r.block, r.tx);
    if (r.block == 16) golden.proposal = with_transient_data();
    simulation_context context;
    context.proposal = &golden.proposal;
    context.state = state.view();
    context.history = ledger.get();
    context.bundle = bundle.get();
    context.local_msp_id = "Org1MSP";
    context.find_contract = [](std::string_view) { return make_golden_contract(); };
    context.installed_package = [](std::string_view) { return std::string(golden_package_id); };
    context.defined_collections = true;
    context.definitions = &definitions;
    const auto made = simulate(context);
    REQUIRE_MESSAGE(made, made.error().context);
    CHECK(made->answer.status == golden.answer.status);
    CHECK(made->answer.message == golden.answer.message);
    CHECK(made->answer.payload == golden.answer.payload);
    CHECK(made->chaincode_version == "1.0");
    CHECK(to_hex(made->event) == to_hex(golden.parsed.events));
    CHECK(made->results == golden.parsed.results);
  }
}

TEST_CASE("the key-level policy of a written key is reported, and only then") {
  const auto bundle = golden_bundle();
  golden_state state;
  state.advance_to(22);
  const std::map<std::uint64_t, std::size_t> policies{{22, 1}, {23, 0}};
  for (const auto& [block, count] : policies) {
    CAPTURE(block);
    const auto golden = golden_transaction(block);
    simulation_context context;
    context.proposal = &golden.proposal;
    context.state = state.view();
    context.bundle = bundle.get();
    context.local_msp_id = "Org2MSP";
    context.find_contract = [](std::string_view) { return make_golden_contract(); };
    context.installed_package = [](std::string_view) { return std::string(golden_package_id); };
    const auto made = simulate(context);
    REQUIRE_MESSAGE(made, made.error().context);
    CHECK(made->written_namespaces == std::vector<std::string>{"golden"});
    CHECK(made->key_policies.count("golden") == count);
  }
}
