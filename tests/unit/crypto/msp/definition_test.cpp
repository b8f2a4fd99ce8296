// What makes an MSP definition acceptable, reason by reason.
#include <doctest/doctest.h>

#include <functional>

#include "authority.hpp"
#include "crypto/msp/fabric_msp.hpp"
#include "msp/msp_config.pb.h"

using namespace weft;
using namespace weft::crypto;
using test::authority;
using test::holder;

namespace {

using config = ::msp::FabricMSPConfig;

void enable_node_units(config& c) {
  auto& units = *c.mutable_fabric_node_ous();
  units.set_enable(true);
  units.mutable_client_ou_identifier()->set_organizational_unit_identifier("client");
  units.mutable_peer_ou_identifier()->set_organizational_unit_identifier("peer");
  units.mutable_admin_ou_identifier()->set_organizational_unit_identifier("admin");
  units.mutable_orderer_ou_identifier()->set_organizational_unit_identifier("orderer");
}

struct network {
  authority issuer{7};
  holder root = issuer.root("ca.org1");
  holder intermediate = issuer.ca("ica.org1", &root);
  holder lower = issuer.ca("lower.org1", &intermediate);
  holder stranger = issuer.root("ca.elsewhere");
  holder admin = issuer.member("admin", {"admin"}, root);
  holder client = issuer.member("client", {"client"}, root);
  holder peer = issuer.member("peer", {"peer"}, root);
  holder plain = issuer.member("plain", {}, root);

  [[nodiscard]] config good() const {
    config c;
    c.set_name("Org1MSP");
    c.add_root_certs(root.pem());
    enable_node_units(c);
    return c;
  }
};

std::string error_of(const config& c, msp_level level = msp_level::v1_4_3) {
  const auto made = crypto::msp::create(c, level);
  if (made) return "";
  CHECK((made.error().code == errc::invalid_argument || made.error().code == errc::unsupported));
  return made.error().context;
}

}  // namespace

