// Who is valid, and as what: every reason of refusal, every kind of principal, every level.
#include <doctest/doctest.h>

#include <functional>
#include <thread>

#include "authority.hpp"
#include "crypto/keys/der.hpp"
#include "crypto/keys/pem.hpp"
#include "crypto/msp/principal.hpp"
#include "crypto/msp/wellformed.hpp"
#include "msp/identities.pb.h"
#include "msp/msp_config.pb.h"
#include "msp/msp_principal.pb.h"
#include "proto/encode.hpp"

using namespace weft;
using namespace weft::crypto;
using test::authority;
using test::holder;

namespace {

using config = ::msp::FabricMSPConfig;

struct issuing_organization {
  authority issuer{11};
  holder root = issuer.root("ca.org1");
  holder stranger = issuer.root("ca.elsewhere");
  holder peer = issuer.member("peer0", {"peer"}, root);
  holder client = issuer.member("user1", {"client"}, root);
  holder admin = issuer.member("boss", {"admin", "sales"}, root);
  holder orderer = issuer.member("orderer0", {"orderer"}, root);
  config definition;

  issuing_organization() {
    definition.set_name("Org1MSP");
    definition.add_root_certs(root.pem());
    auto& units = *definition.mutable_fabric_node_ous();
    units.set_enable(true);
    units.mutable_client_ou_identifier()->set_organizational_unit_identifier("client");
    units.mutable_peer_ou_identifier()->set_organizational_unit_identifier("peer");
    units.mutable_admin_ou_identifier()->set_organizational_unit_identifier("admin");
    units.mutable_orderer_ou_identifier()->set_organizational_unit_identifier("orderer");
  }
  [[nodiscard]] std::shared_ptr<const crypto::msp> rules(msp_level level = msp_level::v1_4_3) const { return crypto::msp::create(definition, level).value(); }
};

bytes member(const holder& h) { return serialize_identity("Org1MSP", h.pem()); }

std::string refusal(const crypto::msp& rules, bytes_view serialized) {
  const auto who = rules.validate(serialized);
  return who ? "" : who.error().context;
}

// The same certificate with a longer, not minimal, length of the signature's r.
std::string with_sloppy_signature(const certificate& cert) {
  const auto whole = der::only(cert.der(), der::sequence_tag).value();
  der::reader in(whole.body);
  const auto body = in.next().value(), algorithm = in.next().value(), signature = in.next().value();
  const auto pair = der::only(signature.body.substr(1), der::sequence_tag).value();
  der::reader numbers(pair.body);
  const auto r = numbers.next().value(), s = numbers.next().value();
  const bytes padded = der::tlv(der::integer_tag, {std::string_view("\0", 1), r.body});
  return pem::encode("CERTIFICATE", der::sequence({body.whole, algorithm.whole, der::bit_string(der::sequence({padded, s.whole}))}));
}

::common::MSPPrincipal wire(::common::MSPPrincipal::Classification what, const std::string& content) {
  ::common::MSPPrincipal p;
  p.set_principal_classification(what);
  p.set_principal(content);
  return p;
}

::common::MSPPrincipal role(const std::string& msp_id, int which) {
  ::common::MSPRole r;
  r.set_msp_identifier(msp_id);
  r.set_role(static_cast<::common::MSPRole::MSPRoleType>(which));
  return wire(::common::MSPPrincipal::ROLE, weft::proto::encode(r));
}

::common::MSPPrincipal unit(const std::string& msp_id, const std::string& name, const bytes& certifiers) {
  ::common::OrganizationUnit u;
  u.set_msp_identifier(msp_id);
  u.set_organizational_unit_identifier(name);
  u.set_certifiers_identifier(certifiers);
  return wire(::common::MSPPrincipal::ORGANIZATION_UNIT, weft::proto::encode(u));
}

::common::MSPPrincipal both(const std::vector<::common::MSPPrincipal>& parts) {
  ::common::CombinedPrincipal c;
  for (const auto& p : parts) *c.add_principals() = p;
  return wire(::common::MSPPrincipal::COMBINED, weft::proto::encode(c));
}

}  // namespace

