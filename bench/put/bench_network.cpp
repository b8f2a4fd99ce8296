#include "bench/put/bench_network.hpp"

#include <stdlib.h>  // mkdtemp

#include <cerrno>
#include <cstring>
#include <future>

#include "actors/node/cluster_layout.hpp"
#include "actors/remoting/remoting.hpp"
#include "crypto/msp/folder.hpp"

namespace weft::bench {

namespace fs = std::filesystem;

namespace {

constexpr std::chrono::seconds start_patience{60};
constexpr const char* client_name = "User1";

actors::node_settings settings_of(const put_options& o, const fs::path& folder) {
  actors::node_settings s;
  s.folder = folder;
  s.durability = o.durable ? ledger::durability::full : ledger::durability::off;
  s.trust = o.trust_shared ? actors::trust::shared : actors::trust::each;
  return s;
}

result<void> wait_until_ready(actors::node& n) {
  auto ready = std::make_shared<std::promise<result<void>>>();
  auto told = ready->get_future();
  n.when_ready([ready](const result<void>& r) { ready->set_value(r); });
  if (told.wait_for(start_patience) != std::future_status::ready) return fail(errc::timeout, "the network was not ready within 60 s");
  return told.get();
}

}  // namespace

scratch::~scratch() {
  std::error_code ignored;  // what cannot be removed stays in a scratch place
  if (!path.empty()) fs::remove_all(path, ignored);
}

result<void> scratch::make(const fs::path& parent) {
  std::error_code ec;
  const auto base = parent.empty() ? fs::temp_directory_path(ec) : parent;
  if (ec) return fail(errc::io, "no folder for temporary files: " + ec.message() + "; name one with --dir");
  fs::create_directories(base, ec);
  auto name = (base / "weft-bench-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) return fail(errc::io, "cannot make a folder in " + base.string() + ": " + std::strerror(errno));
  path = name;
  return {};
}

fs::path client_msp_folder(const fs::path& network, const config::topology& t) {
  return actors::member_folders::user(network, t.organizations.front(), client_name) / "msp";
}

result<bench_network> start_network(const put_options& o, config::topology& t, const fs::path& folder, std::size_t threads) {
  bench_network n;
  auto settings = settings_of(o, folder);
  const auto nodes = folder / "nodes";
  if (o.processes) {
    WEFT_CHECK(spread_orderers(t));
    const actors::material_seams seams{std::make_shared<system_clock>(), std::make_shared<system_random>(), crypto::nonce_rule::random};
    WEFT_CHECK(actors::lay_out_nodes(nodes, t, seams, [](const std::string&, const std::string&) {}));
    WEFT_TRY(n.elsewhere, orderer_processes::start(t, nodes, settings));
    settings.node = bench_node;
    settings.folder = nodes / bench_node;
  }
  n.config = actors::make_system_config(threads);
  if (o.processes) actors::remoting::prepare(*n.config);
  n.system = std::make_unique<caf::actor_system>(*n.config);
  WEFT_TRY(n.node, actors::node::start(*n.system, t, std::move(settings)));
  WEFT_CHECK(wait_until_ready(*n.node));
  if (n.elsewhere) WEFT_CHECK(n.elsewhere->wait_until_ready(start_patience));
  n.folder = o.processes ? nodes / "operator" : folder;
  WEFT_TRY(n.client, crypto::read_signing_identity(client_msp_folder(n.folder, t), t.organizations.front().msp_id));
  return n;
}

}  // namespace weft::bench
