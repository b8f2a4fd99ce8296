#include "cluster/consenter/update_rules.hpp"

#include <doctest/doctest.h>

#include <functional>

#include "ledger/channel/consensus_metadata.hpp"
#include "orderer/configuration.pb.h"
#include "tests/unit/ledger/channel/support.hpp"

using namespace weft;
using namespace weft::cluster;
using namespace weft::channel_test;

namespace {

constexpr timestamp today{std::chrono::seconds{1'798'000'000}};  // 2026-12-23
constexpr const char* prefix = "consensus metadata update for channel config update is invalid: ";

bytes tls_der_of(const std::string& orderer) {
  return golden_file("crypto/ordererOrganizations/example.com/orderers/" + orderer + ".example.com/tls/server.crt");
}

/// The golden TLS authority's own hand: certificates that it might have issued.
bytes issued(const char* name, timestamp from, timestamp until) {
  const auto folder = std::string("crypto/ordererOrganizations/example.com/tlsca/");
  const auto ca = crypto::certificate::from_pem(golden_file(folder + "tlsca.example.com-cert.pem"));
  const auto key = crypto::private_key::from_pem(golden_file(folder + "priv_sk"));
  REQUIRE((ca && key));
  seeded_random random(7);
  crypto::certificate_request request;
  request.common_name = name;
  request.use = crypto::certificate_request::profile::tls;
  request.not_before = from;
  request.not_after = until;
  const auto mine = crypto::private_key::generate(random);
  return crypto::issue_certificate(request, mine.public_half(), &*ca, *key, crypto::nonce_rule::deterministic, random).value().to_pem();
}

/// Of an authority that the channel does not know.
bytes foreign() {
  seeded_random random(8);
  crypto::certificate_request request;
  request.common_name = "stranger";
  request.use = crypto::certificate_request::profile::tls;
  request.not_before = today - std::chrono::hours{24};
  request.not_after = today + std::chrono::hours{24};
  const auto key = crypto::private_key::generate(random);
  return crypto::issue_certificate(request, key.public_half(), nullptr, key, crypto::nonce_rule::deterministic, random).value().to_pem();
}

ledger::raft_consenter consenter(const char* host, const bytes& tls) { return {host, 7050, tls, tls}; }

bundle_ptr with(const consenter_list& consenters, const std::function<void(::common::ConfigGroup&)>& edit = {}) {
  auto config = golden_bundle("mychannel")->config();
  ::orderer::ConsensusType type;
  type.set_type("etcdraft");
  type.set_metadata(ledger::encode_raft_metadata(consenters, {}));
  auto& root = *config.mutable_channel_group();
  set_value(group_at(root, {"Orderer"}), "ConsensusType", type);
  if (edit) edit(root);
  auto made = channel_bundle::create("mychannel", config);
  REQUIRE_MESSAGE(made.has_value(), why(made));
  return *made;
}

group_view alive(std::vector<raft::node_id> active, timestamp now = today) { return {first_group(3), std::move(active), now}; }

}  // namespace

TEST_CASE("updates of a raft channel are judged in Fabric's words") {
  const auto now = golden_bundle("mychannel");
  const auto& three = now->raft()->consenters;
  const auto joined = [&](const ledger::raft_consenter& c) {
    auto list = three;
    list.push_back(c);
    return list;
  };
  const auto changed = [&](const std::function<void(consenter_list&)>& edit) {
    auto list = three;
    edit(list);
    return list;
  };
  const auto expired = issued("old", today - std::chrono::hours{48}, today - std::chrono::hours{24});
  const auto future = issued("young", today + std::chrono::hours{24}, today + std::chrono::hours{48});
  struct row {
    const char* name;
    consenter_list to;
    std::vector<raft::node_id> active;
    std::string begins, ends;  // of the error; both empty: allowed
  };
  const auto d = consenter("d", tls_der_of("orderer3"));
  const row rows[] = {
      {"nothing changes", three, {1}, "", ""},
      {"one joins", joined(d), {1, 2, 3}, "", ""},
      {"one leaves", changed([](auto& l) { l.erase(l.begin()); }), {1, 2, 3}, "", ""},
      {"the dead one leaves", changed([](auto& l) { l.erase(l.begin()); }), {2, 3}, "", ""},
      {"one rotates", changed([&](auto& l) { l[1] = consenter("b", tls_der_of("orderer3")); }), {1, 2, 3}, "", ""},
      {"another address", changed([](auto& l) { l[1].host = "elsewhere"; }), {1}, "", ""},
      {"one joins, one is dead", joined(d), {1, 2}, "2 out of 3 nodes are alive, configuration will result in quorum loss", ""},
      {"a living one leaves, one is dead", changed([](auto& l) { l.erase(l.begin()); }), {1, 2},
       "2 out of 3 nodes are alive, configuration will result in quorum loss", ""},
      {"a living one rotates, one is dead", changed([&](auto& l) { l[0] = d; }), {1, 2},
       "2 out of 3 nodes are alive, configuration will result in quorum loss", ""},
      {"two join", changed([&](auto& l) { l.push_back(d); l.push_back(consenter("e", issued("e", today - std::chrono::hours{1}, today + std::chrono::hours{1}))); }),
       {1, 2, 3}, "update of more than one consenter at a time is not supported, requested changes: add 2 node(s), remove 0 node(s)", ""},
      {"two leave", changed([](auto& l) { l.resize(1); }), {1, 2, 3},
       "update of more than one consenter at a time is not supported, requested changes: add 0 node(s), remove 2 node(s)", ""},
      {"a stranger joins", joined(consenter("x", foreign())), {1, 2, 3},
       "invalid new config metadata: consenter x:7050 has invalid certificate: verifying tls client cert with serial number ",
       ": x509: certificate signed by unknown authority"},
      {"a signing certificate joins", joined(consenter("x", golden_orderer("orderer3").cert().to_pem())), {1, 2, 3},
       "invalid new config metadata: consenter x:7050 has invalid certificate: verifying tls client cert with serial number ",
       ": x509: certificate signed by unknown authority"},
      {"a stranger's server certificate", changed([](auto& l) { l[2].server_tls_cert = foreign(); }), {1, 2, 3},
       "invalid new config metadata: consenter localhost:7250 has invalid certificate: verifying tls server cert with serial number ",
       ": x509: certificate signed by unknown authority"},
      {"an expired one joins", joined(consenter("x", expired)), {1, 2, 3},
       "consenter x:7050 has invalid certificates: verifying tls client cert with serial number ",
       ": x509: certificate has expired or is not yet valid: current time 2026-12-23T04:26:40Z is after 2026-12-22T04:26:40Z"},
      {"one joins too early", joined(consenter("x", future)), {1, 2, 3},
       "consenter x:7050 has invalid certificates: verifying tls client cert with serial number ",
       ": x509: certificate has expired or is not yet valid: current time 2026-12-23T04:26:40Z is before 2026-12-24T04:26:40Z"},
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    const auto verdict = check_raft_update(*now, *with(r.to), alive(r.active));
    if (r.begins.empty()) {
      CHECK_MESSAGE(verdict.has_value(), why(verdict));
      continue;
    }
    REQUIRE_FALSE(verdict.has_value());
    CHECK(verdict.error().code == errc::invalid_argument);
    CHECK_MESSAGE(verdict.error().context.starts_with(prefix + r.begins), verdict.error().context);
    CHECK_MESSAGE(verdict.error().context.ends_with(r.ends), verdict.error().context);
  }
}

TEST_CASE("a serial number is told as people know it") {
  const auto now = golden_bundle("mychannel");
  auto to = now->raft()->consenters;
  const auto stranger = crypto::certificate::from_pem(foreign());
  REQUIRE(stranger.has_value());
  to.push_back(consenter("x", stranger->to_pem()));
  const auto text = why(check_raft_update(*now, *with(to), alive({1, 2, 3})));
  const auto from = text.find("serial number ") + 14;
  const auto digits = text.substr(from, text.find(':', from) - from);
  bytes magnitude;  // decimal back to bytes, by long division
  std::string rest = digits;
  while (!rest.empty()) {
    unsigned carry = 0;
    std::string quotient;
    for (const char c : rest) {
      carry = carry * 10 + static_cast<unsigned>(c - '0');
      if (!quotient.empty() || carry / 256 > 0) quotient += static_cast<char>('0' + carry / 256);
      carry %= 256;
    }
    magnitude.insert(magnitude.begin(), static_cast<char>(carry));
    rest = quotient;
  }
  CHECK(magnitude == stranger->serial());
}

TEST_CASE("expired certificates may stay until they are replaced, and their replacement may not be expired") {
  const auto now = golden_bundle("mychannel");
  const auto later = crypto::certificate::from_pem(tls_der_of("orderer0"))->not_after() + std::chrono::hours{24};
  auto to = now->raft()->consenters;
  CHECK(check_raft_update(*now, *with(to), alive({1, 2, 3}, later)).has_value());
  to[0].port = 1;
  CHECK(check_raft_update(*now, *with(to), alive({1, 2, 3}, later)).has_value());
  to[0] = consenter("a", tls_der_of("orderer3"));
  CHECK(why(check_raft_update(*now, *with(to), alive({1, 2, 3}, later))).find("has expired or is not yet valid") != std::string::npos);
}

TEST_CASE("the authorities that count are those of the next configuration") {
  const auto now = golden_bundle("mychannel");
  const auto orderless = with(now->raft()->consenters, [](auto& root) {
    auto& orderers = group_at(root, {"Orderer"});
    orderers.mutable_groups()->at("OrdererOrg") = group_at(root, {"Application", "Org1MSP"});
    orderers.mutable_groups()->at("OrdererOrg").mutable_values()->erase("AnchorPeers");
  });
  CHECK(why(check_raft_update(*now, *orderless, alive({1, 2, 3}))).find("consenter localhost:7050 has invalid certificate: ") != std::string::npos);
}

TEST_CASE("other consensus types, and a channel that comes to raft") {
  const auto raft = golden_bundle("mychannel");
  const auto bft = golden_bundle("bftchannel");
  CHECK(check_raft_update(*raft, *bft, alive({})).has_value());
  CHECK(check_raft_update(*bft, *raft, {{}, {}, today}).has_value());
  auto to = raft->raft()->consenters;
  to.push_back(consenter("d", tls_der_of("orderer3")));
  const group_view fresh{{}, {1, 2, 3}, today};  // no block of raft's yet: the ids are those that the list gives
  CHECK(check_raft_update(*raft, *with(to), fresh).has_value());
  const group_view damaged{{{1, 2}, 3, 1}, {1, 2, 3}, today};
  CHECK_FALSE(check_raft_update(*raft, *with(to), damaged).has_value());
}