TEST_CASE("an identity is refused for what is wrong with it, and the message says whose") {
  issuing_organization o;
  const auto inner = o.issuer.ca("ica.org1", &o.root);
  const auto deep = o.issuer.ca("deep.org1", &inner);
  const auto revoked = o.issuer.member("gone", {"peer"}, o.root);
  const auto rehabilitated = o.issuer.member("back", {"peer"}, o.root);
  o.definition.add_revocation_list(o.issuer.crl(o.root, o.root.key, {revoked.cert.serial()}));
  o.definition.add_revocation_list(o.issuer.crl(o.root, o.stranger.key, {rehabilitated.cert.serial()}));  // not signed by the CA
  const auto misdirected = o.issuer.member("named", {"peer"}, o.root);
  o.definition.add_revocation_list(o.issuer.crl(o.stranger, o.root.key, {misdirected.cert.serial()}));  // speaks for another CA
  auto tree = o.definition;
  tree.add_intermediate_certs(inner.pem());
  tree.add_intermediate_certs(deep.pem());
  const auto rules = o.rules();
  const auto rules_of_tree = crypto::msp::create(tree, msp_level::v1_4_3).value();
  const auto good = o.peer.pem();
  struct row {
    const char* name;
    const crypto::msp* judge;
    bytes serialized;
    const char* error;  ///< Empty: valid.
  };
  const auto named = [](std::string_view pem) { return serialize_identity("Org1MSP", pem); };
  const row rows[] = {
      {"a peer", rules.get(), named(good), ""},
      {"without the last line end", rules.get(), named(std::string_view(good).substr(0, good.size() - 1)), ""},
      {"another MSP's name", rules.get(), serialize_identity("Org2MSP", good), "belongs to MSP Org2MSP"},
      {"no name", rules.get(), serialize_identity("", good), "belongs to MSP"},
      {"no bytes", rules.get(), {}, "belongs to MSP"},
      {"bytes that are no message", rules.get(), "\xff\xff", "not a serialized identity"},
      {"no PEM", rules.get(), named("hello"), "no PEM block"},
      {"an empty PEM", rules.get(), named(""), "no PEM block"},
      {"two certificates", rules.get(), named(good + good), "trailing bytes"},
      {"one byte too many", rules.get(), named(good + "x"), "trailing bytes"},
      {"one line end too many", rules.get(), named(good + "\n"), "1 trailing bytes"},
      {"another kind of PEM", rules.get(), named(o.peer.key.to_pem()), "PEM"},
      {"a huge PEM", rules.get(), named(std::string(65 * 1024, 'x')), "too large"},
      {"a certificate cut in two", rules.get(), named(pem::encode("CERTIFICATE", o.peer.cert.der().substr(0, 200))), "PEM"},
      {"a signature that is not minimal DER", rules.get(), named(with_sloppy_signature(o.peer.cert)), "not canonical DER"},
      {"a CA's certificate", rules.get(), named(o.root.pem()), "ca.org1"},
      {"another organization's member", rules.get(), member(o.issuer.member("spy", {"peer"}, o.stranger)), "no chain to a root"},
      {"a certificate signed by itself", rules.get(), member(o.issuer.odd({"self", {"peer"}, {}}, nullptr)), "no chain to a root"},
      {"a revoked certificate", rules.get(), member(revoked), "CN=gone"},
      {"a certificate on a list with a foreign signature", rules.get(), member(rehabilitated), ""},
      {"a certificate on a list of another CA", rules.get(), member(misdirected), ""},
      {"a CA with a role", rules.get(), member(o.issuer.odd({"ca.peer", {"peer"}, {test::basic_constraints(true)}}, &o.root)), "is the certificate of a CA"},
      {"no role", rules.get(), member(o.issuer.member("none", {}, o.root)), "no role OU"},
      {"an OU that is no role", rules.get(), member(o.issuer.member("other", {"sales"}, o.root)), "no role OU"},
      {"client and admin", rules.get(), member(o.issuer.member("two", {"client", "admin"}, o.root)), "more than one role OU"},
      {"peer twice", rules.get(), member(o.issuer.odd({"twice", {"peer", "peer"}, {}}, &o.root)), "more than one role OU"},
      {"a role and another OU", rules.get(), member(o.admin), ""},
      {"below the lowest CA", rules_of_tree.get(), member(o.issuer.member("leaf", {"peer"}, deep)), ""},
      {"below a CA that issues CAs", rules_of_tree.get(), member(o.issuer.member("middle", {"peer"}, inner)), "only a leaf of the tree of CAs"},
      {"below the root of a tree", rules_of_tree.get(), member(o.peer), "only a leaf of the tree of CAs"},
      {"below a CA that the MSP does not list", rules.get(), member(o.issuer.member("leaf", {"peer"}, deep)), "no CA here is named"},
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    const auto who = r.judge->validate(r.serialized);
    if (*r.error == '\0') {
      CHECK_MESSAGE(who.has_value(), who.error().context);
      continue;
    }
    REQUIRE_FALSE(who.has_value());
    CHECK_MESSAGE(who.error().context.find(r.error) != std::string::npos, who.error().context);
    CHECK((who.error().code == errc::permission_denied || who.error().code == errc::invalid_argument));
  }
}

