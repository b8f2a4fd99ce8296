// The policy language: byte-equal to Fabric 3.1, and errors that point.
#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "common/policies.pb.h"
#include "config/base/random.hpp"
#include "crypto/policy/policy.hpp"
#include "msp/msp_principal.pb.h"
#include "proto/encode.hpp"

using namespace weft;
using namespace weft::crypto;

namespace {

std::string encoded(std::string_view text) {
  const auto parsed = parse_policy(text);
  return parsed ? weft::proto::encode(*parsed) : "error: " + parsed.error().context;
}

}  // namespace

TEST_CASE("golden policies compile to Fabric's bytes, and what Fabric refuses fails") {
  std::ifstream in(std::string(WEFT_GOLDEN_DIR) + "/policy/policies.json");
  const auto rows = nlohmann::json::parse(in);
  CHECK(rows.size() >= 20);
  for (const auto& row : rows) {
    const auto text = row.at("policy").get<std::string>();
    CAPTURE(text);
    const auto parsed = parse_policy(text);
    if (row.contains("error")) {
      REQUIRE_FALSE(parsed.has_value());
      CHECK(parsed.error().code == errc::invalid_argument);
      const auto& told = parsed.error().context;
      CHECK(told.find("\n | " + text + "\n | ") != std::string::npos);
      // Fabric's last line is the same where it speaks of the text that was written; it rewrites principals first, and a number that is
      // too large it finds only when it calls OutOf, so there we point at the cause.
      const bool elsewhere = text == "OR('A.foo')" || text == "OR('A B.member')" || text == "OutOf(3,'A.member')";
      const auto last_line = told.substr(told.rfind('\n') + 2);
      CHECK((last_line == row.at("error").get<std::string>()) == !elsewhere);
    } else {
      REQUIRE_MESSAGE(parsed.has_value(), parsed.error().context);
      const auto wire = weft::proto::encode(*parsed);
      CHECK(to_hex(wire) == row.at("signature_policy_envelope_hex").get<std::string>());
      CHECK(encoded(to_text(*parsed)) == wire);
    }
  }
}

TEST_CASE("what the golden file leaves open") {
  struct row {
    const char* text;
    const char* same_as;  ///< Null: refused.
  };
  const row rows[] = {
      {" AND ( 'A.peer' ,\n\t'B.peer' ) ", "AND('A.peer','B.peer')"},
      {"And('A.peer','B.peer')", "AND('A.peer','B.peer')"},
      {"Or('A.peer','B.peer')", "OR('A.peer','B.peer')"},
      {"outof(2,'A.peer','B.peer')", "AND('A.peer','B.peer')"},
      {"OR(\"A.peer\")", "OR('A.peer')"},
      {"OutOf(\"1\", 'A.peer')", "OR('A.peer')"},
      {"OR('a.b.c.peer')", "OR('a.b.c.peer')"},
      {"OutOf(3,'A.peer','B.peer')", "OutOf(3,'A.peer','B.peer')"},
      {"OutOf(4,'A.peer','B.peer')", nullptr},
      {"OutOf(-1,'A.peer')", nullptr},
      {"OutOf(1.5,'A.peer')", nullptr},
      {"OutOf(1)", nullptr},
      {"OutOf(1,)", nullptr},
      {"OutOf('A.peer',1)", nullptr},
      {"OutOf('1\",'A.peer')", nullptr},
      {"OutOf(99999999999999999999,'A.peer')", nullptr},
      {"AND()", nullptr},
      {"AND", nullptr},
      {"", nullptr},
      {"   ", nullptr},
      {"AND('A.peer',)", nullptr},
      {"AND(,'A.peer')", nullptr},
      {"AND('A.peer' 'B.peer')", nullptr},
      {"AND('A.peer'))", nullptr},
      {"AND('A.peer') OR('B.peer')", nullptr},
      {"AND('A.peer'", nullptr},
      {"AND('A.peer", nullptr},
      {"AND('A.peer\")", nullptr},
      {"AND(1,'A.peer')", nullptr},
      {"AND(A.peer)", nullptr},
      {"OR('.peer')", nullptr},
      {"OR('peer')", nullptr},
      {"OR('A.Peer')", nullptr},
      {"OR('A_B.peer')", nullptr},
      {"OR('A.peer\\'')", nullptr},
      {"ORR('A.peer')", nullptr},
      {"XOR('A.peer')", nullptr},
  };
  for (const auto& r : rows) {
    CAPTURE(r.text);
    const auto parsed = parse_policy(r.text);
    CHECK(parsed.has_value() == (r.same_as != nullptr));
    if (parsed && r.same_as != nullptr) CHECK(weft::proto::encode(*parsed) == encoded(r.same_as));
  }
}

