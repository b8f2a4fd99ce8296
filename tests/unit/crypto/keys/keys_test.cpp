#include "crypto/keys/keys.hpp"

#include <doctest/doctest.h>

#include "crypto/keys/signer.hpp"
#include "tests/unit/crypto/keys/key_samples.hpp"
#include "tests/unit/crypto/keys/hex.hpp"

using namespace weft;
using namespace weft::crypto;
namespace fs = std::filesystem;

namespace {


const char* const p384_pkcs8 = R"(-----BEGIN PRIVATE KEY-----
MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDAaVW3pf/QA/JoWU14y
cpklQF4WVgFn+yyZQ9bIvA7SJu0+Xjuf53akd+BH3eSRheKhZANiAAQjBpqAchQt
ign49L1o7TMKTjmjZCxEDERssB4s496M99WIMOjRSep1nTYUQp/BF6p7EjP2OzzR
LCtVw0voF3UTNV9bIz4fjABUui+vURfG8bn/pY3VwXf6jcd2lRp4EwI=
-----END PRIVATE KEY-----
)";
const char* const ed25519_pkcs8 = R"(-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIDag1OaSdTP2FCLf+XZIYWhRoTHe1h444GgzrFK/aH5p
-----END PRIVATE KEY-----
)";
const char* const rsa_pkcs8 = R"(-----BEGIN PRIVATE KEY-----
MIIBVQIBADANBgkqhkiG9w0BAQEFAASCAT8wggE7AgEAAkEAn7V8Z3RURWApnY3l
bXCn47IbEsVe9HMoZjLb7xlbiFGRKyh7E0SbdtfCa/X+P4piuTWTac2tMGJzx1Uk
UK8NRwIDAQABAkBiAsNszdQlmyUO3pTMu9UchCHfPCbQx5ckWNPmAN7OYaAKZa0+
SxHY2+WoXsE9Wo9H67GHom52WbTqvPGLYo2xAiEAzWVERSvO0kQSLRV2tuCdVYqn
f2QJk81L5nbYnZawBD8CIQDHDqqAAeYhRFqevM03V7jPBEjAow/WZS5gBGRWP1oU
+QIhAMrAHQ0++lE7WsngNyi9PvIzBbbN1FpvPG5KgPfGyQfXAiAwfnQvJ0dHR33E
Oj7MgsR1Opf2xkLvekrn/WnsURbDEQIhAJf8p9R+uOees30UXhQ0RdSY8a74VIfY
VDx3jp9JYCTs
-----END PRIVATE KEY-----
)";
const char* const rsa_spki_hex = "305c300d06092a864886f70d0101010500034b0030480241009fb57c6774544560299d8de56d70a7e3b21b12c55ef473286632dbef195b8851912b287b13449b76d7c26bf5fe3f8a62b9359369cdad306273c7552450af0d470203010001";
const char* const k256_sec1 = R"(-----BEGIN EC PARAMETERS-----
BgUrgQQACg==
-----END EC PARAMETERS-----
-----BEGIN EC PRIVATE KEY-----
MHQCAQEEIBvFyRCOacZRPxNW9ycko8ITyW/wymfDG/lq+nEFuFHGoAcGBSuBBAAK
oUQDQgAEtrLdHBJ5xWeTABh8FSTwft8VyjbzcyLrxkD3LqIW/cSLKJYyuIBcUiaL
pkzjctduS7eyCY2jul6DCmBX0pWjfA==
-----END EC PRIVATE KEY-----
)";
const char* const p256_openssl_sec1 = R"(-----BEGIN EC PARAMETERS-----
BggqhkjOPQMBBw==
-----END EC PARAMETERS-----
-----BEGIN EC PRIVATE KEY-----
MHcCAQEEILIkA5aZduxZ7DZcnZt43FRF/3oMwnxkLE6OkziRVduPoAoGCCqGSM49
AwEHoUQDQgAEB6gfMdBZFQzUs6lohczD/ctIFzuWMYbMQsPLln/uLbf4Rj3rzv2z
msXKK73P13PUhO7uqxx1lG7RZT0vir1Pxw==
-----END EC PRIVATE KEY-----
)";

/// Gives the bytes it was told to, then ones.
class scripted_random final : public random_source {
 public:
  explicit scripted_random(std::vector<bytes> draws) : draws_(std::move(draws)) {}
  void fill(void* out, std::size_t size) override {
    const bytes draw = next_ < draws_.size() ? draws_[next_++] : bytes(size, '\1');
    REQUIRE(draw.size() == size);
    draw.copy(static_cast<char*>(out), size);
  }

 private:
  std::vector<bytes> draws_;
  std::size_t next_ = 0;
};

}  // namespace

TEST_CASE("a private key is what the random source says") {
  seeded_random a(7), b(7), c(8);
  const auto first = private_key::generate(a);
  CHECK(first.to_pem() == private_key::generate(b).to_pem());
  CHECK(first.to_pem() != private_key::generate(c).to_pem());
  CHECK(first.to_pem() != private_key::generate(a).to_pem());
  CHECK(first.public_half().kind() == key_kind::p256);
}

