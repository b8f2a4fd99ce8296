#include "edge/quoted.hpp"

#include <doctest/doctest.h>

using weft::edge::in_quotes;

TEST_CASE("a name is repeated as it was typed, but never at length and never so that a terminal obeys it") {
  CHECK(in_quotes("mycc") == "'mycc'");
  CHECK(in_quotes("") == "''");
  CHECK(in_quotes(std::string(60, 'x')) == "'" + std::string(60, 'x') + "'");
  CHECK(in_quotes(std::string(61, 'x')) == "'" + std::string(60, 'x') + "… (61 bytes)'");
  CHECK(in_quotes(std::string(59, 'x') + "\xc3\xbc") == "'" + std::string(59, 'x') + "… (61 bytes)'");  // no half letter
  CHECK(in_quotes("\x1b[31mred\n") == "'?[31mred?'");
}
