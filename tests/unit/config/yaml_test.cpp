#include <doctest/doctest.h>

#include <chrono>

#include "config/yaml/document.hpp"
#include "config/yaml/scalars.hpp"

using namespace weft;
using namespace weft::config;

namespace {

/// Problems as lines, of a document that `walk` reads.
template <class Walk>
std::vector<std::string> problems_of(std::string_view text, Walk walk, const yaml::options& o = {}) {
  const auto doc = yaml::document::parse(text, o);
  walk(doc.root());
  std::vector<std::string> out;
  for (const auto& p : doc.problems()) out.push_back(to_text(p, "f.yaml"));
  return out;
}
using lines = std::vector<std::string>;
const auto look_away = [](const yaml::value&) {};

}  // namespace

TEST_CASE("a word that was mistyped finds the one that was meant") {
  const std::vector<std::string> verbs{"up", "down", "invoke", "query", "status", "block", "tx", "channel"};
  CHECK(nearest("stauts", verbs) == "status");
  CHECK(nearest("inv", verbs) == "invoke");
  CHECK(nearest("querry", verbs) == "query");
  CHECK(nearest("xyzzy", verbs).empty());
  CHECK(nearest("", verbs).empty());
}

TEST_CASE("every problem is told with its line, column, path and what was meant") {
  const auto told = problems_of("PeerOrgs:\n  - {Name: [Org1}\n", look_away);
  REQUIRE(told.size() == 1);  // what is no YAML is told alone
  CHECK(told[0].find("f.yaml:2:") == 0);
  CHECK(told[0].find(": no YAML: ") != std::string::npos);

  CHECK(problems_of(R"(PeerOrgs:
  - Name: Org1
    Specs:
      - Hostname: peer0
      - Hostnme: peer1
    Users:
      Count: lots
    Name: Again
    xyzzy: 1
  - [a]
)", [](const yaml::value& root) {
          root.map({"PeerOrgs"});
          root["PeerOrgs"].each([](const yaml::value& org) {
            if (!org.map({"Name", "Specs", "Users"})) return;
            org["Specs"].each([](const yaml::value& spec) {
              spec.map({"Hostname", "CommonName"});
              std::string name;
              spec.require("Hostname").read(name);
            });
            std::uint32_t count = 0;
            org["Users"]["Count"].read(count);
          });
        }) == lines{
              "f.yaml:5:9: PeerOrgs[0].Specs[1].Hostnme: unknown key; did you mean 'Hostname'?",
              "f.yaml:5:9: PeerOrgs[0].Specs[1].Hostname: is missing",
              "f.yaml:7:14: PeerOrgs[0].Users.Count: must be a whole number, but is 'lots'",
              "f.yaml:8:5: PeerOrgs[0].Name: stands here a second time; keep one of them",
              "f.yaml:9:5: PeerOrgs[0].xyzzy: unknown key; allowed: Name, Specs, Users",
              "f.yaml:10:5: PeerOrgs[1]: must be a map, but is a list",
          });
}

TEST_CASE("values that fit are read, absent and null ones leave the default") {
  const auto doc = yaml::document::parse("{s: text, n: 0x10, neg: -3, yes: on, t: 1h30m, size: 10 MB, list: [a, 7], nothing: , word: solo, quoted: \"null\"}");
  const auto root = doc.root();
  std::string s, word, quoted, nothing = "kept", absent = "kept";
  std::uint16_t n = 0;
  int neg = 0;
  bool yes = false;
  std::chrono::milliseconds t{0};
  std::uint32_t size = 0;
  std::vector<std::string> list{"old"};
  root["s"].read(s);
  root["n"].read(n);
  root["neg"].read(neg);
  root["yes"].read(yes);
  root["t"].read(t);
  root["size"].read_bytes(size);
  root["list"].read(list);
  root["nothing"].read(nothing);
  root["absent"].read(absent);
  root["absent"]["deeper"].read(absent);
  root["word"].read_choice(word, {"solo", "raft"});
  root["quoted"].read(quoted);
  CHECK(doc.problems().empty());
  CHECK(s == "text");
  CHECK(n == 16);
  CHECK(neg == -3);
  CHECK(yes);
  CHECK(t == std::chrono::minutes(90));
  CHECK(size == 10 * MiB);
  CHECK(list == lines{"a", "7"});
  CHECK(nothing == "kept");
  CHECK(absent == "kept");
  CHECK_FALSE(root["nothing"].present());
  CHECK(word == "solo");
  CHECK(quoted == "null");
}