TEST_CASE("expiry is no part of validity, but an identity knows when it expired") {
  issuing_organization o;
  test::odd_request r{"old", {"peer"}, {}};
  r.not_after = authority::begin + std::chrono::hours(1);
  const auto old = o.rules()->validate(member(o.issuer.odd(r, &o.root)));
  REQUIRE(old.has_value());
  CHECK_FALSE((*old)->expired_at(*r.not_after));
  CHECK((*old)->expired_at(*r.not_after + std::chrono::seconds(1)));
}

TEST_CASE("a revocation list without issuer makes nobody valid") {
  issuing_organization o;
  o.definition.add_revocation_list(o.issuer.crl(o.root, o.root.key, {}, false));
  CHECK(refusal(*o.rules(), member(o.peer)).find("names no issuer") != std::string::npos);
}

TEST_CASE("equal certificates are one identity, whatever their PEM looks like") {
  issuing_organization o;
  const auto rules = o.rules();
  const auto a = rules->validate(member(o.peer)).value(), b = rules->validate(serialize_identity("Org1MSP", o.peer.pem().substr(0, o.peer.pem().size() - 1))).value();
  CHECK(a->serialized != b->serialized);
  CHECK(a->id == b->id);
  CHECK(a->id == "Org1MSP" + to_hex(view(sha256(o.peer.cert.canonical_der()))));
  CHECK(a->certifiers_id == to_bytes(sha256(o.root.cert.der())));
  CHECK(rules->validate(member(o.client)).value()->id != a->id);
}

TEST_CASE("a certificate with a high S is accepted, and is the same identity as with the low S") {
  issuing_organization o;
  const test::odd_request request{"peer9", {"client"}, {}};
  auto high = request;
  high.high_s = true;
  authority first(21), second(21);  // the same seed: the same key, serial and signature
  const auto low_cert = first.odd(request, &o.root), high_cert = second.odd(high, &o.root);
  CHECK(low_cert.cert.der() != high_cert.cert.der());
  CHECK(low_cert.cert.canonical_der() == high_cert.cert.canonical_der());
  o.definition.add_admins(low_cert.pem());
  const auto rules = o.rules();
  const auto a = rules->validate(member(low_cert)), b = rules->validate(member(high_cert));
  REQUIRE(a.has_value());
  REQUIRE_MESSAGE(b.has_value(), b.error().context);
  CHECK((*a)->id == (*b)->id);
  CHECK((*b)->admin);
}