TEST_CASE("an error points at the character") {
  struct row {
    const char* text;
    const char* says;
  };
  const row rows[] = {
      {"OR('A.foo')", "a role is admin, member, client, peer or orderer (character 7)\n | OR('A.foo')\n | ......^"},
      {"AND('A.member', 'B.member'", "',' or ')' is expected (at the end)\n | AND('A.member', 'B.member'\n | .........................^"},
      {"'A.member'", "a principal alone is no policy; write OR('Org1MSP.peer') (character 1)\n | 'A.member'\n | ^"},
      {"OR('A B.member')", "an MSP id consists of letters, digits, '.' and '-' (character 6)\n | OR('A B.member')\n | .....^"},
      {"OutOf(3,'A.member')", "3 out of 1 can never be (character 7)\n | OutOf(3,'A.member')\n | ......^"},
      {"AND('A.peer', xor('B.peer'))", "AND, OR or OutOf is expected, not xor (character 15)\n | AND('A.peer', xor('B.peer'))\n | ..............^"},
      {"\x01", "AND, OR or OutOf is expected (character 1)\n | ?\n | ^"},
      {"", "a policy is expected, such as OR('Org1MSP.peer')"},
      {"OR('Aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.foo')",
       "a role is admin, member, client, peer or orderer (character 62)\n"
       " | ...aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.foo')\n | ...................................................^"},
  };
  for (const auto& r : rows) {
    CAPTURE(r.text);
    const auto parsed = parse_policy(r.text);
    REQUIRE_FALSE(parsed.has_value());
    CHECK(parsed.error().context == std::string("policy: ") + r.says);
  }
}

TEST_CASE("gates nest and texts grow up to their bounds") {
  const auto nested = [](int depth) {
    std::string text = "OR('A.peer')";
    for (int i = 1; i < depth; ++i) text = "AND('B.peer'," + text + ")";
    return text;
  };
  CHECK(parse_policy(nested(64)).has_value());
  CHECK(parse_policy(nested(65)).error().context.find("nest deeper than 64") != std::string::npos);
  CHECK_FALSE(parse_policy(std::string(60'000, '(')).has_value());
  std::string wide = "OR('A.peer'";
  while (wide.size() + 12 < 64 * KiB) wide += ",'A.peer'";
  CHECK(parse_policy(wide + ")").has_value());
  CHECK_FALSE(parse_policy(wide + std::string(64 * KiB, ' ') + ")").has_value());
}

TEST_CASE("inner gates number their identities first, at every depth") {
  const auto parsed = parse_policy("OR('a.peer', AND('b.peer', OR('c.peer', 'd.peer'), 'e.peer'), 'f.peer', OutOf(1, 'g.peer'))").value();
  std::string order;
  for (const auto& p : parsed.identities()) {
    ::common::MSPRole role;
    REQUIRE(weft::proto::decode(p.principal(), role));
    order += role.msp_identifier();
  }
  CHECK(order == "cdbegaf");
  CHECK(to_text(parsed) == "OR('a.peer', AND('b.peer', OR('c.peer', 'd.peer'), 'e.peer'), 'f.peer', OR('g.peer'))");
}

TEST_CASE("two words make an implicit meta policy") {
  CHECK(parse_implicit_meta("MAJORITY Endorsement").value() == std::pair{meta_rule::majority, std::string("Endorsement")});
  CHECK(parse_implicit_meta(" ANY   Readers\n").value() == std::pair{meta_rule::any, std::string("Readers")});
  CHECK(parse_implicit_meta("ALL Writers").value().first == meta_rule::all);
  for (const char* bad : {"", "ANY", "any Readers", "MOST Readers", "ANY Readers Writers"}) CHECK_FALSE(parse_implicit_meta(bad).has_value());
}

TEST_CASE("random texts are judged without a crash, and what is accepted is stable") {
  seeded_random random(0x9071);
  const std::vector<std::string> pieces = {"AND(", "OR(", "OutOf(", "outof(", ")", ",", "'A.peer'", "'b-1.member'", "\"C.admin\"", "1", "2", "'2'", " ", "'", "\"", ".", "x", "\n", "\xc3\xa9"};
  int accepted = 0;
  for (int round = 0; round < 5000; ++round) {
    std::string text = random.below(2) == 0 ? "OR(" : "";
    for (std::uint64_t i = 0, n = random.below(12); i < n; ++i) text += pieces[random.below(pieces.size())];
    if (random.below(2) == 0) text += ")";
    if (random.below(4) == 0 && !text.empty()) text[random.below(text.size())] = static_cast<char>(random.next());
    const auto parsed = parse_policy(text);
    if (!parsed) continue;
    ++accepted;
    const auto again = parse_policy(to_text(*parsed));
    REQUIRE(again.has_value());
    CHECK(weft::proto::encode(*again) == weft::proto::encode(*parsed));
  }
  CHECK(accepted > 10);
}
