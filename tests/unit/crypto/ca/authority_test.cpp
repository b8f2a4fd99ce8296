#include "crypto/ca/authority.hpp"

#include <doctest/doctest.h>

using namespace weft;
using namespace weft::crypto;

namespace {

const manual_clock noon(timestamp(std::chrono::seconds(1'795'172'760)));  // 2026-11-20T11:06:00Z

authority make(std::uint64_t seed) {
  seeded_random random(seed);
  return authority::create("ca.x", "x", {}, noon, random, nonce_rule::deterministic).value();
}

certificate_request request(const char* name) {
  const auto valid = validity_from(noon.now(), std::chrono::days(1));
  certificate_request r;
  r.common_name = name;
  r.not_before = valid.not_before;
  r.not_after = valid.not_after;
  return r;
}

}  // namespace

TEST_CASE("validity begins five minutes before the nearest minute") {
  struct row {
    const char* name;
    std::int64_t now, begin;
  };
  const row rows[] = {
      {"on the minute", 1'795'172'760, 1'795'172'460},
      {"just after", 1'795'172'789, 1'795'172'460},
      {"half a minute later", 1'795'172'790, 1'795'172'520},
  };
  for (const auto& r : rows) SUBCASE(r.name) {
      const auto valid = validity_from(timestamp(std::chrono::seconds(r.now)));
      CHECK(valid.not_before == timestamp(std::chrono::seconds(r.begin)));
      CHECK(valid.not_after - valid.not_before == std::chrono::days(3650));
    }
}

TEST_CASE("an authority issues identities and certifies keys of others") {
  const auto ca = make(1);
  CHECK(ca.cert().signed_by(ca.cert()));
  seeded_random random(2);
  const auto issued = ca.issue(request("alice"), random);
  REQUIRE(issued);
  CHECK(issued->cert.signed_by(ca.cert()));
  CHECK(issued->cert.key() == issued->key.public_half());
  const auto bob = private_key::generate(random).public_half();
  const auto certified = ca.certify(request("bob"), bob, random);
  REQUIRE(certified);
  CHECK(certified->key() == bob);
  CHECK(certified->serial() != issued->cert.serial());
}

TEST_CASE("an authority comes back from its files") {
  const auto ca = make(1), other = make(2);
  const auto loaded = authority::from_pem(ca.cert().to_pem(), ca.key().to_pem(), nonce_rule::deterministic);
  REQUIRE(loaded);
  seeded_random a(3), b(3);
  CHECK(loaded->issue(request("alice"), a)->cert.der() == ca.issue(request("alice"), b)->cert.der());
  CHECK_FALSE(authority::from_pem(ca.cert().to_pem(), other.key().to_pem(), nonce_rule::random));
  const auto leaf = ca.issue(request("alice"), a).value();
  CHECK_FALSE(authority::from_pem(leaf.cert.to_pem(), leaf.key.to_pem(), nonce_rule::random));
  CHECK_FALSE(authority::from_pem("", "", nonce_rule::random));
}
