#include "ledger/validation/cached_view.hpp"

#include <doctest/doctest.h>

#include "tests/unit/ledger/validation/map_state.hpp"

using namespace weft;
using namespace weft::test;

TEST_CASE("a cached view asks once and confuses nothing") {
  map_state state;
  const version at{block_number(0), tx_number(1)};
  state.put("a", "bc", "public", at);
  state.put("ab", "c", "other namespace", at);
  state.hashed[{"a", "", "bc"}] = {"hashed, collection without name", {}, at};
  state.hashed[{"a", "b", "c"}] = {"hashed", {}, at};
  state.hashed[{"a", "bc", ""}] = {"hashed, key without bytes", {}, at};
  const ledger::cached_view view(state);
  const auto all = [&] {
    CHECK((*view.get("a", "bc"))->value == "public");
    CHECK((*view.get("ab", "c"))->value == "other namespace");
    CHECK((*view.get_hashed("a", "", "bc"))->value == "hashed, collection without name");
    CHECK((*view.get_hashed("a", "b", "c"))->value == "hashed");
    CHECK((*view.get_hashed("a", "bc", ""))->value == "hashed, key without bytes");
    CHECK_FALSE(view.get("a", "none")->has_value());
    CHECK_FALSE(view.get_hashed("a", "b", "none")->has_value());
  };
  all();
  state.keys.clear();
  state.hashed.clear();
  all();  // from memory
  CHECK(view.height() == block_number(1));
}

TEST_CASE("a cached view does not remember failures") {
  map_state state;
  state.put("a", "b", "v", {});
  state.failure = errc::io;
  const ledger::cached_view view(state);
  CHECK_FALSE(view.get("a", "b").has_value());
  CHECK_FALSE(view.get_hashed("a", "c", "b").has_value());
  state.failure = {};
  CHECK((*view.get("a", "b"))->value == "v");
  CHECK_FALSE(view.get_hashed("a", "c", "b")->has_value());
}
