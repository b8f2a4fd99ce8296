// Do these signers suffice? Greedy as Fabric's evaluation, and explained.
#include <doctest/doctest.h>

#include <map>

#include "../msp/authority.hpp"
#include "common/policies.pb.h"
#include "crypto/policy/compiled.hpp"
#include "crypto/policy/policy.hpp"
#include "msp/msp_config.pb.h"
#include "msp/msp_principal.pb.h"
#include "proto/encode.hpp"

using namespace weft;
using namespace weft::crypto;
using test::authority;
using test::holder;

namespace {

/// Organizations A, B and C, each with a peer, a client and an admin: "Ap", "Ac", "Aa", …
struct consortium {
  authority issuer{3};
  std::map<std::string, holder> people;
  std::shared_ptr<const msp_manager> msps;

  consortium() {
    std::vector<std::shared_ptr<const crypto::msp>> rules;
    for (const std::string org : {"A", "B", "C"}) {
      const auto root = issuer.root("ca." + org);
      ::msp::FabricMSPConfig definition;
      definition.set_name(org);
      definition.add_root_certs(root.pem());
      auto& units = *definition.mutable_fabric_node_ous();
      units.set_enable(true);
      units.mutable_client_ou_identifier()->set_organizational_unit_identifier("client");
      units.mutable_peer_ou_identifier()->set_organizational_unit_identifier("peer");
      units.mutable_admin_ou_identifier()->set_organizational_unit_identifier("admin");
      for (const std::string role : {"peer", "client", "admin"}) people.emplace(org + role.front(), issuer.member(role + "." + org, {role}, root));
      people.emplace(org + "q", issuer.member("peer2." + org, {"peer"}, root));
      rules.push_back(crypto::msp::create(definition, msp_level::v1_4_3).value());
    }
    msps = msp_manager::create(std::move(rules)).value();
  }
  [[nodiscard]] bytes serialized(const std::string& who) const { return serialize_identity(who.substr(0, 1), people.at(who).pem()); }
  /// "Ap Bc" → identities.
  [[nodiscard]] std::vector<identity_ptr> signers(const std::string& names) const {
    std::vector<identity_ptr> out;
    for (std::size_t at = 0; at + 1 < names.size(); at += 3) out.push_back(msps->validate(serialized(names.substr(at, 2))).value());
    return out;
  }
  [[nodiscard]] policy_ptr policy_of(const char* text) const { return compile(parse_policy(text).value(), msps).value(); }
};

const consortium& world() {
  static const consortium w;
  return w;
}

}  // namespace

TEST_CASE("signature policies over signers, in order, each counting once") {
  struct row {
    const char* policy;
    const char* signers;
    bool holds;
  };
  const row rows[] = {
      {"OR('A.peer','B.peer')", "Ap", true},
      {"OR('A.peer','B.peer')", "Bp", true},
      {"OR('A.peer','B.peer')", "Ac", false},
      {"OR('A.peer','B.peer')", "", false},
      {"AND('A.peer','B.peer')", "Ap Bp", true},
      {"AND('A.peer','B.peer')", "Bp Ap", true},
      {"AND('A.peer','B.peer')", "Ap Ap", false},
      {"AND('A.peer','A.peer')", "Ap", false},      // one identity satisfies one leaf
      {"AND('A.peer','A.peer')", "Ap Aq", true},
      {"AND('A.member','A.admin')", "Aa Ac", false},  // greedy: the member leaf takes the admin, and nobody is left for the other
      {"AND('A.member','A.admin')", "Ac Aa", true},
      {"AND('A.admin','A.member')", "Aa Ac", true},
      {"OutOf(2,'A.peer','B.peer','C.peer')", "Cp Ap", true},
      {"OutOf(2,'A.peer','B.peer','C.peer')", "Cp", false},
      {"OutOf(0,'A.peer')", "", true},
      {"OutOf(2,'A.peer')", "Ap Aq", false},
      {"OR('A.peer', AND('B.peer','C.peer'))", "Bp Cp", true},
      {"OR('A.peer', AND('B.peer','C.peer'))", "Bp", false},
      // A gate that fails gives back whom it had used: the failed AND had taken A's peer.
      {"OutOf(1, AND('A.peer','B.peer'), 'A.peer')", "Ap", true},
      // A gate that holds keeps them, also when an earlier success would have been enough.
      {"AND(OutOf(1,'A.peer','A.peer'), 'A.peer')", "Ap Aq", false},
      {"AND(OutOf(1,'A.peer',AND('A.peer')), 'A.peer')", "Ap Aq", false},
      {"AND('A.peer', OR('A.peer','B.peer'))", "Ap Bp", true},
      {"AND('A.peer', OR('A.peer','B.peer'))", "Ap Aq", true},
      {"AND('A.peer', OR('A.peer','B.peer'))", "Ap", false},
  };
  for (const auto& r : rows) {
    CAPTURE(r.policy);
    CAPTURE(r.signers);
    const auto p = world().policy_of(r.policy);
    const auto signers = world().signers(r.signers);
    CHECK(p->evaluate(signers) == r.holds);
    CHECK(p->explain(signers).satisfied == r.holds);
  }
}

