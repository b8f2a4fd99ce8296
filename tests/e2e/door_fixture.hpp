// A network in this process with its socket open, and what its clients do, for the tests of doors.
#pragma once

#include <doctest/doctest.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <caf/actor_system.hpp>
#include <filesystem>
#include <future>

#include "actors/node/node.hpp"
#include "cluster/deliver/seek.hpp"
#include "common/common.pb.h"
#include "edge/client/gateway_client.hpp"
#include "edge/door.hpp"
#include "ledger/tx/envelope.hpp"
#include "proto/encode.hpp"
#include "weft/control.pb.h"

namespace weft::testing {

namespace fs = std::filesystem;

/// A network of its own for each case.
struct door_fixture {
  [[nodiscard]] edge::gateway_client gateway(const std::string& user, std::map<std::string, std::string> metadata = {}) const {
    return {client, *node->user(user), std::make_shared<system_clock>(), std::make_shared<system_random>(), {}, std::move(metadata)};
  }
  [[nodiscard]] edge::call_answer call(const std::string& method, const google::protobuf::MessageLite& m) const {
    return client->call(method, proto::encode(m), {std::chrono::seconds(20), {}});
  }
  /// A signed seek of a user; `spoil` changes the signature, `tls_hash` is that of the client's certificate.
  [[nodiscard]] bytes seek(const std::string& user, std::uint64_t start, std::optional<std::uint64_t> stop, bool spoil = false,
                           const std::string& channel = "mychannel", const bytes& tls_hash = {}) const {
    const auto who = *node->user(user);
    system_random random;
    auto payload = cluster::make_seek_payload(channel, block_number{start}, stop ? std::optional(block_number{*stop}) : std::nullopt, who.serialized(),
                                              random.make_bytes(24), system_clock().now());
    if (!tls_hash.empty()) bind(payload, tls_hash);
    auto signature = *who.sign(spoil ? payload + "x" : payload);
    return ledger::envelope::make(std::move(payload), std::move(signature)).raw().to_bytes();
  }
  static void bind(bytes& payload, const bytes& tls_hash) {
    ::common::Payload p;
    ::common::ChannelHeader header;
    REQUIRE(proto::decode(payload, p));
    REQUIRE(proto::decode(p.header().channel_header(), header));
    header.set_tls_cert_hash(tls_hash);
    p.mutable_header()->set_channel_header(proto::encode(header));
    payload = proto::encode(p);
  }
  [[nodiscard]] std::uint64_t height() const { return node->peers().front()->channel("mychannel")->ledger->height().value; }
  [[nodiscard]] std::uint64_t open_calls() const {
    ::weft::control::StatusResponse r;
    REQUIRE(proto::decode(call("/weft.control.Control/Status", ::weft::control::StatusRequest()).response, r));
    return r.open_calls() - 1;  // this one
  }

  std::unique_ptr<caf::actor_system_config> config = actors::make_system_config(2);
  caf::actor_system system{*config};
  fs::path folder;
  std::unique_ptr<actors::node> node;
  std::unique_ptr<edge::door> door;
  std::shared_ptr<edge::rpc_client> client;

  explicit door_fixture(const config::topology& t = config::dev_topology({})) {
    spdlog::set_level(spdlog::level::warn);
    auto name = (fs::temp_directory_path() / "weft-doors-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    folder = name;
    actors::node_settings settings;
    settings.folder = folder;
    settings.durability = ledger::durability::off;
    node = std::move(*actors::node::start(system, t, settings));
    std::promise<result<void>> ready;
    node->when_ready([&](const result<void>& r) { ready.set_value(r); });
    const auto r = ready.get_future().get();
    REQUIRE_MESSAGE(r.has_value(), r.error().context);
    door = std::move(*edge::door::open(system, *node, folder, [] {}));
    client = edge::rpc_client::connect(edge::socket_address(folder));
  }
  ~door_fixture() {
    client.reset();
    door.reset();
    node.reset();
    std::error_code ignored;
    fs::remove_all(folder, ignored);
  }
};

inline edge::committed_call put(const edge::gateway_client& g, std::vector<bytes> args) {
  const auto tx = g.endorse({"mychannel", "kv", std::move(args), {}, false});
  REQUIRE_MESSAGE(tx.has_value(), tx.error().status.message);
  REQUIRE(g.submit(*tx).has_value());
  const auto committed = g.commit_status("mychannel", tx->tx_id);
  REQUIRE_MESSAGE(committed.has_value(), committed.error().status.message);
  return *committed;
}

}  // namespace weft::testing
