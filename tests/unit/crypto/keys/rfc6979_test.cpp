// RFC 6979 A.2.5 and A.2.6: P-256 and P-384 with SHA-256.
#include "crypto/keys/rfc6979.hpp"

#include <doctest/doctest.h>

#include "crypto/hash/sha256.hpp"
#include "crypto/keys/der.hpp"
#include "crypto/keys/signer.hpp"
#include "tests/unit/crypto/keys/key_samples.hpp"
#include "tests/unit/crypto/keys/hex.hpp"

using namespace weft;
using namespace weft::crypto;

namespace {
const char* const p256_key = "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721";
const char* const p384_key =
    "6B9D3DAD2E1B8C1C05B19875B6659F4DE23C3B667BF297BA9AA47740787137D896D5724E4C70A825F872C9EA60D2EDF5";
}  // namespace

TEST_CASE("HMAC-SHA-256 of RFC 4231") {
  CHECK(to_hex(rfc6979::hmac_sha256(bytes(20, '\x0b'), {"Hi ", "There"})) == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  CHECK(to_hex(rfc6979::hmac_sha256(bytes(131, '\xaa'), {"Test Using Larger Than Block-Size Key - Hash Key First"})) ==
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST_CASE("the first candidate is the RFC's k") {
  struct row {
    const char *key, *message, *k;
  };
  const row rows[] = {
      {p256_key, "sample", "a6e3c57dd01abe90086538398355dd4c3b17aa873382b0f24d6129493d8aad60"},
      {p256_key, "test", "d16b6ae827f17175e040871a1c7ec3500192c4c92677336ec2537acaee0008e0"},
  };
  for (const auto& r : rows) {
    CAPTURE(r.message);
    rfc6979::nonces candidates(crypto::test::hex(r.key), view(sha256(r.message)));  // both digests lie below the order
    const bytes first = candidates.next();
    CHECK(to_hex(first) == r.k);
    CHECK(candidates.next() != first);
  }
}

TEST_CASE("signatures are the RFC's, with s in the low half") {
  struct row {
    const char *name, *key, *message, *r, *s;
    key_kind kind;
  };
  // n − s where the RFC's s is high.
  const row rows[] = {
      {"P-256 sample: high s", p256_key, "sample", "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716",
       "0834E36AD29A83BF2BC9385E491D6099C8FDF9D1ED67AA7EA5F51F93782857A9", key_kind::p256},
      {"P-256 test: low s", p256_key, "test", "F1ABB023518351CD71D881567B1EA663ED3EFCF6C5132B354F28D3B0B7D38367",
       "019F4113742A2B14BD25926B49C649155F267E60D3814B4C0CC84250E46F0083", key_kind::p256},
      {"P-384 sample: high s", p384_key, "sample",
       "21B13D1E013C7FA1392D03C5F99AF8B30C570C6F98D4EA8E354B63A21D3DAA33BDE1E888E63355D92FA2B3C36D8FB2CD",
       "0C55BBC04EF88BA40B428834C76E98B9CDF975EF35981C2B69B127124C652EF3683DA9C57B95E34C2C20930227CB1EC3", key_kind::p384},
      {"P-384 test: low s", p384_key, "test",
       "6D6DEFAC9AB64DABAFE36C6BF510352A4CC27001263638E5B16D9BB51D451559F918EEDAF2293BE5B475CC8F0188636B",
       "2D46F3BECBCC523D5F1A1256BF0C9B024D879BA9E838144C8BA6BAEB4B53B47D51AB373F9845C0514EEFB14024787265", key_kind::p384},
  };
  for (const auto& r : rows) SUBCASE(r.name) {
      const auto key = private_key::from_pem(test::ec_pem(r.kind, crypto::test::hex(r.key)));
      REQUIRE(key);
      const auto signature = make_signer(*key, nonce_rule::deterministic)->sign(r.message);
      REQUIRE(signature);
      CHECK(to_hex(*signature) == to_hex(der::sequence({der::integer(crypto::test::hex(r.r)), der::integer(crypto::test::hex(r.s))})));
      CHECK(make_verifier()->verify(key->public_half(), r.message, *signature));
    }
}