TEST_CASE("an explanation shows who satisfied what, and what is missing") {
  const auto trace = world().policy_of("AND('A.peer', OutOf(1,'B.peer','C.admin'))")->explain(world().signers("Ap Bc"));
  CHECK(trace.to_text() ==
        "[ ] 2 of 2: not satisfied\n"
        "  [x] A.peer: " + world().people.at("Ap").cert.subject() + "\n"
        "  [ ] 1 of 2: not satisfied\n"
        "    [ ] B.peer: missing\n"
        "    [ ] C.admin: missing\n");
}

TEST_CASE("implicit meta policies count what the children say") {
  const auto yes = world().policy_of("OutOf(0,'A.peer')"), no = reject_all("X");
  struct row {
    const char* name;
    meta_rule rule;
    std::vector<policy_ptr> children;
    bool holds;
  };
  const row rows[] = {
      {"any of none", meta_rule::any, {}, true},
      {"all of none", meta_rule::all, {}, true},
      {"majority of none", meta_rule::majority, {}, true},
      {"any, one says yes", meta_rule::any, {no, yes}, true},
      {"any, nobody says yes", meta_rule::any, {no, nullptr}, false},
      {"all, everybody says yes", meta_rule::all, {yes, yes}, true},
      {"all, one lacks the policy", meta_rule::all, {yes, nullptr}, false},
      {"majority of two is two", meta_rule::majority, {yes, no}, false},
      {"majority of three is two", meta_rule::majority, {yes, no, yes}, true},
      {"who lacks the policy counts", meta_rule::majority, {yes, nullptr, nullptr}, false},
      {"majority of four is three", meta_rule::majority, {yes, yes, no, no}, false},
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    std::vector<std::pair<std::string, policy_ptr>> children;
    for (const auto& c : r.children) children.emplace_back("Org" + std::to_string(children.size() + 1), c);
    const auto p = make_implicit_meta(r.rule, "Endorsement", children);
    CHECK(p->evaluate({}) == r.holds);
    CHECK(p->explain({}).satisfied == r.holds);
  }
  const auto p = make_implicit_meta(meta_rule::majority, "Endorsement", {{"Org1", world().policy_of("OR('A.peer')")}, {"Org2", nullptr}});
  CHECK(p->explain(world().signers("Ap")).to_text() ==
        "[ ] MAJORITY Endorsement, 2 of 2: not satisfied\n"
        "  [x] Org1/Endorsement (1 of 1)\n"
        "    [x] A.peer: " + world().people.at("Ap").cert.subject() + "\n"
        "  [ ] Org2/Endorsement (no such policy): missing\n");
  CHECK_FALSE(reject_all("/Channel/Nobody")->evaluate(world().signers("Ap")));
  CHECK(reject_all("/Channel/Nobody")->explain({}).to_text() == "[ ] /Channel/Nobody (no such policy): missing\n");
}

