// What the tests of configuration changes share: a network, its administrators, and the question which configuration is in force where.
#pragma once

#include <doctest/doctest.h>

#include "cluster/ordering/admission.hpp"
#include "tests/support/config_changes.hpp"
#include "tests/support/simulated_network.hpp"

namespace weft::testing {

struct changing_network {
  explicit changing_network(std::uint64_t seed) : net(seed) { REQUIRE(net.ready()); }

  simulated_network net;

  [[nodiscard]] std::shared_ptr<const ledger::channel_bundle> now() { return net.node().orderers()[0]->channel("mychannel")->bundle.get(); }
  [[nodiscard]] std::shared_ptr<const ledger::channel_bundle> at_peer(std::size_t i) { return net.node().peers()[i]->channel("mychannel")->now.get()->bundle; }
  [[nodiscard]] const ledger::block_store& blocks() { return *net.node().orderers()[0]->channel("mychannel")->blocks; }
  [[nodiscard]] crypto::signing_identity user(const std::string& name) { return net.node().user(name).value(); }
  [[nodiscard]] std::vector<crypto::signing_identity> admins(const std::vector<std::string>& domains) {
    std::vector<crypto::signing_identity> out;
    for (const auto& d : domains) out.push_back(user("Admin@" + d));
    return out;
  }
  [[nodiscard]] std::vector<crypto::signing_identity> all_admins() { return admins({"org1.example.com", "org2.example.com", "example.com"}); }

  /// The CONFIG_UPDATE envelope for an edit, signed by `signers` and sent by the first of them.
  [[nodiscard]] ledger::envelope update(const config_edit& edit, const std::vector<crypto::signing_identity>& signers) {
    return update_envelope("mychannel", sign_update(update_by(*now(), edit), signers), signers.front());
  }
  actors::broadcast_reply change(const config_edit& edit, const std::vector<crypto::signing_identity>& signers) { return net.broadcast(update(edit, signers)); }
  /// The same, which must be accepted and reach the peers of these numbers.
  void must_change(const config_edit& edit, const std::vector<std::size_t>& peers = {0, 1}, std::vector<crypto::signing_identity> signers = {}) {
    const auto reply = change(edit, signers.empty() ? all_admins() : signers);
    REQUIRE_MESSAGE(reply.status == 200, reply.info);
    REQUIRE(settled(now()->sequence().value, peers));
  }
  bool settled(std::uint64_t sequence, const std::vector<std::size_t>& peers = {0, 1}) {
    return net.run([&] {
      for (const auto i : peers) if (at_peer(i)->sequence().value < sequence) return false;
      return true;
    });
  }
  /// Lets everybody finish what can be done without time passing.
  void drain() {
    while (net.step()) {
    }
  }
  [[nodiscard]] bool alive(const std::string& role) {
    for (const auto& r : net.node().roles()) if (r.name == role) return r.alive;
    return false;
  }
  /// A transaction that is endorsed and signed and not yet sent.
  [[nodiscard]] ledger::envelope put(const std::string& who, const std::string& key) {
    outcome out;
    auto tx = net.endorse(who, "kv", {"put", key, "v"}, out);
    REQUIRE_MESSAGE(out.status.ok(), out.status.message);
    return tx;
  }
};

inline constexpr const char* user1 = "User1@org1.example.com";
inline constexpr const char* user2 = "User1@org2.example.com";

}  // namespace weft::testing