TEST_CASE("roles by NodeOUs, by admincerts and by level") {
  issuing_organization o;
  struct row {
    const char* name;
    const holder* who;
    msp_level level;
    bool node_units, in_admins;
    const char* roles;  ///< Of "acpo"; "-" when the identity is not valid.
  };
  const row rows[] = {
      {"peer", &o.peer, msp_level::v1_4_3, true, false, "p"},
      {"client", &o.client, msp_level::v1_4_3, true, false, "c"},
      {"admin", &o.admin, msp_level::v1_4_3, true, false, "a"},
      {"orderer", &o.orderer, msp_level::v1_4_3, true, false, "o"},
      {"orderer at 3.0", &o.orderer, msp_level::v3_0, true, false, "o"},
      {"client named as admin", &o.client, msp_level::v1_4_3, true, true, "ac"},
      {"client named as admin at 1.1", &o.client, msp_level::v1_1, true, true, "ac"},
      {"client at 1.3", &o.client, msp_level::v1_3, true, false, "c"},
      {"admin OU at 1.3", &o.admin, msp_level::v1_3, true, false, "-"},
      {"orderer OU at 1.1", &o.orderer, msp_level::v1_1, true, false, "-"},
      {"NodeOUs at 1.0 are not looked at", &o.peer, msp_level::v1_0, true, false, ""},
      {"admin by name at 1.0", &o.peer, msp_level::v1_0, true, true, "a"},
      {"without NodeOUs nobody has an OU role", &o.peer, msp_level::v1_3, false, false, ""},
      {"without NodeOUs admins are named", &o.peer, msp_level::v1_4_3, false, true, "a"},
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    auto definition = o.definition;
    definition.mutable_fabric_node_ous()->set_enable(r.node_units);
    if (r.in_admins) definition.add_admins(r.who->pem());
    const auto rules = crypto::msp::create(definition, r.level).value();
    const auto who = rules->validate(member(*r.who));
    if (std::string_view(r.roles) == "-") {
      CHECK_FALSE(who.has_value());
      continue;
    }
    REQUIRE_MESSAGE(who.has_value(), who.error().context);
    const auto& w = **who;
    CHECK(std::string(w.admin ? "a" : "") + (w.client ? "c" : "") + (w.peer ? "p" : "") + (w.orderer ? "o" : "") == r.roles);
    const char letters[] = {'m', 'a', 'c', 'p', 'o'};
    for (int i = 0; i < 5; ++i)
      CHECK(rules->satisfies(w, role("Org1MSP", i)) == (i == 0 || std::string_view(r.roles).find(letters[i]) != std::string_view::npos));
  }
}

TEST_CASE("certifiers bind an OU to the CAs that may vouch for it") {
  issuing_organization o;
  const auto sub = o.issuer.ca("ica.org1", &o.root), other = o.issuer.ca("other.org1", &o.root);
  o.definition.add_intermediate_certs(sub.pem());
  o.definition.add_intermediate_certs(other.pem());
  o.definition.mutable_fabric_node_ous()->mutable_peer_ou_identifier()->set_certificate(sub.pem());
  CHECK(refusal(*o.rules(), member(o.issuer.member("p", {"peer"}, sub))) == "");
  CHECK(refusal(*o.rules(), member(o.issuer.member("p", {"peer"}, other))).find("certifiers") != std::string::npos);
  CHECK(refusal(*o.rules(), member(o.issuer.member("c", {"client"}, other))) == "");

  auto& required = *o.definition.add_organizational_unit_identifiers();
  required.set_organizational_unit_identifier("sales");
  required.set_certificate(other.pem());
  CHECK(refusal(*o.rules(), member(o.issuer.member("p", {"peer"}, sub))).find("none of the OUs") != std::string::npos);
  CHECK(refusal(*o.rules(), member(o.issuer.member("p", {"peer", "sales"}, sub))).find("none of the OUs") != std::string::npos);
  CHECK(refusal(*o.rules(), member(o.issuer.member("c", {"client", "sales"}, other))) == "");
}

TEST_CASE("Ed25519 keys need level 3.0") {
  issuing_organization o;
  const auto spki = from_hex("302a300506032b6570032100d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a").value();
  certificate_request request;
  request.common_name = "edwards";
  request.organizational_units = {"client"};
  request.not_before = authority::begin;
  request.not_after = authority::end;
  const auto cert = issue_certificate(request, public_key::from_spki(spki).value(), &o.root.cert, o.root.key, nonce_rule::deterministic, o.issuer.random()).value();
  const auto serialized = serialize_identity("Org1MSP", cert.to_pem());
  CHECK(refusal(*o.rules(msp_level::v1_4_3), serialized).find("Ed25519") != std::string::npos);
  CHECK(refusal(*o.rules(msp_level::v3_0), serialized) == "");
}