TEST_CASE("a definition is refused for what is wrong with it") {
  network n;
  using change = std::function<void(config&)>;
  struct row {
    const char* name;
    change apply;
    const char* error;  ///< Empty: accepted.
  };
  const auto bad_ca = [&](const test::odd_request& r) { return n.issuer.odd(r, nullptr).pem(); };
  const row rows[] = {
      {"as it should be", [](config&) {}, ""},
      {"no name", [](config& c) { c.clear_name(); }, "needs a name"},
      {"no root", [](config& c) { c.clear_root_certs(); }, "expected at least one CA certificate"},
      {"the root is no PEM", [](config& c) { c.set_root_certs(0, "x"); }, "root CA 0"},
      {"text around a CA's PEM is passed over", [&](config& c) { c.set_root_certs(0, "words\n" + n.root.pem() + "more"); }, ""},
      {"the root is a member's certificate", [&](config& c) { c.set_root_certs(0, n.client.pem()); }, "is no CA"},
      {"the root has no key identifier", [&](config& c) { c.set_root_certs(0, bad_ca({"odd", {}, {test::basic_constraints(true)}})); }, "no subject key identifier"},
      {"the root is not signed by itself", [&](config& c) { c.set_root_certs(0, n.intermediate.pem()); }, "not signed by itself"},
      {"a critical extension nobody understands",
       [&](config& c) { c.set_root_certs(0, bad_ca({"odd", {}, {test::basic_constraints(true), test::subject_key_id("1"), test::unknown_extension(true)}})); },
       "critical extension"},
      {"two roots", [&](config& c) { c.add_root_certs(n.stranger.pem()); }, ""},
      {"a root twice counts once", [&](config& c) { c.add_root_certs(n.root.pem()); }, ""},
      {"an intermediate", [&](config& c) { c.add_intermediate_certs(n.intermediate.pem()); }, ""},
      {"an intermediate below an intermediate that is missing", [&](config& c) { c.add_intermediate_certs(n.lower.pem()); }, "no chain to a root"},
      {"an intermediate below an intermediate", [&](config& c) { c.add_intermediate_certs(n.lower.pem()), c.add_intermediate_certs(n.intermediate.pem()); }, ""},
      {"an intermediate of somebody else", [&](config& c) { c.add_intermediate_certs(n.issuer.ca("x", &n.stranger).pem()); }, "no chain to a root"},
      {"an intermediate that is no CA", [&](config& c) { c.add_intermediate_certs(n.client.pem()); }, "is no CA"},
      {"TLS CAs", [&](config& c) { c.add_tls_root_certs(n.stranger.pem()), c.add_tls_intermediate_certs(n.issuer.ca("t", &n.stranger).pem()); }, ""},
      {"a TLS CA that is no CA", [&](config& c) { c.add_tls_root_certs(n.client.pem()); }, "TLS: CA"},
      {"a TLS intermediate without root", [&](config& c) { c.add_tls_intermediate_certs(n.intermediate.pem()); }, "no chain to a root"},
      {"a revocation list", [&](config& c) { c.add_revocation_list(n.issuer.crl(n.root, n.root.key, {})); }, ""},
      {"a revocation list that is none", [&](config& c) { c.add_revocation_list("x"); }, "revocation list 0"},
      {"a revoked intermediate",
       [&](config& c) { c.add_intermediate_certs(n.intermediate.pem()), c.add_revocation_list(n.issuer.crl(n.root, n.root.key, {n.intermediate.cert.serial()})); },
       "was revoked"},
      {"an empty crypto configuration", [](config& c) { c.mutable_crypto_config(); }, ""},
      {"the usual crypto configuration",
       [](config& c) {
         c.mutable_crypto_config()->set_signature_hash_family("SHA2");
         c.mutable_crypto_config()->set_identity_identifier_hash_function("SHA256");
       },
       ""},
      {"SHA-3", [](config& c) { c.mutable_crypto_config()->set_signature_hash_family("SHA3"); }, "SHA3"},
      {"SHA-384 for identities", [](config& c) { c.mutable_crypto_config()->set_identity_identifier_hash_function("SHA384"); }, "SHA384"},
      {"neither admins nor an admin OU", [](config& c) { c.mutable_fabric_node_ous()->clear_admin_ou_identifier(); }, "administrators must be declared"},
      {"neither admins nor NodeOUs", [](config& c) { c.mutable_fabric_node_ous()->set_enable(false); }, "administrators must be declared"},
      {"NodeOUs that name nothing are off", [](config& c) { c.mutable_fabric_node_ous()->Clear(), c.mutable_fabric_node_ous()->set_enable(true); }, "administrators must be declared"},
      {"an admin without NodeOUs", [&](config& c) { c.clear_fabric_node_ous(), c.add_admins(n.plain.pem()); }, ""},
      {"an admin with the client OU", [&](config& c) { c.add_admins(n.client.pem()); }, ""},
      {"an admin with the admin OU", [&](config& c) { c.add_admins(n.admin.pem()); }, ""},
      {"an admin with the peer OU", [&](config& c) { c.add_admins(n.peer.pem()); }, "admin 0"},
      {"an admin of somebody else", [&](config& c) { c.add_admins(n.issuer.member("a", {"admin"}, n.stranger).pem()); }, "no chain to a root"},
      {"an admin that is no PEM", [](config& c) { c.add_admins(""); }, "admin 0"},
      {"a NodeOU certified by the root", [&](config& c) { c.mutable_fabric_node_ous()->mutable_peer_ou_identifier()->set_certificate(n.root.pem()); }, ""},
      {"a NodeOU certified by nobody here", [&](config& c) { c.mutable_fabric_node_ous()->mutable_peer_ou_identifier()->set_certificate(n.stranger.pem()); }, "is no CA of this MSP"},
      {"a NodeOU certified by an inner CA",
       [&](config& c) {
         c.add_intermediate_certs(n.intermediate.pem()), c.add_intermediate_certs(n.lower.pem());
         c.mutable_fabric_node_ous()->mutable_peer_ou_identifier()->set_certificate(n.intermediate.pem());
       },
       "issues other CAs"},
      {"a required OU without certificate", [](config& c) { c.add_organizational_unit_identifiers()->set_organizational_unit_identifier("x"); }, "OU x"},
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    auto c = n.good();
    r.apply(c);
    const auto error = error_of(c);
    if (*r.error == '\0') CHECK(error == "");
    else CHECK_MESSAGE(error.find(r.error) != std::string::npos, error);
  }
}

