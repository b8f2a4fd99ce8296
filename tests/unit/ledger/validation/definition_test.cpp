// Definitions as `_lifecycle` lays them out, and the policies that they lead to.
#include "ledger/validation/definition.hpp"

#include <doctest/doctest.h>

#include "ledger/validation/text.hpp"
#include "tests/unit/ledger/validation/network.hpp"

using namespace weft;
using namespace weft::test;

TEST_CASE("a definition is read from its keys") {
  map_state state;
  define(state, {.chaincode = "mycc", .collections = {{.name = "open"}}});
  const auto found = ledger::read_definition(state, "mycc");
  REQUIRE(found.has_value());
  REQUIRE(found->has_value());
  const auto& d = **found;
  CHECK(d.name == "mycc");
  CHECK(d.version == "1.0");
  CHECK(d.sequence == 1);
  CHECK(d.endorsement_plugin == "escc");
  CHECK(d.validation_plugin == "vscc");
  CHECK_FALSE(d.init_required);
  CHECK_FALSE(d.validation_parameter.empty());
  CHECK_FALSE(d.collections.empty());
  for (const char* name : {"other", "", "_lifecycle"}) {
    const auto none = ledger::read_definition(state, name);
    REQUIRE(none.has_value());
    CHECK_FALSE(none->has_value());
  }
}

TEST_CASE("the policy of a definition comes with its text") {
  network net;
  map_state state;
  const auto text_of = [&](const std::string& policy) {
    define(state, {.policy = policy});
    const auto d = ledger::read_definition(state, "mycc");
    REQUIRE((d && *d));
    std::string text;
    CHECK(ledger::endorsement_policy(**d, *net.bundle, &text).has_value());
    return text;
  };
  CHECK(text_of("ref:/Channel/Application/Endorsement") == "/Channel/Application/Endorsement");
  CHECK(text_of("ref:Application/Endorsement") == "/Channel/Application/Endorsement");
  CHECK(text_of("OR('Org1MSP.peer')").find("Org1MSP.peer") != std::string::npos);
}

TEST_CASE("implicit collections belong to organizations of the channel") {
  network net;
  CHECK(ledger::implicit_collection_policy(*net.bundle, "_implicit_org_Org1MSP").has_value());
  for (const char* name : {"_implicit_org_Org1", "_implicit_org_", "_implicit_org_OrdererMSP", "open", ""}) {
    CAPTURE(name);
    const auto none = ledger::implicit_collection_policy(*net.bundle, name);
    REQUIRE_FALSE(none.has_value());
    CHECK(none.error().code == errc::not_found);
  }
}

TEST_CASE("keys are shown so that one can read them") {
  using ledger::printable;
  CHECK(printable("plain") == "plain");
  CHECK(printable("größe") == "größe");
  CHECK(printable(std::string_view("\0a\x7f\n", 4)) == "\\x00a\\x7f\\x0a");
  CHECK(printable("\xff\xc3") == "\\xff\\xc3");
  CHECK(printable("\xed\xa0\x80") == "\\xed\\xa0\\x80");
  CHECK(printable("abcdef", 3) == "abc…");
}

TEST_CASE("verdicts have Fabric's names") {
  CHECK(ledger::to_string(ledger::verdict::valid) == "VALID");
  CHECK(ledger::to_string(ledger::verdict::mvcc_read_conflict) == "MVCC_READ_CONFLICT");
  CHECK(ledger::to_string(ledger::verdict::invalid_other_reason) == "INVALID_OTHER_REASON");
  CHECK(ledger::to_string(static_cast<ledger::verdict>(99)) == "UNKNOWN");
}
