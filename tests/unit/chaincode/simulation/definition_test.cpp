// Whether a peer may run a contract: defined, approved, installed, initialised. interop/04 §1.
#include <doctest/doctest.h>

#include "chaincode/simulation/definition_lookup.hpp"
#include "tests/unit/chaincode/support/test_channel.hpp"

using namespace weft;
using namespace weft::chaincode;
using namespace weft::chaincode::testing;

namespace {

contract_ptr accepting() {
  return make_contract([](stub&) { return success("ran"); });
}
std::string error_of(const result<simulation_result>& r) { return r ? "no error: " + r->answer.payload : r.error().context; }
constexpr const char* make_sure = "make sure the chaincode cc has been successfully defined on channel mychannel and try again: ";

}  // namespace

TEST_CASE("a contract that is not there, not approved, not installed") {
  test_channel channel;
  CHECK(error_of(channel.run("cc", {"f"})) == std::string(make_sure) + "chaincode cc not found");
  channel.install("cc", accepting());
  CHECK(error_of(channel.run("cc", {"f"})) == std::string(make_sure) + "chaincode cc not found");

  channel.apply(channel.approve("Org1MSP", "cc", {}));
  CHECK(error_of(channel.run("cc", {"f"})) == std::string(make_sure) + "chaincode cc not found");
  channel.apply(channel.commit_definition("Org1MSP", "cc", {}));
  CHECK(error_of(channel.run("cc", {"f"})) == "no error: ran");
  const auto p = make_test_proposal("cc", {"f"});
  CHECK(error_of(channel.run_proposal(p, "Org2MSP")) ==
        std::string(make_sure) + "chaincode definition for 'cc' at sequence 1 on channel 'mychannel' has not yet been approved by this org");

  channel.apply(channel.approve("Org2MSP", "cc", {}, "cc_1.0:feed"));
  const auto not_installed = std::string(make_sure) + "chaincode definition for 'cc' exists, but chaincode is not installed";
  CHECK(error_of(channel.run_proposal(p, "Org2MSP")) == not_installed);
  channel.apply(channel.approve("Org2MSP", "cc", {}, ""));
  CHECK(error_of(channel.run_proposal(p, "Org2MSP")) == not_installed);
  channel.apply(channel.approve("Org2MSP", "cc", {}));
  CHECK(error_of(channel.run_proposal(p, "Org2MSP")) == "no error: ran");
  channel.install("cc", nullptr);
  CHECK(error_of(channel.run_proposal(p, "Org2MSP")) == not_installed);
}

TEST_CASE("the cache never knows better than the state") {
  definition_cache cache;
  test_channel channel;
  channel.definitions = &cache;
  channel.deploy("cc", accepting());
  for (int i = 0; i < 2; ++i) {
    const auto r = channel.run("cc", {"f"});
    REQUIRE_MESSAGE(r, r.error().context);
    CHECK(r->chaincode_version == "1.0");
    CHECK(namespace_of(*r, "_lifecycle").reads.size() == 1);
  }
  CHECK(cache.find("cc") != nullptr);
  SUBCASE("a package that is no longer approved") {
    channel.apply(channel.approve("Org1MSP", "cc", {}, ""));
    CHECK(error_of(channel.run("cc", {"f"})).find("is not installed") != std::string::npos);
  }
  SUBCASE("a new sequence") {
    channel.deploy("cc", accepting(), {.version = "2.0", .sequence = 2});
    CHECK(channel.run("cc", {"f"}).value().chaincode_version == "2.0");
  }
  SUBCASE("a new sequence that this organization has not approved") {
    const deployment next{.version = "2.0", .sequence = 2};
    channel.apply(channel.approve("Org2MSP", "cc", next));
    channel.apply(channel.commit_definition("Org2MSP", "cc", next));
    CHECK(error_of(channel.run("cc", {"f"})).find("at sequence 2 on channel 'mychannel' has not yet been approved by this org") != std::string::npos);
  }
}

TEST_CASE("init-required: the first call of each version says is_init, and no other") {
  test_channel channel;
  const auto ordinary = make_test_proposal("cc", {"f"}), init = make_test_proposal("cc", {"f"}, true);
  const auto in_simulation = [](const ledger::proposal& p) { return "error in simulation: failed to execute transaction " + p.header.tx_id + ": invalid invocation: "; };
  channel.deploy("cc", accepting());
  CHECK(error_of(channel.run_proposal(init, "Org1MSP")) == in_simulation(init) + "chaincode 'cc' does not require initialization but called as init");

  channel.deploy("cc", make_contract([](stub& s) { return success(s.is_init() ? "init" : "ran"); }), {.sequence = 2, .init_required = true});
  CHECK(error_of(channel.run_proposal(ordinary, "Org1MSP")) ==
        in_simulation(ordinary) + "chaincode 'cc' has not been initialized for this version, must call as init first");
  const auto first = channel.run_proposal(init, "Org1MSP");
  REQUIRE_MESSAGE(first, first.error().context);
  CHECK(first->answer.payload == "init");
  const std::string key = std::string(1, '\0') + "\xF4\x8F\xBF\xBFinitialized";
  const auto ns = namespace_of(*first, "cc");
  CHECK(ns.reads == std::vector<ledger::kv_read>{{key, std::nullopt}});
  CHECK(ns.writes == std::vector<ledger::kv_write>{{key, false, "1.0"}});
  channel.apply(first);

  CHECK(error_of(channel.run_proposal(init, "Org1MSP")) == in_simulation(init) + "chaincode 'cc' is already initialized but called as init");
  const auto later = channel.run_proposal(ordinary, "Org1MSP");
  REQUIRE_MESSAGE(later, later.error().context);
  CHECK(later->answer.payload == "ran");
  CHECK(namespace_of(*later, "cc").reads.size() == 1);

  channel.deploy("cc", accepting(), {.version = "2.0", .sequence = 3, .init_required = true});
  CHECK(error_of(channel.run_proposal(ordinary, "Org1MSP")).find("has not been initialized for this version") != std::string::npos);
}

TEST_CASE("private data may not be used while initialising") {
  test_channel channel;
  channel.deploy("cc", make_contract([](stub& s) { return success(s.put_private("_implicit_org_Org1MSP", "k", "v").error().context); }), {.init_required = true});
  const auto r = channel.run_proposal(make_test_proposal("cc", {"f"}, true), "Org1MSP");
  REQUIRE_MESSAGE(r, r.error().context);
  CHECK(r->answer.payload.find("private data APIs are not allowed in chaincode Init()") != std::string::npos);
}
