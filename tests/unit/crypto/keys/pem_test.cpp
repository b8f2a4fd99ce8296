#include "crypto/keys/pem.hpp"

#include <doctest/doctest.h>

using namespace weft;
namespace pem = crypto::pem;

TEST_CASE("blocks of every size survive the round trip") {
  for (std::size_t size = 0; size < 200; ++size) {
    CAPTURE(size);
    bytes data;
    for (std::size_t i = 0; i < size; ++i) data.push_back(static_cast<char>(i * 37 + size));
    const auto read = pem::only(pem::encode("SOME THING", data));
    REQUIRE(read);
    CHECK(read->label == "SOME THING");
    CHECK(read->der == data);
  }
}

TEST_CASE("lines hold 64 characters") {
  CHECK(pem::encode("X", bytes(48, '\0')) == "-----BEGIN X-----\n" + std::string(64, 'A') + "\n-----END X-----\n");
  CHECK(pem::encode("X", bytes(49, '\0')) == "-----BEGIN X-----\n" + std::string(64, 'A') + "\nAA==\n-----END X-----\n");
}

TEST_CASE("only one block, and nothing but white space around it") {
  struct row {
    const char *name, *text;
    bool good;
  };
  const row rows[] = {
      {"one block", "-----BEGIN X-----\nAAAA\n-----END X-----\n", true},
      {"no newline at the end", "-----BEGIN X-----\nAAAA\n-----END X-----", true},
      {"Windows' lines", "-----BEGIN X-----\r\nAAAA\r\n-----END X-----\r\n", true},
      {"white space around", "\n \n-----BEGIN X-----\nAAAA\n-----END X-----\n\n", true},
      {"an empty block", "-----BEGIN X-----\n-----END X-----\n", true},
      {"nothing", "", false},
      {"text before", "hello\n-----BEGIN X-----\nAAAA\n-----END X-----\n", false},
      {"text after", "-----BEGIN X-----\nAAAA\n-----END X-----\nhello", false},
      {"two blocks", "-----BEGIN X-----\nAAAA\n-----END X-----\n-----BEGIN X-----\nAAAA\n-----END X-----\n", false},
      {"no end", "-----BEGIN X-----\nAAAA\n", false},
      {"another end", "-----BEGIN X-----\nAAAA\n-----END Y-----\n", false},
      {"a first line without dashes", "-----BEGIN X\nAAAA\n", false},
      {"headers", "-----BEGIN X-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END X-----\n", false},
      {"no base64", "-----BEGIN X-----\nA*AA\n-----END X-----\n", false},
      {"a digit missing", "-----BEGIN X-----\nAAA\n-----END X-----\n", false},
      {"too much padding", "-----BEGIN X-----\nA===\n-----END X-----\n", false},
      {"padding in the middle", "-----BEGIN X-----\nAA==AAAA\n-----END X-----\n", false},
      {"a mark inside a line", "x-----BEGIN X-----\nAAAA\n-----END X-----\n", false},
  };
  for (const auto& r : rows) SUBCASE(r.name) { CHECK(pem::only(r.text).has_value() == r.good); }
}

TEST_CASE("blocks are taken one by one, other text is passed over") {
  std::string_view text = "a bundle\n-----BEGIN A-----\nAAAA\n-----END A-----\nthen\n-----BEGIN B-----\nAA==\n-----END B-----\nend";
  const auto a = pem::next(text);
  const auto b = pem::next(text);
  const auto none = pem::next(text);
  REQUIRE((a && *a && b && *b && none));
  CHECK((*a)->label == "A");
  CHECK((*a)->der.size() == 3);
  CHECK((*b)->label == "B");
  CHECK((*b)->der.size() == 1);
  CHECK_FALSE(*none);
}
