#include "crypto/keys/ecdsa.hpp"

#include <doctest/doctest.h>

#include "crypto/keys/der.hpp"
#include "tests/unit/crypto/keys/hex.hpp"

using namespace weft;
using namespace weft::crypto;

namespace {

const std::string p256_order = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
const std::string p256_half = "7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8";  // vectors.json, misc.low_s

ecdsa::signature numbers(const std::string& r, const std::string& s) {
  return ecdsa::parse(der::sequence({der::integer(crypto::test::hex(r)), der::integer(crypto::test::hex(s))})).value();
}

}  // namespace

TEST_CASE("only canonical DER is a signature") {
  struct row {
    const char *name, *hex;
    bool good;
  };
  const row rows[] = {
      {"two small numbers", "3006020101020102", true},
      {"a high bit behind a zero", "3008020200800202008f", true},
      {"nothing", "", false},
      {"an empty sequence", "3000", false},
      {"one number", "3003020101", false},
      {"three numbers", "3009020101020102020103", false},
      {"bytes after the sequence", "300602010102010200", false},
      {"bytes after the numbers", "30070201010201020a", false},
      {"truncated", "30060201010201", false},
      {"a long length where a short one fits", "308106020101020102", false},
      {"a huge length", "3084ffffffff020101020102", false},
      {"a number with a huge length", "30080284ffffffff0101", false},
      {"an indefinite length", "30800201010201020000", false},
      {"r negative", "3006020181020102", false},
      {"s negative", "3006020101020182", false},
      {"r zero", "3006020100020102", false},
      {"s zero", "3006020101020100", false},
      {"r with a needless zero", "300702020001020102", false},
      {"r without bytes", "30050200020102", false},
      {"another type of number", "30060a0101020102", false},
      {"a set", "3106020101020102", false},
  };
  for (const auto& r : rows) SUBCASE(r.name) { CHECK(ecdsa::parse(crypto::test::hex(r.hex)).has_value() == r.good); }
  const bytes wide(49, '\x11');
  CHECK_FALSE(ecdsa::parse(der::sequence({der::integer(wide), der::integer("\1")})));
}

TEST_CASE("parsing and encoding are each other's inverse") {
  for (const char* text : {"3006020101020102", "3008020200800202008f"}) CHECK(to_hex(ecdsa::encode(ecdsa::parse(crypto::test::hex(text)).value())) == text);
}

TEST_CASE("s is low up to half the order, and no further") {
  struct row {
    const char* name;
    std::string s;
    bool low;
  };
  const row rows[] = {
      {"one", "01", true},
      {"half the order", p256_half, true},
      {"one more than half", "7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a9", false},
      {"one less than the order", "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550", false},
  };
  for (const auto& r : rows) SUBCASE(r.name) {
      const auto signature = numbers("05", r.s);
      CHECK(ecdsa::is_low(signature, key_kind::p256) == r.low);
      const auto low = ecdsa::to_low(signature, key_kind::p256);
      CHECK(ecdsa::is_low(low, key_kind::p256));
      CHECK((low.s == signature.s) == r.low);
    }
  CHECK(ecdsa::to_low(numbers("05", "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550"), key_kind::p256).s == numbers("05", "01").s);
  CHECK(ecdsa::is_low(numbers("05", p256_order), key_kind::p384));  // another curve, another half
}

TEST_CASE("r and s must lie below the order") {
  CHECK(ecdsa::in_range(numbers("01", "01"), key_kind::p256));
  CHECK_FALSE(ecdsa::in_range(numbers(p256_order, "01"), key_kind::p256));
  CHECK_FALSE(ecdsa::in_range(numbers("01", p256_order), key_kind::p256));
  CHECK(ecdsa::in_range(numbers(p256_order, p256_order), key_kind::p384));
}

TEST_CASE("keys are made from valid scalars and points only") {
  CHECK_FALSE(ecdsa::make_private(key_kind::p256, crypto::test::hex("00")));
  CHECK_FALSE(ecdsa::make_private(key_kind::p256, crypto::test::hex(p256_order)));
  CHECK_FALSE(ecdsa::make_private(key_kind::p256, bytes(49, '\1')));
  const auto key = ecdsa::make_private(key_kind::p256, crypto::test::hex("01"));
  REQUIRE(key);
  const bytes generator = ecdsa::point_of(*key, key_kind::p256);
  CHECK(to_hex(generator).substr(0, 10) == "046b17d1f2");
  CHECK(ecdsa::make_public(key_kind::p256, generator));
  bytes off_curve = generator;
  off_curve.back() ^= 1;
  CHECK_FALSE(ecdsa::make_public(key_kind::p256, off_curve));
  CHECK_FALSE(ecdsa::make_public(key_kind::p256, bytes_view(generator).substr(0, 64)));
  CHECK_FALSE(ecdsa::make_public(key_kind::p256, bytes(1, '\0')));
  CHECK_FALSE(ecdsa::make_public(key_kind::p384, generator));
}