TEST_CASE("values that do not fit are noted and leave the default") {
  CHECK(problems_of("{n: 70000, m: -1, b: maybe, t: 5, size: big, list: text, word: sole, s: {a: b}}", [](const yaml::value& root) {
          std::uint16_t n = 1, m = 1;
          bool b = true;
          std::chrono::milliseconds t{7};
          std::uint64_t size = 1;
          std::vector<std::string> list{"kept"};
          std::string word = "raft", s = "kept";
          root["n"].read(n);
          root["m"].read(m);
          root["b"].read(b);
          root["t"].read(t);
          root["size"].read_bytes(size);
          root["list"].read(list);
          root["word"].read_choice(word, {"solo", "raft"});
          root["s"].read(s);
          CHECK((n == 1 && m == 1 && b && t.count() == 7 && size == 1 && list == lines{"kept"} && word == "raft" && s == "kept"));
        }) == lines{
              "f.yaml:1:5: n: must be at most 65535, but is '70000'",
              "f.yaml:1:15: m: must be a whole number, but is '-1'",
              "f.yaml:1:22: b: must be true or false, but is 'maybe'",
              "f.yaml:1:32: t: must be a duration such as 500ms, 2s or 1h30m, but is '5'",
              "f.yaml:1:41: size: must be a size such as 512 KB, 10 MB or 4096, but is 'big'",
              "f.yaml:1:52: list: must be a list, but is 'text'",
              "f.yaml:1:64: word: must be solo or raft, but is 'sole'; did you mean 'solo'?",
              "f.yaml:1:73: s: must be text, but is a map",
          });
}

TEST_CASE("anchors, aliases and merge keys") {
  const auto doc = yaml::document::parse(R"(base: &base {a: 1, b: 2}
more: &more {b: 3, c: 4}
one: {<<: *base, b: 9}
two:
  <<: [*base, *more]
  d: 5
same: *base
)");
  const auto text = [&](const char* path) { return doc.at(path).text(); };
  CHECK(text("one.a") == "1");
  CHECK(text("one.b") == "9");
  CHECK(text("two.b") == "2");  // the first that is named wins
  CHECK(text("two.c") == "4");
  CHECK(text("two.d") == "5");
  CHECK(text("same.a") == "1");
  CHECK_FALSE(doc.at("one.<<").present());
  CHECK(doc.at("two.c").line() == 2);
  CHECK(doc.problems().empty());
  CHECK(problems_of("a: &a {b: *a}", look_away) == lines{"f.yaml:1:11: names what it is a part of"});
  CHECK(problems_of("a: {<<: 7}", look_away) == lines{"f.yaml:1:9: only a map can be merged with '<<'"});
}

TEST_CASE("keys without regard to case, and under other names") {
  const auto doc = yaml::document::parse("{orderertype: solo, HostName: peer0}", {.any_case = true});
  CHECK(doc.root().map({"OrdererType", "Hostname|HostName"}));
  CHECK(doc.root()["OrdererType"].text() == "solo");
  CHECK(doc.problems().empty());
  CHECK(problems_of("{a: 1, A: 2}", [](const yaml::value& root) { root.map({"a"}); }, {.any_case = true}).size() == 1);
  const auto exact = yaml::document::parse("{HostName: peer0}");
  CHECK(exact.root().map({"Hostname|HostName"}));
  CHECK(exact.root()["Hostname|HostName"].text() == "peer0");
  CHECK_FALSE(exact.root()["Hostname"].present());
}