TEST_CASE("signatures count once, in order, if they are right") {
  const auto& w = world();
  const bytes data = "what is signed";
  const auto sign = [&](const std::string& who, const bytes& what) { return make_signer(w.people.at(who).key, nonce_rule::deterministic)->sign(what).value(); };
  const auto ap = w.serialized("Ap"), bp = w.serialized("Bp"), other_pem = serialize_identity("A", w.people.at("Ap").pem().substr(0, w.people.at("Ap").pem().size() - 1));
  const auto good_a = sign("Ap", data), good_b = sign("Bp", data), wrong_a = sign("Ap", "something else");
  const auto names = [&](const std::vector<signed_data>& set, std::vector<std::string>* why = nullptr) {
    std::string out;
    for (const auto& who : valid_signers(set, *w.msps, *make_verifier(), why)) out += who->cert.common_name() + " ";
    return out;
  };
  CHECK(names({{data, ap, good_a}, {data, bp, good_b}}) == "peer.A peer.B ");
  CHECK(names({{data, bp, good_b}, {data, ap, good_a}}) == "peer.B peer.A ");
  CHECK(names({}) == "");
  std::vector<std::string> why;
  CHECK(names({{data, ap, good_a}, {data, ap, good_a}, {data, other_pem, good_a}, {data, bp, good_a}, {data, "garbage", good_b}, {data, bp, good_b}}, &why) == "peer.A peer.B ");
  REQUIRE(why.size() == 4);
  CHECK(why[0].find("signature 1: ") == 0);
  CHECK(why[0].find("already counts") != std::string::npos);
  CHECK(why[1].find("already counts") != std::string::npos);
  CHECK(why[2].find("CN=peer.B") != std::string::npos);
  CHECK(why[2].find("the signature is wrong") != std::string::npos);
  CHECK(why[3].find("signature 4: ") == 0);
  // A wrong signature does not use up the identity: its right one counts.
  CHECK(names({{data, ap, wrong_a}, {data, ap, good_a}}) == "peer.A ");
  CHECK(names({{data, ap, wrong_a}, {data, ap, ""}}) == "");
}

TEST_CASE("many sets are judged each for itself, and verified together") {
  struct counting final : verifier {
    bool verify(const public_key& key, const hashed_message& m, bytes_view s) const override { return inner->verify(key, m, s); }
    std::vector<bool> verify_all(std::span<const verify_job> jobs) const override {
      sizes.push_back(jobs.size());
      return inner->verify_all(jobs);
    }
    std::shared_ptr<const verifier> inner = make_verifier();
    mutable std::vector<std::size_t> sizes;
  };
  const auto& w = world();
  const bytes data = "what is signed";
  const auto sign = [&](const std::string& who, const bytes& what) { return make_signer(w.people.at(who).key)->sign(what).value(); };
  const auto ap = w.serialized("Ap"), bp = w.serialized("Bp");
  const auto good_a = sign("Ap", data), good_b = sign("Bp", data), wrong_a = sign("Ap", "something else");
  const std::vector<std::vector<signed_data>> sets = {{{data, ap, good_a}, {data, bp, good_b}},
                                                      {},
                                                      {{data, ap, wrong_a}, {data, ap, good_a}, {data, ap, good_a}},
                                                      {{data, bp, good_b}, {data, bp, wrong_a}, {data, bp, good_b}}};
  const counting counted;
  const auto found = valid_signers_of_each(sets, *w.msps, counted);
  REQUIRE(found.size() == 4);
  for (std::size_t i = 0; i < sets.size(); ++i) {
    std::vector<std::string> why;
    const auto alone = valid_signers(sets[i], *w.msps, *make_verifier(), &why);
    CHECK(found[i].signers.size() == alone.size());
    for (std::size_t k = 0; k < alone.size(); ++k) CHECK(found[i].signers[k]->id == alone[k]->id);
    CHECK(found[i].dropped == why);
  }
  CHECK(found[2].dropped.size() == 2);
  CHECK(found[3].dropped.size() == 2);
  CHECK(counted.sizes == std::vector<std::size_t>{4, 1});  // repetitions are verified only when what came before was wrong
}

