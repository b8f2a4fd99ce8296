#include "edge/private_data_service.hpp"

#include <spdlog/spdlog.h>

#include <filesystem>

#include "actors/node/files.hpp"
#include "actors/peer/private_data.hpp"
#include "edge/bridge.hpp"
#include "edge/rpc/unary_client.hpp"

namespace weft::edge {

namespace {

constexpr const char* service_name = "weft.peer.PrivateData";
constexpr const char* fetch_method = "/weft.peer.PrivateData/Fetch";
constexpr std::size_t fetches_max = 16;  ///< An answer may hold 90 MiB; siblings are few and have one request open each.

using fetch_bridge = caf::typed_actor<
    // A request, and the call that waits for the answer.
    caf::reacts_to<actors::atom::fetch, std::string, bytes, unary_ptr>>;
using fetch_bridge_state = bridge_state<actors::private_server_actor>;

fetch_bridge::behavior_type bridge(actors::role_self<fetch_bridge, fetch_bridge_state> self) {
  return {[self](actors::atom::fetch f, const std::string& site, const bytes& request, const unary_ptr& call) {
    forward<actors::fetch_reply>(
        self, site, call, patience{actors::fetch_patience},
        [](unary_call& c, const actors::fetch_reply& r) { r.status.ok() ? c.answer(r.response) : c.refuse(r.status); }, f, request);
  }};
}

/// A peer shows its server certificate to others, which is good for clients too.
result<client_tls> client_tls_of(const actors::node& node, const std::filesystem::path& folder, const std::string& peer) {
  for (const auto& org : node.topology().organizations) {
    for (const auto& host : org.hosts) {
      if (host + "." + org.domain != peer) continue;
      const auto tls = actors::member_folders::host(folder, org, host) / "tls";
      client_tls out;
      WEFT_TRY(out.roots_pem, actors::read_file(tls / "ca.crt"));
      WEFT_TRY(out.certificate_pem, actors::read_file(tls / "server.crt"));
      WEFT_TRY(out.key_pem, actors::read_file(tls / "server.key"));
      return out;
    }
  }
  return fail(errc::not_found, "the topology has no member " + peer);
}

using link_actor = actors::private_link_actor::extend<
    // INTERNAL: a call is over.
    caf::reacts_to<actors::atom::ended, std::uint64_t, actors::rpc_status, bytes>>;

struct link_state {
  client_tls tls;
  std::function<std::optional<member_location>(const std::string&)> locate;
  struct connection {
    std::string address;
    std::shared_ptr<unary_client> client;
  };
  std::map<std::string, connection> connections;  ///< By sibling: as many as the organization has peers.
  std::map<std::uint64_t, caf::typed_response_promise<actors::fetch_reply>> open;
  std::uint64_t calls = 0;
  static inline const char* name = "private_link";
};
using link_self = actors::role_self<link_actor, link_state>;

/// Answers are as large as a message may be.
constexpr std::size_t open_calls_max = 8;

caf::result<actors::fetch_reply> ask(link_self self, const std::string& sibling, const bytes& request) {
  auto& s = self->state;
  const auto at = s.locate(sibling);
  if (!at || at->address.find(':') == std::string::npos) {
    return actors::fetch_reply{actors::status_of(actors::rpc_code::unavailable, "nobody knows a port of " + sibling), {}};
  }
  if (s.open.size() >= open_calls_max) return actors::fetch_reply{actors::status_of(actors::rpc_code::resource_exhausted, "too many requests are open"), {}};
  auto& c = s.connections[sibling];
  if (c.address != at->address) {
    auto tls = s.tls;
    tls.name = sibling;  // whoever answers at that address has to be this peer
    c = {at->address, unary_client::connect(at->address, tls)};
  }
  auto promise = self->make_response_promise<actors::fetch_reply>();
  const auto id = ++s.calls;
  s.open.emplace(id, promise);
  const auto me = caf::actor_cast<link_actor>(caf::strong_actor_ptr{self->ctrl()});
  c.client->call(fetch_method, request, actors::fetch_patience,
                 [me, id](call_answer a) { caf::anon_send(me, actors::atom::ended::value, id, std::move(a.status), std::move(a.response)); });
  return promise;
}

link_actor::behavior_type link(link_self self) {
  return {
      [self](actors::atom::fetch, const std::string& sibling, const bytes& request) { return ask(self, sibling, request); },
      [self](actors::atom::ended, std::uint64_t id, const actors::rpc_status& status, const bytes& response) {
        auto found = self->state.open.extract(id);
        if (!found.empty()) found.mapped().deliver(actors::fetch_reply{status, response});
      },
  };
}

/// Null when there is nothing to connect with.
caf::strong_actor_ptr open_link(const door_context& context) {
  const auto peer = context.peers->choose({}, {});
  if (!peer) return nullptr;
  const auto name = actors::private_link_name((*peer)->name);
  auto tls = client_tls_of(*context.node, context.node->settings().folder, (*peer)->name);
  if (!tls) {
    spdlog::warn("{}: peers of other nodes are not asked for private data: {}", (*peer)->name, tls.error().context);
    return nullptr;
  }
  using self_type = std::remove_pointer_t<link_self>;
  const link_actor made = context.system->spawn(
      [name, where = context.node->where(), tls = std::move(*tls), locate = context.locate](self_type* self) mutable -> link_actor::behavior_type {
        self->sit(name, bridge_meter());
        self->state.tls = std::move(tls);
        self->state.locate = std::move(locate);
        self->attach_functor([name, where, me = self->address()] {
          if (const auto still = caf::actor_cast<caf::strong_actor_ptr>(me)) where->erase_if(name, still);
        });
        return link(self);
      });
  auto handle = caf::actor_cast<caf::strong_actor_ptr>(made);
  context.node->where()->put(name, handle);
  return handle;
}

}  // namespace

equipped_service make_private_data_service(const door_context& context) {
  auto actor = spawn_bridge<fetch_bridge>(*context.system, "door/private_data", [](auto self) { return bridge(self); },
                                          fetch_bridge_state{context.node->where(), "private_server", {}, {}});
  equipped_service out{{service_name, fetches_max, {}, {}}, {caf::actor_cast<caf::strong_actor_ptr>(actor)}};
  out.service.unary["Fetch"] = [actor, peers = context.peers](const unary_ptr& call) {
    const auto peer = peers->choose({}, {});
    if (!peer) return call->refuse(actors::to_status(peer.error()));
    caf::anon_send(actor, actors::atom::fetch::value, (*peer)->name, call->request(), call);
  };
  if (auto link = open_link(context)) out.bridges.push_back(std::move(link));
  return out;
}

}  // namespace weft::edge
