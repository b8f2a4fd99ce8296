// Composite keys: interop/05 §3.
#include <doctest/doctest.h>

#include "chaincode/contract/contract.hpp"

using namespace weft;
using namespace weft::chaincode;

TEST_CASE("a composite key is what golden block 9 wrote") {
  CHECK(to_hex(make_composite_key("Asset", {"a", "b"}).value()) == "00417373657400610062" "00");
}

TEST_CASE("composite keys come apart as they were put together") {
  const std::vector<std::vector<std::string>> rows{{"type"}, {"type", ""}, {"", "", ""}, {"t", "a", "b", "c"}, {"größe", "日本", "\xF0\x9F\x98\x80"}};
  for (const auto& parts : rows) {
    CAPTURE(parts.size());
    const auto key = make_composite_key(parts[0], {parts.begin() + 1, parts.end()});
    REQUIRE(key);
    CHECK(split_composite_key(*key).value() == parts);
  }
}

TEST_CASE("what may not stand in a composite key") {
  struct row {
    std::string name, part, text;
  };
  const row rows[] = {
      {"U+0000", std::string("a\0b", 3), "input contains unicode U+0000 starting at position [1]"},
      {"U+10FFFF", "\xF4\x8F\xBF\xBF", "input contains unicode U+10FFFF starting at position [0]"},
      {"a lone continuation", "\x80", "not a valid utf8 string"},
      {"cut off", "\xE2\x82", "not a valid utf8 string"},
      {"overlong", "\xC1\xBF", "not a valid utf8 string"},
      {"overlong of three", "\xE0\x80\xAF", "not a valid utf8 string"},
      {"a surrogate", "\xED\xB0\x80", "not a valid utf8 string"},
      {"above U+10FFFF", "\xF4\x90\x80\x80", "not a valid utf8 string"},
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    for (const auto& key : {make_composite_key(r.part, {}), make_composite_key("t", {"fine", r.part})}) {
      REQUIRE_FALSE(key);
      CHECK(key.error().code == errc::invalid_argument);
      CHECK_MESSAGE(key.error().context.find(r.text) != std::string::npos, key.error().context);
    }
  }
}

TEST_CASE("other keys are not taken apart") {
  for (const auto& key : {std::string(), std::string("plain"), std::string(1, '\0'), std::string("\0open", 5), std::string("closed\0", 7)}) {
    CHECK(split_composite_key(key).error().code == errc::invalid_argument);
  }
}
