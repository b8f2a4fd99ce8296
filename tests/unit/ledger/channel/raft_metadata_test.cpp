#include <doctest/doctest.h>

#include <functional>

#include "ledger/channel/consensus_metadata.hpp"
#include "orderer/configuration.pb.h"
#include "orderer/etcdraft/configuration.pb.h"
#include "proto/encode.hpp"
#include "tests/unit/ledger/channel/support.hpp"

using namespace weft;
using namespace weft::ledger;
using namespace weft::channel_test;

namespace {

using metadata = ::etcdraft::ConfigMetadata;
using change = std::function<void(metadata&)>;

bytes golden() { return bytes(golden_bundle("mychannel")->consensus_metadata()); }

bytes changed(const change& edit) {
  auto m = decoded<metadata>(golden());
  edit(m);
  return proto::encode(m);
}

::orderer::ConsensusType consensus(const bytes& raft) {
  ::orderer::ConsensusType c;
  c.set_type("etcdraft");
  c.set_metadata(raft);
  return c;
}

struct row {
  const char* why;
  change edit;
};

const std::vector<row>& broken() {
  static const std::vector<row> rows{
      {"nil Raft config metadata options", [](metadata& m) { m.clear_options(); }},
      {"none of HeartbeatTick (0), ElectionTick (10) and MaxInflightBlocks (5) can be zero", [](metadata& m) { m.mutable_options()->set_heartbeat_tick(0); }},
      {"none of HeartbeatTick (1), ElectionTick (0) and MaxInflightBlocks (5) can be zero", [](metadata& m) { m.mutable_options()->set_election_tick(0); }},
      {"none of HeartbeatTick (1), ElectionTick (10) and MaxInflightBlocks (0) can be zero",
       [](metadata& m) { m.mutable_options()->set_max_inflight_blocks(0); }},
      {"ElectionTick (10) must be greater than HeartbeatTick (10)", [](metadata& m) { m.mutable_options()->set_heartbeat_tick(10); }},
      {"ElectionTick (3) must be greater than HeartbeatTick (4000000000)",
       [](metadata& m) {
         m.mutable_options()->set_election_tick(3);
         m.mutable_options()->set_heartbeat_tick(4'000'000'000U);
       }},
      {"failed to parse TickInterval (500) to time duration: invalid duration \"500\"",
       [](metadata& m) { m.mutable_options()->set_tick_interval("500"); }},
      {"failed to parse TickInterval () to time duration: invalid duration \"\"", [](metadata& m) { m.mutable_options()->clear_tick_interval(); }},
      {"TickInterval cannot be zero", [](metadata& m) { m.mutable_options()->set_tick_interval("0s"); }},
      {"TickInterval (-5ms) cannot be negative", [](metadata& m) { m.mutable_options()->set_tick_interval("-5ms"); }},
      {"empty consenter set", [](metadata& m) { m.clear_consenters(); }},
      {"consenter localhost:7150 has invalid certificate: parsing tls client cert of localhost:7150: no PEM data found in cert[6e 6f 21]",
       [](metadata& m) { m.mutable_consenters(1)->set_client_tls_cert("no!"); }},
      {"consenter localhost:7050 has invalid certificate: parsing tls server cert of localhost:7050: no PEM data found in cert[]",
       [](metadata& m) { m.mutable_consenters(0)->clear_server_tls_cert(); }},
      {"duplicate consenter: server cert: -----BEGIN CERTIFICATE-----\n", [](metadata& m) { *m.add_consenters() = m.consenters(0); }},
      {"duplicate consenter: server cert: -----BEGIN CERTIFICATE-----\n",  // one's client certificate is another's server certificate
       [](metadata& m) { m.mutable_consenters(1)->set_client_tls_cert(m.consenters(0).server_tls_cert()); }},
      {"303 consenters; a channel may have 255",
       [](metadata& m) {
         for (int i = 0; i < 300; ++i) *m.add_consenters() = m.consenters(0);
       }},
  };
  return rows;
}

}  // namespace

TEST_CASE("the golden raft channel's consenters and options") {
  const auto bundle = golden_bundle("mychannel");
  REQUIRE(bundle->raft() != nullptr);
  const auto& raft = *bundle->raft();
  REQUIRE(raft.consenters.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    CAPTURE(i);
    CHECK(raft.consenters[i].host == "localhost");
    CHECK(raft.consenters[i].port == 7050 + 100 * i);
    const auto file = golden_file("crypto/ordererOrganizations/example.com/orderers/orderer" + std::to_string(i) + ".example.com/tls/server.crt");
    CHECK(raft.consenters[i].client_tls_cert == file);
    CHECK(raft.consenters[i].server_tls_cert == file);
  }
  CHECK(raft.options.tick_interval == std::chrono::milliseconds{500});
  CHECK(raft.options.election_tick == 10);
  CHECK(raft.options.heartbeat_tick == 1);
  CHECK(raft.options.max_inflight_blocks == 5);
  CHECK(raft.options.snapshot_interval_size == 16 * MiB);
  CHECK(golden_bundle("bftchannel")->raft() == nullptr);
}

TEST_CASE("options are taken as Fabric takes them") {
  struct timing_row { const char* text; std::int64_t milliseconds; };
  const timing_row rows[] = {{"10ms", 10}, {"1m30s", 90'000}, {"1.5s", 1'500}, {"100us", 1}, {"1ns", 1}, {"2562047h", 2'562'047LL * 3'600'000}};
  for (const auto& r : rows) {
    CAPTURE(r.text);
    const auto read = read_raft_metadata(changed([&](metadata& m) { m.mutable_options()->set_tick_interval(r.text); }));
    REQUIRE_MESSAGE(read.has_value(), why(read));
    CHECK(read->options.tick_interval.count() == r.milliseconds);
  }
  const auto zero = read_raft_metadata(changed([](metadata& m) { m.mutable_options()->set_snapshot_interval_size(0); }));
  REQUIRE(zero.has_value());
  CHECK(zero->options.snapshot_interval_size == 16 * MiB);
  const auto chatty = read_raft_metadata(changed([](metadata& m) { m.mutable_consenters(0)->set_server_tls_cert("Subject: me\n" + m.consenters(0).server_tls_cert()); }));
  CHECK_MESSAGE(chatty.has_value(), why(chatty));
}

TEST_CASE("metadata that no consenter can run by is refused in Fabric's words, in a new channel and in an update") {
  const auto genesis = golden_bundle("mychannel");
  for (const auto& r : broken()) {
    CAPTURE(r.why);
    const auto raw = changed(r.edit);
    const auto read = read_raft_metadata(raw);
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().code == errc::invalid_argument);
    CHECK_MESSAGE(read.error().context.starts_with(r.why), read.error().context);

    auto config = genesis->config();
    set_value(group_at(*config.mutable_channel_group(), {"Orderer"}), "ConsensusType", consensus(raw));
    CHECK(why(channel_bundle::create("mychannel", config)) == "/Channel/Orderer/ConsensusType: " + read.error().context);

    ::common::ConfigGroup* write = nullptr;
    auto update = update_at(*genesis, {"Orderer"}, &write);
    set_value(*write, "ConsensusType", consensus(raw));
    write->mutable_values()->at("ConsensusType").set_version(1);
    const auto proposed = genesis->propose_update(signed_update(update, {golden_user("Admin@example.com")}), verifier());
    CHECK(why(proposed) == "consensus metadata update for channel config update is invalid: invalid new config metadata: " + read.error().context);
  }
  CHECK(why(read_raft_metadata("\xff")) == "failed to unmarshal etcdraft metadata configuration");
  CHECK(why(read_raft_metadata("")) == "nil Raft config metadata options");
}

TEST_CASE("damaged metadata is refused or read, whatever the damage") {
  const auto whole = golden();
  std::size_t read = 0;
  for (std::size_t i = 0; i < whole.size(); i += 7) {
    auto cut = whole.substr(0, i);
    read += read_raft_metadata(cut).has_value();
    auto bent = whole;
    bent[i] = static_cast<char>(bent[i] ^ 0x41);
    if (const auto r = read_raft_metadata(bent)) {
      CHECK(r->options.election_tick > r->options.heartbeat_tick);
      CHECK(r->options.tick_interval.count() > 0);
      CHECK_FALSE(r->consenters.empty());
    }
  }
  CHECK(read == 0);
}
