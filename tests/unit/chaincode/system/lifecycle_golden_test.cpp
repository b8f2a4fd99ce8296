// Golden blocks 2, 3 and 4: both approvals and the commit, run again by our `_lifecycle`.
#include <doctest/doctest.h>

#include "chaincode/lifecycle/package_store.hpp"
#include "chaincode/system/system.hpp"
#include "tests/unit/chaincode/support/golden_chain.hpp"

using namespace weft;
using namespace weft::chaincode;
using namespace weft::chaincode::testing;

TEST_CASE("approvals and commit give Fabric's bytes, and Fabric's private hash") {
  struct row {
    std::uint64_t block;
    const char* endorsing_org;
  };
  const auto bundle = golden_bundle();
  const auto contract = make_lifecycle_contract(open_package_store(nullptr, {}).value());
  golden_state state;
  for (const auto& r : {row{2, "Org1MSP"}, row{3, "Org2MSP"}, row{4, "Org1MSP"}, row{4, "Org2MSP"}}) {
    CAPTURE(r.block);
    CAPTURE(r.endorsing_org);
    state.advance_to(r.block);
    const auto golden = golden_transaction(r.block);
    simulation_context context;
    context.proposal = &golden.proposal;
    context.state = state.view();
    context.bundle = bundle.get();
    context.local_msp_id = r.endorsing_org;
    context.find_contract = [&](std::string_view name) { return name == "_lifecycle" ? contract : nullptr; };
    const auto made = simulate(context);
    REQUIRE_MESSAGE(made, made.error().context);
    CHECK(made->answer.status == 200);
    CHECK(made->answer.message == "");
    CHECK(made->answer.payload == golden.answer.payload);
    CHECK(made->chaincode_version == "syscc");
    CHECK(made->event == "");
    CHECK(to_hex(made->results) == to_hex(golden.parsed.results));
    if (r.block < 4) {
      REQUIRE(made->privates.size() == 1);
      CHECK(made->privates[0].ns == "_lifecycle");
      CHECK(made->privates[0].collection == std::string("_implicit_org_") + r.endorsing_org);
      CHECK(made->privates[0].writes.size() == 6);
      state.keep(made->privates);
    } else {
      CHECK(made->privates.empty());
    }
  }
}