TEST_CASE("two chains to the roots are one too many") {
  network n;
  // The root's key and name, certified a second time.
  const auto renewed = n.issuer.odd({"twin", {}, {test::basic_constraints(true), test::subject_key_id("1")}}, nullptr);
  test::odd_request again{"twin", {}, {test::basic_constraints(true), test::subject_key_id("2")}};
  again.key = renewed.key;
  const auto other = n.issuer.odd(again, nullptr);
  auto c = n.good();
  c.add_root_certs(renewed.pem());
  c.add_intermediate_certs(n.issuer.ca("below", &renewed).pem());
  CHECK(error_of(c) == "");
  c.add_root_certs(other.pem());
  CHECK(error_of(c).find("more than one chain") != std::string::npos);
}

TEST_CASE("a search through many CAs of one name ends") {
  network n;
  auto c = n.good();
  // Each signs nothing of the others, but all share one name: every one must be tried.
  for (int i = 0; i < 120; ++i) {
    test::odd_request r{"many", {}, {test::basic_constraints(true), test::subject_key_id("k")}};
    c.add_root_certs(n.issuer.odd(r, nullptr).pem());
  }
  const auto head = n.issuer.odd({"many", {}, {test::basic_constraints(true), test::subject_key_id("h")}}, nullptr);
  c.add_intermediate_certs(n.issuer.ca("below", &head).pem());
  CHECK(error_of(c).find("more than 100 signature checks") != std::string::npos);
}

TEST_CASE("chains obey key usage, path length, names and the moment of issue") {
  network n;
  using test::basic_constraints;
  const auto key_id = test::subject_key_id("1");
  const auto chain_error = [](const holder& root, const std::vector<holder>& intermediates, const holder& leaf) -> std::string {
    std::vector<examined_certificate> roots, between;
    roots.push_back(examined_certificate::from(root.cert).value());
    for (const auto& i : intermediates) between.push_back(examined_certificate::from(i.cert).value());
    const trust_pool pool(std::move(roots), std::move(between));
    const auto examined = examined_certificate::from(leaf.cert).value();
    const auto chain = pool.unique_chain(examined);
    return chain ? "" : chain.error().context;
  };
  const auto root_with = [&](std::vector<bytes> extensions) {
    extensions.push_back(key_id);
    return n.issuer.odd({"root", {}, extensions}, nullptr);
  };
  const auto leaf_with = [&](const holder& issuer, std::string name, std::vector<bytes> extensions) { return n.issuer.odd({std::move(name), {}, extensions}, &issuer); };

  const auto signs_not = root_with({basic_constraints(true), test::key_usage(false)});
  CHECK(chain_error(signs_not, {}, leaf_with(signs_not, "leaf", {})).find("key usage") != std::string::npos);
  const auto signs = root_with({basic_constraints(true), test::key_usage(true)});
  CHECK(chain_error(signs, {}, leaf_with(signs, "leaf", {})) == "");

  const auto no_ca_below = root_with({basic_constraints(true, 0)});
  const auto between = n.issuer.odd({"between", {}, {basic_constraints(true), key_id}}, &no_ca_below);
  CHECK(chain_error(no_ca_below, {}, leaf_with(no_ca_below, "leaf", {})) == "");
  CHECK(chain_error(no_ca_below, {between}, leaf_with(between, "leaf", {})).find("path length") != std::string::npos);
  const auto one_ca_below = root_with({basic_constraints(true, 1)});
  const auto below = n.issuer.odd({"between", {}, {basic_constraints(true), key_id}}, &one_ca_below);
  CHECK(chain_error(one_ca_below, {below}, leaf_with(below, "leaf", {})) == "");

  const auto plain = root_with({basic_constraints(true)});
  CHECK(chain_error(plain, {}, leaf_with(plain, "leaf", {test::unknown_extension(false)})) == "");
  CHECK(chain_error(plain, {}, leaf_with(plain, "leaf", {test::unknown_extension(true)})).find("critical") != std::string::npos);
  test::odd_request forged{"leaf", {}, {}};
  forged.foreign_signature = true;
  CHECK(chain_error(plain, {}, n.issuer.odd(forged, &plain)).find("did not sign it") != std::string::npos);

  test::odd_request early{"leaf", {}, {}};
  early.not_before = authority::begin - std::chrono::hours(1);
  CHECK(chain_error(plain, {}, n.issuer.odd(early, &plain)).find("was not valid when") != std::string::npos);
  early.not_before = authority::begin;
  CHECK(chain_error(plain, {}, n.issuer.odd(early, &plain)) == "");
  test::odd_request late{"leaf", {}, {}};
  late.not_before = authority::end + std::chrono::hours(1);
  late.not_after = authority::end + std::chrono::hours(2);
  CHECK(chain_error(plain, {}, n.issuer.odd(late, &plain)).find("was not valid when") != std::string::npos);
  test::odd_request never{"leaf", {}, {}};
  never.not_after = authority::begin - std::chrono::hours(1);
  CHECK(chain_error(plain, {}, n.issuer.odd(never, &plain)).find("never valid") != std::string::npos);
}

