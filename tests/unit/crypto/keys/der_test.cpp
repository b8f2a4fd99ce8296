#include "crypto/keys/der.hpp"

#include <doctest/doctest.h>

#include "tests/unit/crypto/keys/hex.hpp"

using namespace weft;
namespace der = crypto::der;

TEST_CASE("the reader takes only strict DER") {
  struct row {
    const char* name;
    const char* hex;
    bool good;
  };
  const row rows[] = {
      {"an empty sequence", "3000", true},
      {"a short length", "30020101", true},
      {"nothing", "", false},
      {"a tag without length", "30", false},
      {"a length beyond the end", "300301", false},
      {"an indefinite length", "30800000", false},
      {"a long length where a short one fits", "30810101", false},
      {"a length with a leading zero", "3082000101", false},
      {"a length of four octets beyond the end", "3084ffffffff00", false},
      {"a length of five octets", "30850000000001aa", false},
      {"a length of nine octets", "3089ffffffffffffffffff00", false},
      {"a tag of two bytes", "1f8101", false},
      {"bytes after the element", "300000", false},
      {"another tag", "0400", false},
  };
  for (const auto& r : rows) SUBCASE(r.name) { CHECK(der::only(crypto::test::hex(r.hex), der::sequence_tag).has_value() == r.good); }
}

TEST_CASE("a reader that finds another tag stays where it is") {
  const bytes data = crypto::test::hex("020101040101");
  der::reader in(data);
  CHECK_FALSE(in.next(der::octet_string_tag));
  CHECK(in.next(der::integer_tag));
  CHECK(in.next(der::octet_string_tag));
  CHECK(in.done());
}

TEST_CASE("magnitudes are positive and minimal") {
  struct row {
    const char *name, *body, *magnitude;  ///< Null: refused.
  };
  const row rows[] = {
      {"zero", "00", ""},
      {"one", "01", "01"},
      {"a high bit needs a zero in front", "0080", "80"},
      {"no bytes", "", nullptr},
      {"negative", "80", nullptr},
      {"minus one", "ff", nullptr},
      {"a needless zero in front", "0001", nullptr},
      {"two zeros", "0000", nullptr},
  };
  for (const auto& r : rows) SUBCASE(r.name) {
      const bytes body = crypto::test::hex(r.body);
      const auto got = der::magnitude(body);
      CHECK(got.has_value() == (r.magnitude != nullptr));
      if (got && r.magnitude) CHECK(to_hex(*got) == r.magnitude);
    }
}

TEST_CASE("what is written is read back, at each width of the length") {
  for (const std::size_t size : {0u, 1u, 127u, 128u, 255u, 256u, 65535u, 65536u, 70000u}) {
    CAPTURE(size);
    const bytes content(size, 'x');
    const bytes written = der::octet_string(content);
    const auto read = der::only(written, der::octet_string_tag);
    REQUIRE(read);
    CHECK(read->body == content);
    CHECK(read->whole == written);
  }
}

TEST_CASE("integers are written in the fewest bytes") {
  CHECK(to_hex(der::integer("")) == "020100");
  CHECK(to_hex(der::integer(crypto::test::hex("000000"))) == "020100");
  CHECK(to_hex(der::integer(crypto::test::hex("00007f"))) == "02017f");
  CHECK(to_hex(der::integer(crypto::test::hex("80"))) == "02020080");
}

TEST_CASE("a bit string must use all bits of its last byte") {
  CHECK(der::whole_bits(crypto::test::hex("00aabb")) == crypto::test::hex("aabb"));
  CHECK_FALSE(der::whole_bits(crypto::test::hex("01aabb")));
  CHECK_FALSE(der::whole_bits(""));
}