TEST_CASE("principals mean whom they say") {
  issuing_organization o;
  const auto rules = o.rules();
  const auto peer = rules->validate(member(o.peer)).value(), admin = rules->validate(member(o.admin)).value();
  const auto certifiers = peer->certifiers_id;
  using common = ::common::MSPPrincipal;
  struct row {
    const char* name;
    common whom;
    bool peer, admin;
  };
  const auto anonymity = [](int kind) {
    ::common::MSPIdentityAnonymity a;
    a.set_anonymity_type(static_cast<::common::MSPIdentityAnonymity::MSPIdentityAnonymityType>(kind));
    return wire(common::ANONYMITY, weft::proto::encode(a));
  };
  const row rows[] = {
      {"member", role("Org1MSP", 0), true, true},
      {"admin", role("Org1MSP", 1), false, true},
      {"peer", role("Org1MSP", 3), true, false},
      {"a role that nobody knows", role("Org1MSP", 9), false, false},
      {"another MSP", role("Org2MSP", 0), false, false},
      {"OU", unit("Org1MSP", "sales", certifiers), false, true},
      {"role OUs are OUs", unit("Org1MSP", "peer", certifiers), true, false},
      {"OU of other certifiers", unit("Org1MSP", "sales", "x"), false, false},
      {"OU of no certifiers", unit("Org1MSP", "sales", ""), false, false},
      {"OU of another MSP", unit("Org2MSP", "sales", certifiers), false, false},
      {"identity", wire(common::IDENTITY, member(o.peer)), true, false},
      {"identity in another PEM", wire(common::IDENTITY, serialize_identity("Org1MSP", "\n" + o.peer.pem() + "\n")), true, false},
      {"identity of another MSP", wire(common::IDENTITY, serialize_identity("Org2MSP", o.peer.pem())), false, false},
      {"identity without certificate", wire(common::IDENTITY, serialize_identity("Org1MSP", "x")), false, false},
      {"anonymous", anonymity(1), false, false},
      {"nominal", anonymity(0), false, false},
      {"a class that nobody knows", wire(static_cast<common::Classification>(9), ""), false, false},
      {"all of member and OU", both({role("Org1MSP", 0), unit("Org1MSP", "sales", certifiers)}), false, true},
      {"all of nothing", both({}), false, false},
      {"all of all", both({both({role("Org1MSP", 0)}), both({role("Org1MSP", 3), role("Org1MSP", 0)})}), true, false},
      {"all, one of them nothing", both({role("Org1MSP", 0), both({})}), false, false},
      {"malformed role", wire(common::ROLE, "\xff"), false, false},
      {"malformed OU", wire(common::ORGANIZATION_UNIT, "\xff"), false, false},
      {"malformed identity", wire(common::IDENTITY, "\xff"), false, false},
      {"malformed combination", wire(common::COMBINED, "\xff"), false, false},
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    CHECK(rules->satisfies(*peer, r.whom) == r.peer);
    CHECK(rules->satisfies(*admin, r.whom) == r.admin);
    const auto parsed = parse_principal(r.whom);
    CHECK(parsed.has_value() == (std::string_view(r.name).substr(0, 9) != "malformed"));
    if (parsed) CHECK_FALSE(parsed->text.empty());
  }
  principal made_by_hand;
  made_by_hand.what = principal::kind::combined;
  CHECK_FALSE(rules->satisfies(*peer, made_by_hand));
  // Combinations came with level 1.3.
  auto older = o.definition;
  const auto at_1_1 = crypto::msp::create(older, msp_level::v1_1).value();
  const auto same_peer = at_1_1->validate(member(o.peer)).value();
  CHECK(at_1_1->satisfies(*same_peer, role("Org1MSP", 0)));
  CHECK_FALSE(at_1_1->satisfies(*same_peer, both({role("Org1MSP", 0)})));
}

TEST_CASE("combined principals are bounded") {
  auto deep = role("Org1MSP", 0);
  for (int i = 0; i < principal_depth_max; ++i) deep = both({deep});
  CHECK(parse_principal(deep).has_value());
  CHECK(parse_principal(both({deep})).error().code == errc::invalid_argument);
  std::vector<::common::MSPPrincipal> many(principal_parts_max, role("Org1MSP", 0));
  CHECK(parse_principal(both(many)).has_value());
  many.push_back(role("Org1MSP", 0));
  CHECK(parse_principal(both(many)).error().code == errc::invalid_argument);
}

