#include "cli/console.hpp"

#include <doctest/doctest.h>

#include "cli/bracket_words.hpp"
#include "cli/tools.hpp"

using namespace weft;
using namespace weft::cli;

TEST_CASE("rows are aligned, and lines of a value stand below each other") {
  CHECK(rows().add("a", "1").add("long", "2\n3").text() == "a     1\nlong  2\n      3\n");
  CHECK(rows().add("é", "1").add("ab", "2").text(1) == " é   1\n ab  2\n");
  CHECK(rows().add_some("a", "").text().empty());
  CHECK(rows().add("a", std::string("no\0 \x1b[31mcontrol\x7f", 17) + "\tüß").text() == "a  no? ?[31mcontrol?\tüß\n");
}

TEST_CASE("an argument in brackets gets past the parser's own lists") {
  for (const auto* word : {"[\"a\",\"b\"]", "[]", "[[1],[2]]"}) {
    CHECK(shield_brackets(word).back() != ']');
    CHECK(unshield_brackets(shield_brackets(word)) == word);
  }
  for (const auto* word : {"", "[", "]", "a", "[a", "a]", "{\"a\":[1]}"}) {
    CHECK(shield_brackets(word) == word);
    CHECK(unshield_brackets(word) == word);
  }
}

TEST_CASE("tables are aligned") {
  table t({"name", "n"});
  CHECK(t.empty());
  t.add({"x", "1"});
  t.add({"longer", "2"});
  CHECK(t.text() == "name    n\nx       1\nlonger  2\n");
}

TEST_CASE("bytes are shown as text only where they are text") {
  struct row {
    bytes data;
    std::string shown;
  };
  const row all[] = {{"plain", "plain"}, {"", ""}, {"two\nlines", "two\nlines"}, {"gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"},
                     {bytes("\0", 1), "0x00"}, {"\xff\xfe", "0xfffe"}, {"\x1b[31m", "0x1b5b33316d"}};
  for (const auto& r : all) CHECK(show(r.data) == r.shown);
  CHECK(show(bytes(10, 'x'), 4) == "xxxx… (10 bytes)");
  CHECK(show("aaa\xc3\xbc", 4) == "aaa… (5 bytes)");  // never half a letter
}

TEST_CASE("durations and counts read as people say them") {
  CHECK(show_duration(7) == "7 ms");
  CHECK(show_duration(3'460) == "3.4 s");
  CHECK(show_duration(125'000) == "2 min 5 s");
  CHECK(show_duration(11'520'000) == "3 h 12 min");
  CHECK(count(1, "block") == "1 block");
  CHECK(count(0, "block") == "0 blocks");
}

TEST_CASE("Fabric's tools are found by their word, and by the name of a link to the binary") {
  REQUIRE(find_tool("cryptogen") != nullptr);
  CHECK(find_tool("/usr/local/bin/cryptogen") == find_tool("cryptogen"));
  CHECK(find_tool("./cryptogen")->name == std::string("cryptogen"));
  for (const auto* other : {"", "weft", "/usr/bin/weft", "cryptogen/", "cryptogen2", "up"}) CHECK(find_tool(other) == nullptr);
}