TEST_CASE("draws outside [1, n-1] are rejected") {
  const bytes order = crypto::test::hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
  scripted_random random({bytes(32, '\0'), order, bytes(32, '\xff'), bytes(32, '\2')});
  scripted_random direct({bytes(32, '\2')});
  CHECK(private_key::generate(random).to_pem() == private_key::generate(direct).to_pem());
}

TEST_CASE("every key of the golden tree is read and written back byte for byte") {
  int keys = 0;
  for (const auto& entry : fs::recursive_directory_iterator(test::golden_crypto())) {
    if (entry.path().filename() != "priv_sk" && entry.path().extension() != ".key") continue;
    CAPTURE(entry.path().string());
    const bytes text = test::read_file(entry.path());
    const auto key = private_key::from_pem(text);
    REQUIRE(key);
    CHECK(key->to_pem() == text);
    ++keys;
  }
  CHECK(keys == 28);
}

TEST_CASE("keys that OpenSSL wrote are read") {
  struct row {
    const char *name, *pem;
    key_kind kind;
  };
  const row rows[] = {
      {"P-256, SEC1 after its parameters", p256_openssl_sec1, key_kind::p256},
      {"P-384, PKCS#8", p384_pkcs8, key_kind::p384},
      {"Ed25519, PKCS#8", ed25519_pkcs8, key_kind::ed25519},
  };
  for (const auto& r : rows) SUBCASE(r.name) {
      const auto key = private_key::from_pem(r.pem);
      REQUIRE(key);
      const auto& pub = key->public_half();
      CHECK(pub.kind() == r.kind);
      const auto again = private_key::from_pem(key->to_pem());
      REQUIRE(again);
      CHECK(again->public_half() == pub);
      const auto from_spki = public_key::from_spki(pub.spki());
      REQUIRE(from_spki);
      CHECK(*from_spki == pub);
      CHECK(from_spki->kind() == r.kind);
      CHECK(pub.ski() == to_bytes(sha256(pub.raw())));
    }
}

TEST_CASE("PKCS#8 of P-384 and Ed25519 is written as OpenSSL and Go write it") {
  CHECK(private_key::from_pem(p384_pkcs8)->to_pem() == p384_pkcs8);
  CHECK(private_key::from_pem(ed25519_pkcs8)->to_pem() == ed25519_pkcs8);
}

TEST_CASE("text that is no private key of ours says why") {
  const std::string scalar_zero = test::ec_pem(key_kind::p256, bytes(32, '\0'));
  struct row {
    const char* name;
    std::string pem;
    errc code;
  };
  const row rows[] = {
      {"nothing", "", errc::invalid_argument},
      {"a certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", errc::invalid_argument},
      {"no DER", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", errc::invalid_argument},
      {"an empty sequence", "-----BEGIN EC PRIVATE KEY-----\nMAA=\n-----END EC PRIVATE KEY-----\n", errc::invalid_argument},
      {"a scalar of zero", scalar_zero, errc::invalid_argument},
      {"RSA", rsa_pkcs8, errc::unsupported},
      {"secp256k1", k256_sec1, errc::unsupported},
      {"an encrypted key", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n", errc::unsupported},
  };
  for (const auto& r : rows) SUBCASE(r.name) {
      const auto key = private_key::from_pem(r.pem);
      REQUIRE_FALSE(key);
      CHECK(key.error().code == r.code);
      CHECK_FALSE(key.error().context.empty());
    }
}

TEST_CASE("a private key whose public point is another's is refused") {
  seeded_random random(1);
  const auto a = private_key::generate(random), b = private_key::generate(random);
  auto der = pem::only(a.to_pem())->der;
  const auto at = der.find(a.public_half().raw());
  REQUIRE(at != der.npos);
  der.replace(at, 65, b.public_half().raw());
  CHECK_FALSE(private_key::from_pem(pem::encode("PRIVATE KEY", der)));
}

TEST_CASE("public keys: hostile bytes are errors, foreign keys are unsupported") {
  seeded_random random(3);
  const auto key = private_key::generate(random).public_half();
  const bytes good(key.spki());
  REQUIRE(public_key::from_spki(good));
  for (std::size_t size = 0; size < good.size(); ++size) {
    CAPTURE(size);
    const auto cut = public_key::from_spki(bytes_view(good).substr(0, size));
    REQUIRE_FALSE(cut);
    CHECK(cut.error().code == errc::invalid_argument);
  }
  CHECK_FALSE(public_key::from_spki(good + "x"));
  bytes off_curve = good;
  off_curve.back() ^= 1;
  CHECK_FALSE(public_key::from_spki(off_curve));
  const auto rsa = public_key::from_spki(crypto::test::hex(rsa_spki_hex));
  REQUIRE_FALSE(rsa);
  CHECK(rsa.error().code == errc::unsupported);
}

TEST_CASE("an empty public key has no bytes and verifies nothing") {
  const public_key none;
  CHECK_FALSE(none);
  CHECK(none.raw().empty());
  CHECK(none.ski().empty());
  CHECK_FALSE(make_verifier()->verify(none, "m", "s"));
}
