#include <doctest/doctest.h>

#include "cli/go_flags.hpp"

using weft::cli::go_flags;

TEST_CASE("a command line as Go's flag package reads it") {
  struct row { std::vector<std::string> words; const char *text, *why; bool on, help; };
  const row rows[] = {
      {{}, "", "", false, false},
      {{"-profile", "P"}, "P", "", false, false},
      {{"--profile", "P", "-version"}, "P", "", true, false},
      {{"-profile=P=Q"}, "P=Q", "", false, false},
      {{"-profile", "-version"}, "-version", "", false, false},
      {{"-profile="}, "", "", false, false},
      {{"-version=false"}, "", "", false, false},
      {{"-version=T"}, "", "", true, false},
      {{"-help"}, "", "", false, true},
      {{"--h"}, "", "", false, true},
      {{"-version=maybe"}, "", "invalid boolean value \"maybe\" for -version: parse error", false, false},
      {{"-profile"}, "", "flag needs an argument: -profile", false, false},
      {{"-profil", "P"}, "", "flag provided but not defined: -profil; did you mean -profile?", false, false},
      {{"-xyzzyx"}, "", "flag provided but not defined: -xyzzyx", false, false},
      {{"---profile"}, "", "bad flag syntax: ---profile", false, false},
      {{"-=x"}, "", "bad flag syntax: -=x", false, false},
      {{"-version", "out.block"}, "", "'out.block' belongs to no flag", true, false},
      {{"-"}, "", "'-' belongs to no flag", false, false},
      {{"--"}, "", "'--' belongs to no flag", false, false},
  };
  for (const auto& r : rows) {
    std::string text;
    bool on = false;
    go_flags flags;
    flags.add("profile", &text, "The profile.");
    flags.add("version", &on, "Show it.");
    const auto parsed = flags.parse(r.words);
    CAPTURE(r.words.size());
    CHECK((parsed ? "" : parsed.error().context) == r.why);
    CHECK(text == r.text);
    CHECK(on == r.on);
    CHECK((parsed && *parsed == go_flags::outcome::help) == r.help);
    CHECK(flags.usage() == "  -profile string\n    \tThe profile.\n  -version\n    \tShow it.\n");
  }
}
