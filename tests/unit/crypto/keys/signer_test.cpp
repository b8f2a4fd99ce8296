#include "crypto/keys/signer.hpp"

#include <doctest/doctest.h>

#include <thread>

#include "crypto/keys/ecdsa.hpp"
#include "tests/unit/crypto/keys/key_samples.hpp"
#include "tests/unit/crypto/keys/hex.hpp"

using namespace weft;
using namespace weft::crypto;

namespace {


private_key user1() { return private_key::from_pem(test::read_file(test::golden_org1() / "users/User1@org1.example.com/msp/keystore/priv_sk")).value(); }

private_key sample(key_kind kind) {
  if (kind != key_kind::ed25519) return private_key::from_pem(test::ec_pem(kind, bytes(32, '\x42'))).value();
  const bytes seed(32, '\x42');
  const bytes content = der::octet_string(seed);
  const bytes head = crypto::test::hex("020100300506032b6570");
  return private_key::from_pem(pem::encode("PRIVATE KEY", der::sequence({head, der::octet_string(content)}))).value();
}

}  // namespace

TEST_CASE("Fabric's own low and high S") {  // vectors.json, misc.low_s
  const auto key = user1().public_half();
  const std::string r = "008c8b7f07d690e75e31e365b858353eed939a5929215cdcbb9d9201c10c18e9e3";
  const auto low = crypto::test::hex("30450221" + r + "0220750d68068743619f0a4a2d28d2678a55ea271516b7e9dbc9ede9e100e5bb6fe8");
  const auto high = crypto::test::hex("30460221" + r + "0221008af297f878bc9e61f5b5d2d72d9875a9d2bfe596ef2dc2bb05cfe9c216a7b569");
  const auto verifier = make_verifier();
  CHECK(verifier->verify(key, "low-s test message", low));
  CHECK_FALSE(verifier->verify(key, "low-s test message", high));
  CHECK_FALSE(verifier->verify(key, "low-s test messagE", low));
  CHECK_FALSE(verifier->verify(key, "low-s test message", low + bytes(1, '\0')));
  CHECK(ecdsa::verify(*key.native(), view(sha256("low-s test message")), high, ecdsa::s_rule::any));  // only certificates may
  CHECK(ecdsa::encode(ecdsa::to_low(ecdsa::parse(high).value(), key_kind::p256)) == low);
}

TEST_CASE("what a key signs, it verifies, and nothing else") {
  for (const auto kind : {key_kind::p256, key_kind::p384, key_kind::ed25519})
    for (const auto rule : {nonce_rule::random, nonce_rule::deterministic}) {
      CAPTURE(to_string(kind));
      const auto key = sample(kind);
      const auto signer = make_signer(key, rule);
      const auto verifier = make_verifier();
      seeded_random random(11);
      const auto stranger = private_key::generate(random).public_half();
      for (int i = 0; i < 20; ++i) {
        const bytes message(static_cast<std::size_t>(i * 7), static_cast<char>('a' + i));
        const auto signature = signer->sign(message);
        REQUIRE(signature);
        CHECK(verifier->verify(signer->key(), message, *signature));
        CHECK_FALSE(verifier->verify(signer->key(), message + "x", *signature));
        CHECK_FALSE(verifier->verify(stranger, message, *signature));
        CHECK_FALSE(verifier->verify(signer->key(), message, ""));
        if (kind != key_kind::ed25519) CHECK(ecdsa::is_low(ecdsa::parse(*signature).value(), kind));
      }
    }
}

TEST_CASE("no flipped bit of a signature verifies") {
  for (const auto kind : {key_kind::p256, key_kind::ed25519}) {
    const auto signer = make_signer(sample(kind), nonce_rule::deterministic);
    const auto verifier = make_verifier();
    const bytes good = signer->sign("message").value();
    for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
      bytes bad = good;
      bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
      CAPTURE(bit);
      CHECK_FALSE(verifier->verify(signer->key(), "message", bad));
    }
  }
}

TEST_CASE("deterministic signatures repeat, random ones do not") {
  const auto key = user1();
  CHECK(make_signer(key, nonce_rule::deterministic)->sign("m") == make_signer(key, nonce_rule::deterministic)->sign("m"));
  CHECK(make_signer(key)->sign("m") != make_signer(key)->sign("m"));
  CHECK(make_signer(key, nonce_rule::deterministic)->sign("m") != make_signer(key, nonce_rule::deterministic)->sign("n"));
}

TEST_CASE("Ed25519 signs the message itself: RFC 8032's third test") {
  const bytes seed = crypto::test::hex("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7");
  const bytes content = der::octet_string(seed), head = crypto::test::hex("020100300506032b6570");
  const auto key = private_key::from_pem(pem::encode("PRIVATE KEY", der::sequence({head, der::octet_string(content)})));
  REQUIRE(key);
  CHECK(to_hex(key->public_half().raw()) == "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025");
  CHECK(to_hex(make_signer(*key)->sign(crypto::test::hex("af82")).value()) ==
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a");
}

TEST_CASE("one signer and one verifier serve many threads") {
  const auto signer = make_signer(user1());
  const auto verifier = make_verifier();
  std::vector<int> wrong(4, 0);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 25; ++i) {
        const auto message = std::to_string(t * 1000 + i);
        const auto signature = signer->sign(message);
        wrong[static_cast<std::size_t>(t)] += !signature || !verifier->verify(signer->key(), message, *signature);
      }
    });
  for (auto& t : threads) t.join();
  for (const int w : wrong) CHECK(w == 0);
}
