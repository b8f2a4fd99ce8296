// Whom a gateway asks: small sets that satisfy every policy, its own organization kept longest.
#include "chaincode/endorsement/plan.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "config/base/random.hpp"
#include "tests/unit/chaincode/support/golden_chain.hpp"

using namespace weft;
using chaincode::candidate;
using chaincode::plan_endorsers;

namespace {

/// Satisfied by peers of so many of the organizations named. Counts how often it was asked.
class orgs_needed final : public crypto::policy {
 public:
  orgs_needed(std::size_t needed, std::set<std::string> orgs) : needed_(needed), orgs_(std::move(orgs)) {}
  [[nodiscard]] bool evaluate(const std::vector<crypto::identity_ptr>& signers) const override {
    ++asked;
    std::set<std::string> seen;
    for (const auto& s : signers) if (orgs_.contains(s->msp_id)) seen.insert(s->msp_id);
    return seen.size() >= needed_;
  }
  [[nodiscard]] crypto::policy_trace explain(const std::vector<crypto::identity_ptr>&) const override { return {}; }
  mutable std::size_t asked = 0;

 private:
  std::size_t needed_;
  std::set<std::string> orgs_;
};

std::vector<candidate> peers_of(std::size_t orgs, std::size_t peers) {
  const auto cert = *crypto::certificate::from_pem(chaincode::testing::read_golden("crypto/peerOrganizations/org1.example.com/ca/ca.org1.example.com-cert.pem"));
  std::vector<candidate> out;
  for (std::size_t o = 1; o <= orgs; ++o) {
    for (std::size_t p = 0; p < peers; ++p) {
      const auto name = "peer" + std::to_string(p) + ".org" + std::to_string(o);
      out.push_back({name, std::make_shared<crypto::identity>(crypto::identity{.msp_id = "Org" + std::to_string(o), .cert = cert, .serialized = {}, .id = name,
                                                                               .organizational_units = {}, .certifiers_id = {}})});
    }
  }
  return out;
}

/// What the header promises, the slow way: one after the other, from the back.
std::optional<std::vector<std::size_t>> one_by_one(const std::vector<crypto::policy_ptr>& policies, const std::vector<candidate>& all,
                                                   std::string_view own, std::size_t spread) {
  std::vector<std::size_t> kept(all.size());
  for (std::size_t i = 0; i < kept.size(); ++i) kept[i] = (i + spread) % all.size();
  std::stable_partition(kept.begin(), kept.end(), [&](std::size_t i) { return all[i].who->msp_id == own; });
  const auto holds = [&](const std::vector<std::size_t>& set) {
    std::vector<crypto::identity_ptr> signers;
    for (auto i : set) signers.push_back(all[i].who);
    return std::all_of(policies.begin(), policies.end(), [&](const auto& p) { return p->evaluate(signers); });
  };
  if (!holds(kept)) return std::nullopt;
  for (std::size_t i = kept.size(); i-- > 0;) {
    auto fewer = kept;
    fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
    if (!fewer.empty() && holds(fewer)) kept = std::move(fewer);
  }
  return kept;
}

}  // namespace

TEST_CASE("a plan is what dropping one candidate after the other leaves") {
  seeded_random random{7};
  const auto number = [&](std::size_t below) { return static_cast<std::size_t>(static_cast<unsigned char>(random.make_bytes(1)[0])) % below; };
  for (int round = 0; round < 200; ++round) {
    const auto orgs = 1 + number(6), peers = 1 + number(4);
    const auto all = peers_of(orgs, peers);
    std::vector<crypto::policy_ptr> policies;
    for (std::size_t i = 0; i < 1 + number(3); ++i) {
      std::set<std::string> named;
      for (std::size_t o = 1; o <= orgs; ++o) if (number(3) > 0) named.insert("Org" + std::to_string(o));
      policies.push_back(std::make_shared<orgs_needed>(number(named.size() + 1) + (number(20) == 0 ? 1 : 0), named));
    }
    const auto own = "Org" + std::to_string(1 + number(orgs)), spread = std::to_string(number(200));
    CAPTURE(round);
    CHECK(plan_endorsers(policies, all, own, std::stoul(spread)) == one_by_one(policies, all, own, std::stoul(spread)));
  }
}

TEST_CASE("nobody can satisfy what nobody is there for") {
  const auto policy = std::make_shared<orgs_needed>(1, std::set<std::string>{"Org1"});
  CHECK_FALSE(plan_endorsers({policy}, {}, "Org1", 0).has_value());
  CHECK_FALSE(plan_endorsers({policy}, peers_of(0, 0), "Org1", 3).has_value());
}

TEST_CASE("a wide network costs few evaluations") {
  const auto all = peers_of(26, 16);
  std::set<std::string> everybody;
  for (int o = 1; o <= 26; ++o) everybody.insert("Org" + std::to_string(o));
  const auto majority = std::make_shared<orgs_needed>(14, everybody);
  const auto plan = plan_endorsers({majority}, all, "Org3", 1);
  REQUIRE(plan.has_value());
  CHECK(plan->size() == 14);
  CHECK(majority->asked < 250);  // of 417 one by one
}