TEST_CASE("a manager knows its MSPs, refuses two definitions of one, and remembers valid identities") {
  issuing_organization o;
  auto second = o.definition;
  second.set_name("Org2MSP");
  second.set_root_certs(0, o.stranger.pem());
  const auto org1 = o.rules(), org2 = crypto::msp::create(second, msp_level::v1_4_3).value();
  const auto manager = msp_manager::create({org2, org1, o.rules()}).value();  // the same definition twice is one
  CHECK(manager->ids() == std::vector<std::string>{"Org1MSP", "Org2MSP"});
  CHECK(manager->find("Org2MSP") == org2);
  CHECK(manager->find("Org3MSP") == nullptr);

  auto changed = o.definition;
  changed.add_root_certs(o.stranger.pem());
  const auto clash = msp_manager::create({org1, crypto::msp::create(changed, msp_level::v1_4_3).value()});
  REQUIRE_FALSE(clash.has_value());
  CHECK(clash.error().context == "two different definitions of MSP Org1MSP");
  CHECK_FALSE(msp_manager::create({org1, o.rules(msp_level::v3_0)}).has_value());

  const auto first = manager->validate(member(o.peer)).value();
  CHECK(manager->validate(member(o.peer)).value() == first);
  CHECK(org1->validate(member(o.peer)).value() != first);
  CHECK(manager->satisfies(*first, role("Org1MSP", 3)));
  CHECK_FALSE(manager->satisfies(*first, role("Org2MSP", 0)));
  CHECK_FALSE(manager->validate("\xff").has_value());
  CHECK(manager->validate(serialize_identity("Org3MSP", o.peer.pem())).error().code == errc::permission_denied);
}

TEST_CASE("the cache of a manager stays bounded and right under many identities and threads") {
  issuing_organization o;
  const auto manager = msp_manager::create({o.rules()}).value();
  // A different PEM of one certificate is different bytes: unknown protobuf fields make as many as one likes.
  const auto variant = [&](int i) { return member(o.peer) + "\x1a\x04" + std::string{static_cast<char>(i), static_cast<char>(i >> 8), 'x', 'y'}; };
  const auto first = manager->validate(variant(0)).value();
  std::vector<std::weak_ptr<const identity>> seen;
  for (int i = 0; i < 10'000; ++i) seen.push_back(manager->validate(variant(i)).value());
  std::size_t kept = 0;
  for (const auto& s : seen) kept += s.expired() ? 0 : 1;
  CHECK(kept <= 4096 + 1);
  CHECK(kept >= 2048);
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 500; ++i) {
        const auto serialized = variant((i * 7 + t) % 600);
        const auto who = manager->validate(serialized);
        if (!who || (*who)->serialized != serialized) ++wrong;
      }
    });
  for (auto& t : threads) t.join();
  CHECK(wrong == 0);
}

TEST_CASE("damaged identities and definitions are refused without a crash") {
  issuing_organization o;
  seeded_random random(0x51f3);
  const auto rules = o.rules();
  const auto good = member(o.peer);
  const auto der = bytes(o.peer.cert.der());
  const auto definition = weft::proto::encode(o.definition);
  int accepted = 0;
  for (int round = 0; round < 3000; ++round) {
    auto bad_der = der;
    for (std::uint64_t i = 0, n = 1 + random.below(3); i < n; ++i) bad_der[random.below(bad_der.size())] = static_cast<char>(random.next());
    if (bad_der != der && rules->validate(serialize_identity("Org1MSP", pem::encode("CERTIFICATE", bad_der)))) ++accepted;
    auto bad = good;
    bad[random.below(bad.size())] = static_cast<char>(random.next());
    (void)rules->validate(bad);
    (void)rules->validate(random.make_bytes(random.below(200)));
    if (round % 10 == 0) {
      auto wrong = definition;
      wrong[random.below(wrong.size())] = static_cast<char>(random.next());
      config c;
      if (weft::proto::decode(wrong, c)) (void)crypto::msp::create(c, msp_level::v1_4_3);
    }
  }
  CHECK(accepted == 0);  // every byte of a certificate is covered by its signature, or is the signature
}

TEST_CASE("a definition's own bytes do not matter for equality, its content and level do") {
  issuing_organization o;
  auto other = o.definition;
  other.add_tls_root_certs(o.stranger.pem());
  CHECK(o.rules()->fingerprint() == o.rules()->fingerprint());
  CHECK(o.rules()->fingerprint() != crypto::msp::create(other, msp_level::v1_4_3).value()->fingerprint());
  CHECK(o.rules()->fingerprint() != o.rules(msp_level::v3_0)->fingerprint());
  CHECK(crypto::msp::create(other, msp_level::v1_4_3).value()->tls_roots().size() == 1);
}