TEST_CASE("keys that another tool passes over can be warnings") {
  const auto doc = yaml::document::parse("{colour: blue}", {.unknown_keys = problem::severity::warning});
  doc.root().map({"color"});
  REQUIRE(doc.problems().size() == 1);
  CHECK_FALSE(any_error(doc.problems()));
  CHECK(to_text(doc.problems()[0], "f") == "f:1:2: warning: colour: unknown key; did you mean 'color'?");
}

TEST_CASE("documents are bounded, and what is no document is refused") {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const auto before = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
    for (int k = 0; k < 9; ++k) bomb += ", " + before;
    bomb += "]\n";
  }
  struct row {
    std::string text, problem;
  };
  const row rows[] = {
      {"", "f.yaml: the document is empty"},
      {"~", "f.yaml: the document is empty"},
      {std::string(2 * MiB, ' '), "f.yaml: the document is larger than 1048576 bytes"},
      {bomb, "f.yaml:5:45: the document has more than 100000 values, aliases written out"},
      {std::string(80, '[') + std::string(80, ']'), "f.yaml:1:65: nested deeper than 64 levels"},
  };
  for (const auto& r : rows) {
    const auto told = problems_of(r.text, look_away);
    REQUIRE(told.size() == 1);
    CHECK(told[0] == r.problem);
  }
  CHECK(problems_of(std::string(100'000, '['), look_away).size() == 1);
  const auto tab = problems_of("a:\n\tb: 1\n", look_away);
  REQUIRE(tab.size() == 1);
  CHECK(tab[0].find("line 2 is indented with a tab; use spaces") != std::string::npos);
  CHECK(problems_of("a: 1\n---\nb: 2\n", look_away) == lines{"f.yaml:3:1: warning: a second document begins here; it is not read"});
  std::string many = "{";
  for (int i = 0; i < 500; ++i) many += "k" + std::to_string(i) + ": 1, ";
  const auto counted = problems_of(many + "}", [](const yaml::value& root) { root.map({"zzzzzz"}); });
  CHECK(counted.size() == yaml::problems_max + 1);
  CHECK(counted.back() == "f.yaml: and 300 more problems");
}

TEST_CASE("a problem found later gets the line of its path or of what is nearest") {
  auto doc = yaml::document::parse("list:\n  - {a: 1}\n  - {b: 2}\n");
  for (const auto* path : {"list[1].b", "list[1].c.d", "list[7]", "other"}) doc.add({.path = path, .what = "x"});
  std::vector<std::string> out;
  for (const auto& p : doc.problems()) out.push_back(to_text(p, ""));
  CHECK(out == lines{"line 1:1: other: x", "line 2:3: list[7]: x", "line 3:5: list[1].c.d: x", "line 3:9: list[1].b: x"});
}

TEST_CASE("durations as Go writes them") {
  using namespace std::chrono;
  CHECK(parse_go_duration("1h30m") == minutes(90));
  CHECK(parse_go_duration("1.5s") == milliseconds(1500));
  CHECK(parse_go_duration("-2s") == seconds(-2));
  CHECK(parse_go_duration(".5ms") == microseconds(500));
  CHECK(parse_go_duration("0") == seconds(0));
  for (const auto* bad : {"", "5", "s", "-", "2 s", "1x", "9999999999h", ".s", "1h2"}) CHECK_FALSE(parse_go_duration(bad).has_value());
}

TEST_CASE("sizes as Fabric reads them") {
  CHECK(parse_byte_size("99 MB") == 99 * MiB);
  CHECK(parse_byte_size("512 KB") == 512 * KiB);
  CHECK(parse_byte_size("10m") == 10 * MiB);
  CHECK(parse_byte_size("2 GiB") == 2048 * MiB);
  CHECK(parse_byte_size("7") == 7);
  for (const auto* bad : {"", "MB", "1.5 MB", "-1", "1 TB", "1 MBB", "1 ", "18446744073709551615 KB"}) CHECK_FALSE(parse_byte_size(bad).has_value());
}