TEST_CASE("name constraints bind the names below a CA") {
  network n;
  struct row {
    const char* name;
    bytes constraint, alternative;
    const char* common_name;
    bool valid;
  };
  using test::dns_constraint;
  using test::dns_name;
  using namespace std::string_view_literals;
  const row rows[] = {
      {"inside the permitted tree", dns_constraint("example.com", true), dns_name("peer.Example.com"), "x", true},
      {"the base itself", dns_constraint("example.com", true), dns_name("example.com"), "x", true},
      {"the base itself, only those below", dns_constraint(".example.com", true), dns_name("example.com"), "x", false},
      {"a name that only ends alike", dns_constraint("example.com", true), dns_name("badexample.com"), "x", false},
      {"outside the permitted tree", dns_constraint("example.com", true), dns_name("example.org"), "x", false},
      {"inside the excluded tree", dns_constraint("example.com", false), dns_name("a.example.com"), "x", false},
      {"outside the excluded tree", dns_constraint("example.com", false), dns_name("example.org"), "x", true},
      {"an address inside", test::ip_constraint("\x0a\x00\x00\x00\xff\x00\x00\x00"sv), test::ip_name("\x0a\x01\x02\x03"sv), "x", true},
      {"an address outside", test::ip_constraint("\x0a\x00\x00\x00\xff\x00\x00\x00"sv), test::ip_name("\x0b\x01\x02\x03"sv), "x", false},
      {"another kind of name", dns_constraint("example.com", true), test::ip_name("\x0b\x01\x02\x03"sv), "x", true},
      {"a kind that cannot be judged", test::email_constraint("example.com"), test::email_name("a@example.com"), "x", false},
      {"a host's name without alternative names", dns_constraint("example.com", true), {}, "peer0.example.com", false},
      {"a person's name without alternative names", dns_constraint("example.com", true), {}, "Some One", true},
      {"a host's name without constraints", {}, {}, "peer0.example.com", true},
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    std::vector<bytes> of_root{test::basic_constraints(true), test::subject_key_id("1")}, of_leaf;
    if (!r.constraint.empty()) of_root.push_back(r.constraint);
    if (!r.alternative.empty()) of_leaf.push_back(r.alternative);
    const auto root = n.issuer.odd({"root", {}, of_root}, nullptr);
    const auto leaf = n.issuer.odd({r.common_name, {}, of_leaf}, &root);
    std::vector<examined_certificate> roots;
    roots.push_back(examined_certificate::from(root.cert).value());
    const trust_pool pool(std::move(roots), {});
    const auto examined = examined_certificate::from(leaf.cert).value();
    const auto chain = pool.unique_chain(examined);
    CHECK(chain.has_value() == r.valid);
    if (!r.valid) CHECK(chain.error().context.find(r.common_name) != std::string::npos);
  }
}

TEST_CASE("levels below 1.4.3 know clients and peers only") {
  network n;
  for (const auto level : {msp_level::v1_1, msp_level::v1_3}) {
    auto c = n.good();
    CHECK(error_of(c, level) == "");  // no administrator is needed
    c.add_admins(n.client.pem());
    CHECK(error_of(c, level) == "");
    c.set_admins(0, n.admin.pem());
    CHECK(error_of(c, level).find("client or peer") != std::string::npos);
    c.set_admins(0, n.peer.pem());
    CHECK(error_of(c, level).find("does not carry the OU of clients") != std::string::npos);
    c.clear_admins();
    c.mutable_fabric_node_ous()->clear_peer_ou_identifier();
    CHECK(error_of(c, level).find("need the OUs of clients and of peers") != std::string::npos);
  }
  auto c = n.good();
  c.mutable_fabric_node_ous()->clear_peer_ou_identifier();
  CHECK(error_of(c, msp_level::v1_0) == "");  // knows no NodeOUs at all
  CHECK(error_of(c, msp_level::v3_0) == "");
}
