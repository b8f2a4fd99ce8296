#include "actors/node/material.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "cluster/consenter/members.hpp"
#include "config/base/clock.hpp"
#include "config/base/random.hpp"
#include "ledger/channel/bundle.hpp"

using namespace weft;
using namespace weft::actors;
namespace fs = std::filesystem;

namespace {

struct scratch {
  fs::path folder;
  scratch() {
    auto name = (fs::temp_directory_path() / "weft-material-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    folder = fs::path(name) / "net";
  }
  ~scratch() { fs::remove_all(folder.parent_path()); }
};

material_seams seams() { return {std::make_shared<system_clock>(), std::make_shared<seeded_random>(7), crypto::nonce_rule::deterministic}; }

material made(const fs::path& folder, const config::topology& t) {
  auto m = make_or_load_material(folder, t, seams(), [](const auto&, const auto&) {});
  REQUIRE_MESSAGE(m.has_value(), m.error().context);
  return *std::move(m);
}

bytes file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

config::topology five_orderers() {
  auto t = config::dev_topology({1, 1, {}, 5});
  auto& org = t.organizations.back();
  org.addresses = {{"orderer0", "10.0.0.1:7050"}, {"orderer2", "orderer2.example.com:7777"}};
  t.channels[0].raft.consenters = {"orderer2.example.com", "orderer0.example.com", "orderer4.example.com"};
  t.channels[0].raft.tick_interval = std::chrono::milliseconds(1500);
  t.channels[0].raft.max_inflight_blocks = 7;
  return t;
}

}  // namespace

TEST_CASE("the genesis block of a raft channel names its consenters by address and TLS certificate") {
  const scratch s;
  const auto t = five_orderers();
  const auto m = made(s.folder, t);
  const auto bundle = ledger::channel_bundle::from_block(m.genesis.at("mychannel"));
  REQUIRE_MESSAGE(bundle.has_value(), bundle.error().context);
  CHECK((*bundle)->consensus_type() == "etcdraft");
  REQUIRE((*bundle)->raft() != nullptr);
  const auto& raft = *(*bundle)->raft();
  CHECK(raft.options.tick_interval == std::chrono::milliseconds(1500));
  CHECK(raft.options.election_tick == 10);
  CHECK(raft.options.heartbeat_tick == 2);
  CHECK(raft.options.max_inflight_blocks == 7);
  CHECK(raft.options.snapshot_interval_size == 16 * MiB);
  struct row { const char* name; const char* host; std::uint32_t port; };
  const row rows[] = {{"orderer2", "orderer2.example.com", 7777}, {"orderer0", "10.0.0.1", 7050}, {"orderer4", "localhost", 11050}};
  REQUIRE(raft.consenters.size() == std::size(rows));
  for (std::size_t i = 0; i < std::size(rows); ++i) {
    CAPTURE(i);
    const auto tls = s.folder / "crypto/ordererOrganizations/example.com/orderers" / (std::string(rows[i].name) + ".example.com") / "tls/server.crt";
    CHECK(raft.consenters[i] == ledger::raft_consenter{rows[i].host, rows[i].port, file(tls), file(tls)});
    CHECK(cluster::find_consenter(raft.consenters, m.tls_certs.at(std::string(rows[i].name) + ".example.com").cert) == i);
  }
  CHECK_FALSE(cluster::find_consenter(raft.consenters, m.tls_certs.at("orderer1.example.com").cert).has_value());
  CHECK(m.tls_certs.size() == 5);
  CHECK((*bundle)->orderer_orgs().at(0).endpoints ==
        std::vector<std::string>{"10.0.0.1:7050", "localhost:8050", "orderer2.example.com:7777", "localhost:10050", "localhost:11050"});
  const auto& ips = m.tls_certs.at("orderer0.example.com").cert.ip_addresses();
  CHECK(std::find(ips.begin(), ips.end(), "10.0.0.1") != ips.end());

  const auto again = made(s.folder, t);
  CHECK(again.genesis.at("mychannel").hash() == m.genesis.at("mychannel").hash());
  CHECK(again.tls_certs.at("orderer3.example.com").pem == m.tls_certs.at("orderer3.example.com").pem);
}

TEST_CASE("a consenter without a TLS certificate, or with a damaged one, is told by name") {
  const scratch s;
  auto t = five_orderers();
  (void)made(s.folder, t);
  const auto tls = s.folder / "crypto/ordererOrganizations/example.com/orderers/orderer4.example.com/tls/server.crt";
  fs::remove(s.folder / "channels/mychannel.block");
  const auto good = file(tls);
  std::ofstream(tls, std::ios::binary) << "nothing";
  const auto damaged = make_or_load_material(s.folder, t, seams(), [](const auto&, const auto&) {});
  REQUIRE_FALSE(damaged.has_value());
  CHECK(damaged.error().context.find("orderer4.example.com/tls/server.crt holds no certificate") != std::string::npos);
  fs::remove_all(tls.parent_path());
  const auto missing = make_or_load_material(s.folder, t, seams(), [](const auto&, const auto&) {});
  REQUIRE_FALSE(missing.has_value());
  CHECK(missing.error().context.find("channel mychannel: the consenter orderer4.example.com has no TLS certificate") != std::string::npos);
  t.channels[0].raft.consenters.pop_back();
  CHECK(made(s.folder, t).tls_certs.size() == 4);
}
