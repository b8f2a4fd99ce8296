// Organizations' folders that another tool made: the golden tree as it is, and with one thing spoilt at a time.
#include "crypto/ca/imported_material.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <functional>

#include "tests/unit/crypto/ca/sample_network.hpp"
#include "tests/unit/crypto/keys/key_samples.hpp"

using namespace weft;
using namespace weft::crypto;
namespace fs = std::filesystem;

namespace {

/// A copy of the golden tree, gone at the end.
struct golden_copy {
  fs::path path = fs::temp_directory_path() / ("weft_import_" + std::to_string(::getpid()));
  golden_copy() {
    fs::remove_all(path);
    fs::copy(test::golden_crypto(), path, fs::copy_options::recursive);
  }
  ~golden_copy() { fs::remove_all(path); }
  [[nodiscard]] fs::path org1() const { return path / "peerOrganizations/org1.example.com"; }
  [[nodiscard]] fs::path org2() const { return path / "peerOrganizations/org2.example.com"; }
};

import_request org1() { return {organization_description::kind::peer, "Org1MSP", "org1.example.com", {"peer0"}, {"Admin", "User1"}, {}}; }
timestamp later() { return test::golden_time() + std::chrono::days(1); }

std::string told(const imported_organization& o) { return config::to_text(o.problems, ""); }
void replace(const fs::path& to, const fs::path& from) { fs::copy_file(from, to, fs::copy_options::overwrite_existing); }

}  // namespace

TEST_CASE("what the real cryptogen made is taken as it is, keys for their owner only") {
  for (const auto role : {organization_description::kind::peer, organization_description::kind::orderer}) {
    auto request = org1();
    auto folder = test::golden_org1();
    if (role == organization_description::kind::orderer) {
      request = {role, "OrdererMSP", "example.com", {"orderer0", "orderer2"}, {"Admin"}, {{"orderer0", "127.0.0.1"}}};
      folder = test::golden_crypto() / "ordererOrganizations/example.com";
    }
    const auto taken = import_organization(folder, request, later());
    CHECK(told(taken) == "");
    CHECK(taken.files.files.size() == 31);
    for (const auto& file : taken.files.files) {
      CAPTURE(file.path);
      CHECK(file.contents == test::read_file(test::golden_crypto() / file.path));
      CHECK(file.mode == (file.contents.find("PRIVATE KEY") == std::string::npos ? 0644u : 0600u));
    }
  }
}

TEST_CASE("what does not fit is said, all of it, and nothing is taken") {
  struct row {
    const char* name;
    std::function<void(const golden_copy&, import_request&)> spoil;
    const char* says;
  };
  const std::string peer = "peers/peer0.org1.example.com/", user = "users/User1@org1.example.com/";
  const row rows[] = {
      {"another key", [&](const golden_copy& g, auto&) { replace(g.org1() / peer / "msp/keystore/priv_sk", g.org2() / "ca/priv_sk"); },
       "peers/peer0.org1.example.com/msp: "},
      {"another authority's certificate and key",
       [&](const golden_copy& g, auto&) {
         fs::remove_all(g.org1() / peer / "msp");
         fs::copy(g.org2() / "peers/peer0.org2.example.com/msp", g.org1() / peer / "msp", fs::copy_options::recursive);
       },
       "peers/peer0.org1.example.com/msp/signcerts: "},
      {"a client as a peer",
       [&](const golden_copy& g, auto&) {
         fs::remove_all(g.org1() / peer / "msp");
         fs::copy(g.org1() / user / "msp", g.org1() / peer / "msp", fs::copy_options::recursive);
       },
       "msp/signcerts: is no peer: its organizational unit says client"},
      {"a client as administrator",
       [&](const golden_copy& g, auto&) {
         fs::remove_all(g.org1() / "users/Admin@org1.example.com/msp");
         fs::copy(g.org1() / user / "msp", g.org1() / "users/Admin@org1.example.com/msp", fs::copy_options::recursive);
       },
       "users/Admin@org1.example.com/msp/signcerts: is no administrator"},
      {"a user that is not there", [](const golden_copy&, import_request& r) { r.users.push_back("User2"); }, "users/User2@org1.example.com: is missing"},
      {"a host that is not there", [](const golden_copy&, import_request& r) { r.hosts.push_back("peer1"); }, "peers/peer1.org1.example.com: is missing"},
      {"no authority", [](const golden_copy& g, auto&) { fs::remove_all(g.org1() / "msp/cacerts"); }, "msp: "},
      {"another TLS key", [&](const golden_copy& g, auto&) { replace(g.org1() / peer / "tls/server.key", g.org2() / "ca/priv_sk"); },
       "tls/server.key: does not belong to server.crt"},
      {"a TLS certificate of another authority",
       [&](const golden_copy& g, auto&) {
         for (const auto* f : {"server.crt", "server.key"}) replace(g.org1() / peer / "tls" / f, g.org2() / "peers/peer0.org2.example.com/tls" / f);
       },
       "tls/server.crt: was issued by none of the authorities in msp/tlscacerts"},
      {"a name that is not among the SANs", [](const golden_copy&, import_request& r) { r.addresses["peer0"] = "peer.example.net"; },
       "tls/server.crt: does not name peer.example.net; it names peer0.org1.example.com, peer0, localhost, 127.0.0.1; issue it again"},
      {"a folder that is not there", [](const golden_copy& g, auto&) { fs::remove_all(g.org1()); }, "there is no folder "},
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    const golden_copy copy;
    auto request = org1();
    r.spoil(copy, request);
    const auto taken = import_organization(copy.org1(), request, later());
    CHECK_MESSAGE(told(taken).find(r.says) != std::string::npos, told(taken));
    CHECK(config::any_error(taken.problems));
    CHECK(taken.files.files.empty());
  }
  const auto old = import_organization(test::golden_org1(), org1(), later() + std::chrono::days(4000));
  CHECK(told(old).find("msp/signcerts: has expired") != std::string::npos);
  CHECK(told(old).find("tls/server.crt: has expired") != std::string::npos);
}

TEST_CASE("an authority's key and TLS folders may stay where they are") {
  const golden_copy copy;
  fs::remove_all(copy.org1() / "ca");
  fs::remove_all(copy.org1() / "tlsca");
  fs::remove_all(copy.org1() / "peers/peer0.org1.example.com/tls");
  const auto taken = import_organization(copy.org1(), org1(), later());
  CHECK_FALSE(config::any_error(taken.problems));
  CHECK(taken.problems.size() == 2);
  CHECK_FALSE(taken.files.files.empty());
}