TEST_CASE("policies that arrive as bytes are bounded and checked") {
  using envelope = ::common::SignaturePolicyEnvelope;
  const auto base = parse_policy("AND('A.peer','B.peer')").value();
  struct row {
    const char* name;
    void (*change)(envelope&);
    const char* error;  ///< Empty: accepted.
  };
  const row rows[] = {
      {"as it is", [](envelope&) {}, ""},
      {"a later version", [](envelope& e) { e.set_version(1); }, "version 1"},
      {"no rule", [](envelope& e) { e.clear_rule(); }, "no rule"},
      {"an empty rule", [](envelope& e) { e.mutable_rule()->Clear(); }, "neither signed_by nor n_out_of"},
      {"an index past the end", [](envelope& e) { e.mutable_rule()->set_signed_by(2); }, "identity index 2 of 2"},
      {"a negative index", [](envelope& e) { e.mutable_rule()->set_signed_by(-1); }, "identity index -1 of 2"},
      {"a single leaf", [](envelope& e) { e.mutable_rule()->set_signed_by(1); }, ""},
      {"a gate without parts", [](envelope& e) { e.mutable_rule()->mutable_n_out_of()->clear_rules(); }, ""},
      {"a negative number is always reached", [](envelope& e) { e.mutable_rule()->mutable_n_out_of()->set_n(-1); }, ""},
      {"a malformed principal", [](envelope& e) { e.mutable_identities(0)->set_principal("\xff"); }, "identity 0"},
      {"an unknown class of principal", [](envelope& e) { e.mutable_identities(0)->set_principal_classification(static_cast<::common::MSPPrincipal::Classification>(77)); }, ""},
      {"too many rules",
       [](envelope& e) {
         for (int i = 0; i < policy_rules_max; ++i) e.mutable_rule()->mutable_n_out_of()->add_rules()->set_signed_by(0);
       },
       "more than"},
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    auto changed = base;
    r.change(changed);
    const auto compiled = compile(weft::proto::encode(changed), world().msps);
    CHECK(compiled.has_value() == (*r.error == '\0'));
    if (!compiled) CHECK_MESSAGE(compiled.error().context.find(r.error) != std::string::npos, compiled.error().context);
    (void)to_text(changed);
  }
  const auto nested = [](int depth) {
    ::common::SignaturePolicyEnvelope e = parse_policy("OR('A.peer')").value();
    ::common::SignaturePolicy inner = e.rule();
    for (int i = 1; i < depth; ++i) {
      ::common::SignaturePolicy outer;
      outer.mutable_n_out_of()->set_n(1);
      *outer.mutable_n_out_of()->add_rules() = inner;
      inner = outer;
    }
    *e.mutable_rule() = inner;
    return weft::proto::encode(e);
  };
  const auto deepest = compile(nested(64), world().msps);
  REQUIRE_MESSAGE(deepest.has_value(), deepest.error().context);
  CHECK((*deepest)->evaluate(world().signers("Ap")));
  CHECK_FALSE(compile(nested(65), world().msps).has_value());
  CHECK_FALSE(compile(nested(5000), world().msps).has_value());
  CHECK_FALSE(compile(bytes(2 * MiB, '\0'), world().msps).has_value());
  CHECK_FALSE(compile("\xff\xff", world().msps).has_value());
}

TEST_CASE("random bytes and damaged policies compile or fail, and never crash") {
  seeded_random random(0xbead);
  const auto good = weft::proto::encode(parse_policy("OR('A.peer', AND('B.peer', OutOf(1,'C.admin','A.client')))").value());
  const auto signers = world().signers("Ap Bp Ca");
  int compiled_count = 0;
  for (int round = 0; round < 5000; ++round) {
    bytes data = random.below(4) == 0 ? random.make_bytes(random.below(64)) : good;
    for (std::uint64_t i = 0, n = random.below(4); i < n && !data.empty(); ++i) data[random.below(data.size())] = static_cast<char>(random.next());
    const auto p = compile(data, world().msps);
    if (!p) continue;
    ++compiled_count;
    CHECK((*p)->evaluate(signers) == (*p)->explain(signers).satisfied);
  }
  CHECK(compiled_count > 50);
}
