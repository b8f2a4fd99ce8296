// MSP folders that nobody's tool wrote: order of files, what config.yaml may say, what is missing.
#include "crypto/msp/folder.hpp"

#include <doctest/doctest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <fstream>

#include "authority.hpp"
#include "msp/msp_config.pb.h"

using namespace weft;
using namespace weft::crypto;
namespace fs = std::filesystem;

namespace {

/// A folder of its own for one test, removed at its end.
class scratch {
 public:
  scratch() {
    auto pattern = (fs::temp_directory_path() / "weft-msp-XXXXXX").string();
    REQUIRE(mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~scratch() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  scratch(const scratch&) = delete;
  scratch& operator=(const scratch&) = delete;
  void write(const std::string& name, const std::string& content) const {
    fs::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name, std::ios::binary) << content;
  }
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

}  // namespace

TEST_CASE("files are read in the order of their names, and only PEM counts") {
  test::authority issuer(5);
  const auto one = issuer.root("one"), two = issuer.root("two"), inner = issuer.ca("inner", &one), tls = issuer.root("tls"), tls_inner = issuer.ca("tlsi", &tls);
  const auto admin = issuer.member("admin", {}, one);
  const scratch dir;
  dir.write("cacerts/b.pem", one.pem());
  dir.write("cacerts/a.pem", "comment\n" + two.pem());
  dir.write("cacerts/README", "not a certificate");
  dir.write("cacerts/old/c.pem", one.pem());
  dir.write("intermediatecerts/i.pem", inner.pem());
  dir.write("admincerts/a.pem", admin.pem());
  dir.write("crls/c.pem", issuer.crl(one, one.key, {}));
  dir.write("tlscacerts/t.pem", tls.pem());
  dir.write("tlsintermediatecerts/t.pem", tls_inner.pem());
  const auto read = read_msp_folder(dir.path(), "X");
  REQUIRE(read.has_value());
  CHECK(read->name() == "X");
  REQUIRE(read->root_certs_size() == 2);
  CHECK(read->root_certs(0) == "comment\n" + two.pem());  // the bytes of the file, untouched
  CHECK(read->root_certs(1) == one.pem());
  CHECK(read->intermediate_certs(0) == inner.pem());
  CHECK(read->admins(0) == admin.pem());
  CHECK(read->revocation_list_size() == 1);
  CHECK(read->tls_root_certs(0) == tls.pem());
  CHECK(read->tls_intermediate_certs(0) == tls_inner.pem());
  CHECK(read->crypto_config().signature_hash_family() == "SHA2");
  CHECK(read->crypto_config().identity_identifier_hash_function() == "SHA256");
  CHECK_FALSE(read->has_fabric_node_ous());
}

TEST_CASE("config.yaml: what counts, what is passed over, what is an error") {
  test::authority issuer(6);
  const auto root = issuer.root("root");
  struct row {
    const char* name;
    const char* yaml;
    bool valid, units;
    const char* peer;       ///< OU of peers.
    bool certificate;       ///< … and it is certified.
  };
  const row rows[] = {
      {"nothing", "", true, false, "", false},
      {"other keys only", "Other: 1\n", true, false, "", false},
      {"NodeOUs off", "NodeOUs:\n  Enable: false\n  PeerOUIdentifier:\n    OrganizationalUnitIdentifier: p\n", true, false, "", false},
      {"NodeOUs without Enable", "NodeOUs:\n  PeerOUIdentifier:\n    OrganizationalUnitIdentifier: p\n", true, false, "", false},
      {"a role without certificate", "NodeOUs:\n  Enable: true\n  PeerOUIdentifier:\n    OrganizationalUnitIdentifier: p\n", true, true, "p", false},
      {"a certified role", "NodeOUs:\n  Enable: true\n  PeerOUIdentifier:\n    Certificate: cacerts/r.pem\n    OrganizationalUnitIdentifier: p\n", true, true, "p", true},
      {"a missing certificate restricts nothing", "NodeOUs:\n  Enable: true\n  PeerOUIdentifier:\n    Certificate: cacerts/x.pem\n    OrganizationalUnitIdentifier: p\n", true, true, "p", false},
      {"a role without name", "NodeOUs:\n  Enable: true\n  PeerOUIdentifier:\n    Certificate: cacerts/r.pem\n", true, true, "", false},
      {"a role that is no map", "NodeOUs:\n  Enable: true\n  PeerOUIdentifier: p\n", false, false, "", false},
      {"a switch that is none", "NodeOUs:\n  Enable: perhaps\n", false, false, "", false},
      {"units that are no list", "OrganizationalUnitIdentifiers: sales\n", false, false, "", false},
      {"more aliases than anybody writes",
       "a: &a [1,1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"
       "d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\n", false, false, "", false},
      {"keys are case-sensitive", "nodeous:\n  Enable: true\n", true, false, "", false},
      {"not YAML", "NodeOUs: [", false, false, "", false},
      {"a list", "- 1\n", false, false, "", false},
      {"a required OU whose certificate is missing", "OrganizationalUnitIdentifiers:\n- Certificate: x.pem\n  OrganizationalUnitIdentifier: sales\n", false, false, "", false},
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    const scratch dir;
    dir.write("cacerts/r.pem", root.pem());
    dir.write("config.yaml", r.yaml);
    const auto read = read_msp_folder(dir.path(), "X");
    REQUIRE_MESSAGE(read.has_value() == r.valid, r.name << (read ? "" : ": " + read.error().context));
    if (!read) {
      CHECK(read.error().context.find(dir.path().string()) != std::string::npos);
      continue;
    }
    CHECK(read->has_fabric_node_ous() == r.units);
    CHECK(read->fabric_node_ous().peer_ou_identifier().organizational_unit_identifier() == r.peer);
    CHECK(read->fabric_node_ous().peer_ou_identifier().certificate() == (r.certificate ? root.pem() : ""));
  }
  const scratch dir;
  dir.write("cacerts/r.pem", root.pem());
  dir.write("config.yaml", "OrganizationalUnitIdentifiers:\n- Certificate: cacerts/r.pem\n  OrganizationalUnitIdentifier: sales\n");
  const auto read = read_msp_folder(dir.path(), "X").value();
  REQUIRE(read.organizational_unit_identifiers_size() == 1);
  CHECK(read.organizational_unit_identifiers(0).organizational_unit_identifier() == "sales");
  CHECK(read.organizational_unit_identifiers(0).certificate() == root.pem());
}

TEST_CASE("config.yaml: every problem is told at once, with its place") {
  test::authority issuer(8);
  const scratch dir;
  dir.write("cacerts/r.pem", issuer.root("root").pem());
  dir.write("config.yaml", "NodeOUs:\n  Enable: perhaps\n  PeerOUIdentifier: p\n  Unknown: 1\nOrganizationalUnitIdentifiers: [3]\n");
  const auto why = read_msp_folder(dir.path(), "X").error().context;
  for (const auto* part : {"config.yaml:2:", "NodeOUs.Enable", "config.yaml:3:", "NodeOUs.PeerOUIdentifier", "config.yaml:5:", "OrganizationalUnitIdentifiers[0]"})
    CHECK_MESSAGE(why.find(part) != std::string::npos, why);
  CHECK(why.find("Unknown") == std::string::npos);
}

TEST_CASE("a folder's files are files: nobody waits for a pipe") {
  test::authority issuer(9);
  const scratch dir;
  dir.write("cacerts/r.pem", issuer.root("root").pem());
  REQUIRE(::mkfifo((dir.path() / "cacerts/a.pem").c_str(), 0600) == 0);
  dir.write("config.yaml", "NodeOUs:\n  Enable: true\n  PeerOUIdentifier: {Certificate: cacerts/a.pem, OrganizationalUnitIdentifier: p}\n");
  const auto read = read_msp_folder(dir.path(), "X");
  REQUIRE(read.has_value());
  CHECK(read->root_certs_size() == 1);
  CHECK(read->fabric_node_ous().peer_ou_identifier().certificate().empty());
}

TEST_CASE("a folder without a root CA is no MSP") {
  const scratch dir;
  CHECK(read_msp_folder(dir.path(), "X").error().code == errc::not_found);
  CHECK(read_msp_folder(dir.path() / "missing", "X").error().code == errc::not_found);
  dir.write("cacerts/x.pem", "no PEM here");
  CHECK(read_msp_folder(dir.path(), "X").error().code == errc::not_found);
}

TEST_CASE("a signing identity takes the key that matches its certificate") {
  test::authority issuer(8);
  const auto root = issuer.root("root"), me = issuer.member("me", {}, root), other = issuer.member("other", {}, root);
  const scratch dir;
  CHECK(read_signing_identity(dir.path(), "X").error().code == errc::not_found);
  dir.write("signcerts/me.pem", me.pem());
  CHECK(read_signing_identity(dir.path(), "X").error().context.find("keystore") != std::string::npos);
  dir.write("keystore/a_sk", other.key.to_pem());
  dir.write("keystore/b_sk", "-----BEGIN PRIVATE KEY-----\ngarbage\n-----END PRIVATE KEY-----\n");
  CHECK(read_signing_identity(dir.path(), "X").error().code == errc::not_found);
  dir.write("keystore/c_sk", me.key.to_pem());
  const auto own = read_signing_identity(dir.path(), "X", nonce_rule::deterministic);
  REQUIRE(own.has_value());
  CHECK(own->msp_id() == "X");
  CHECK(own->cert().common_name() == "me");
  CHECK(own->serialized() == serialize_identity("X", me.pem()));
  CHECK(own->sign("m").value() == own->sign("m").value());
  dir.write("signcerts/aaa.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
  const auto broken = read_signing_identity(dir.path(), "X");
  REQUIRE_FALSE(broken.has_value());
  CHECK(broken.error().context.find("aaa.pem") != std::string::npos);
}
