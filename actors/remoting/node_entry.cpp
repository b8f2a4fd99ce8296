#include "actors/remoting/node_entry.hpp"

#include <spdlog/spdlog.h>

#include <caf/io/basp_broker.hpp>
#include <caf/io/middleman.hpp>
#include <optional>

#include "actors/remoting/basp.hpp"

namespace weft::actors::remoting {

void entry_port::attach(caf::actor_addr entry) {
  std::lock_guard lock(mutex_);
  entry_ = std::move(entry);
  poked_ = false;
}

void entry_port::deliver(link_event e) {
  std::lock_guard lock(mutex_);
  if (const auto to = caf::actor_cast<node_entry_actor>(entry_)) caf::anon_send(to, atom::link::value, std::make_shared<link_event>(std::move(e)));
}

void entry_port::poke() {
  if (poked_.exchange(true)) return;
  std::lock_guard lock(mutex_);
  if (const auto to = caf::actor_cast<node_entry_actor>(entry_)) caf::anon_send(to, atom::changed::value);
}

namespace {

constexpr std::chrono::seconds hello_timeout{2};
constexpr std::chrono::milliseconds report_timeout{500};
/// BASP wants a number for what it publishes; there is no such port.
constexpr std::uint16_t published_as = 1;

struct peer {
  std::uint64_t serial = 0;                             ///< Of the newest link.
  caf::strong_actor_ptr entry;                          ///< The other node's; from hello until its down message.
  std::map<std::string, caf::strong_actor_ptr> told;    ///< What the other side knows of us …
  std::map<std::string, caf::strong_actor_ptr> learned; ///< … and we of it; all of this stands in our directory.
  link_event_ptr waiting;                               ///< A link that came up while BASP was still busy with the end of the last.
};

struct entry_state {
  std::shared_ptr<const entry_parts> parts;
  std::map<std::string, peer, std::less<>> peers;
  static inline const char* name = "node_entry";
};
using node_entry_self = role_self<node_entry_actor, entry_state>;

std::set<std::string> interface_of(node_entry_self self) {
  return self->home_system().message_types(caf::detail::type_list<node_entry_actor>{});
}

/// The peer whose entry this is; null for everybody else.
std::pair<const std::string, peer>* by_entry(node_entry_self self, const caf::actor_addr& who) {
  for (auto& row : self->state.peers) {
    if (row.second.entry && who == row.second.entry) return &row;
  }
  return nullptr;
}

// ---- What we tell

std::map<std::string, caf::strong_actor_ptr> shared_here(node_entry_self self) {
  std::map<std::string, caf::strong_actor_ptr> out;
  const auto& parts = *self->state.parts;
  for (auto& [name, who] : parts.where->list()) {
    const auto member = member_of_shared(name);
    if (!member || who->node() != self->node()) continue;
    const auto at = parts.placement.find(*member);
    if (at != parts.placement.end() && at->second == parts.self && out.size() < roles_per_node_max) out.emplace(name, who);
  }
  return out;
}

void tell(node_entry_self self, peer& p, const std::map<std::string, caf::strong_actor_ptr>& now) {
  if (!p.entry) return;
  const auto to = caf::actor_cast<node_entry_actor>(p.entry);
  for (const auto& [name, who] : p.told) {
    if (!now.count(name)) self->send(to, atom::here::value, role_handle{name, nullptr});
  }
  for (const auto& [name, who] : now) {
    const auto it = p.told.find(name);
    if (it == p.told.end() || it->second != who) self->send(to, atom::here::value, role_handle{name, who});
  }
  p.told = now;
}

// ---- What we learn

void forget(node_entry_self self, peer& p) {
  for (const auto& [name, who] : p.learned) self->state.parts->where->erase_if(name, who);
  p.learned.clear();
  p.told.clear();
}

void learn(node_entry_self self, const role_handle& role) {
  const auto row = by_entry(self, self->current_sender() ? self->current_sender()->address() : caf::actor_addr{});
  if (row == nullptr) return;
  auto& [node, p] = *row;
  const auto& parts = *self->state.parts;
  // A node speaks for the members that the plan puts there, and for its own actors.
  const auto member = member_of_shared(role.name);
  const auto at = member ? parts.placement.find(*member) : parts.placement.end();
  if (at == parts.placement.end() || at->second != node) return;
  if (role.who && role.who->node() != p.entry->node()) return;
  if (const auto known = p.learned.find(role.name); known != p.learned.end()) {
    if (known->second == role.who) return;
    if (!role.who) parts.where->erase_if(role.name, known->second);
    p.learned.erase(known);
  }
  if (!role.who || p.learned.size() >= roles_per_node_max) return;
  p.learned.emplace(role.name, role.who);
  parts.where->put(role.name, role.who);
}

// ---- Links

void meet(node_entry_self self, peer& p, const caf::strong_actor_ptr& entry) {
  p.entry = entry;
  self->monitor(entry->address());
}

void begin_to_tell(node_entry_self self, const std::string& node, peer& p) {
  spdlog::info("node {}: linked with node {}", self->state.parts->self, node);
  tell(self, p, shared_here(self));
}

/// BASP knows the entry of the node that we dialled. It may tell of its roles before its answer to our hello is here.
void greet(node_entry_self self, const std::string& node, std::uint64_t serial, const caf::strong_actor_ptr& entry, const std::set<std::string>& offered) {
  auto& p = self->state.peers[node];
  const auto give_up = [self, node, serial](const std::string& why) { self->state.parts->tunnel->reset(node, serial, why); };
  if (p.serial != serial || p.entry) return;
  if (!entry || !self->home_system().assignable(offered, interface_of(self))) return give_up("its entry is of another version");
  meet(self, p, entry);
  self->request(caf::actor_cast<node_entry_actor>(entry), hello_timeout, atom::hello::value, entry_version)
      .then([self, node, serial, give_up](std::uint32_t version) {
              auto& q = self->state.peers[node];
              if (q.serial != serial || !q.entry) return;
              if (version != entry_version) return give_up("its entry is of another version");
              begin_to_tell(self, node, q);
            },
            [self, give_up](const caf::error& e) { give_up("its entry does not answer: " + self->home_system().render(e)); });
}

void hand_to_basp(node_entry_self self, const link_event_ptr& e) {
  auto& middleman = self->home_system().middleman();
  const auto basp = middleman.named_broker<caf::io::basp_broker>(caf::atom("BASP"));
  auto scribe = middleman.backend().new_scribe(e->socket.release());
  const auto serial = e->serial;
  const auto node = e->peer;
  if (!e->dialled) {
    caf::anon_send(basp, caf::publish_atom::value, std::move(scribe), published_as, caf::strong_actor_ptr{self->ctrl()}, interface_of(self));
    self->delayed_send(self, hello_timeout, atom::expired::value, node, serial);
    return;
  }
  self->request(basp, hello_timeout, caf::connect_atom::value, std::move(scribe), std::uint16_t{0})
      .then([self, node, serial](const caf::node_id&, const caf::strong_actor_ptr& entry,
                                 const std::set<std::string>& offered) { greet(self, node, serial, entry, offered); },
            [self, node, serial](const caf::error& error) {
              self->state.parts->tunnel->reset(node, serial, "no BASP handshake: " + self->home_system().render(error));
            });
}

void on_link(node_entry_self self, const link_event_ptr& e) {
  auto& p = self->state.peers[e->peer];
  if (!e->up) {
    if (p.serial != e->serial) return;
    if (p.entry) spdlog::warn("node {}: lost node {}: {}", self->state.parts->self, e->peer, e->why);
    p.waiting.reset();
    return forget(self, p);  // the down message comes a moment later
  }
  p.serial = e->serial;
  if (p.entry) p.waiting = e; else hand_to_basp(self, e);
}

void on_down(node_entry_self self, const caf::down_msg& down) {
  const auto row = by_entry(self, down.source);
  if (row == nullptr) return;
  auto& [node, p] = *row;
  forget(self, p);
  p.entry.reset();
  if (p.waiting) return hand_to_basp(self, std::exchange(p.waiting, {}));
  self->state.parts->tunnel->reset(node, p.serial, "its entry is gone");  // when the link still stands, the entry died and not the node
}

caf::result<std::uint32_t> on_hello(node_entry_self self, std::uint32_t version) {
  const auto sender = self->current_sender();
  if (!sender || sender->node() == self->node()) return caf::sec::invalid_argument;
  const auto& parts = *self->state.parts;
  const auto node = parts.tunnel->peer_of(mark_of(self->home_system(), sender->node()));
  if (node.empty()) return caf::sec::invalid_argument;
  auto& p = self->state.peers[node];
  if (p.entry) return caf::sec::invalid_argument;
  if (version != entry_version) return entry_version;  // it reads that, and leaves
  meet(self, p, sender);
  begin_to_tell(self, node, p);
  return entry_version;
}

role_handle who_is(node_entry_self self, const std::string& name) {
  const auto here = shared_here(self);
  const auto it = here.find(name);
  return {name, it == here.end() ? nullptr : it->second};
}

/// One question to all linked nodes.
struct gathering {
  std::map<std::string, bytes> reports;
  std::size_t open = 0;
  caf::typed_response_promise<node_reports_ptr> promise;
  void one_less() {
    if (--open == 0) promise.deliver(std::make_shared<const std::map<std::string, bytes>>(std::move(reports)));
  }
};

caf::result<node_reports_ptr> collect(node_entry_self self) {
  auto g = std::make_shared<gathering>();
  for (const auto& [node, p] : self->state.peers) g->open += p.entry ? 1 : 0;
  if (g->open == 0) return std::make_shared<const std::map<std::string, bytes>>();
  g->promise = self->make_response_promise<node_reports_ptr>();
  for (const auto& [node, p] : self->state.peers) {
    if (!p.entry) continue;
    self->request(caf::actor_cast<node_entry_actor>(p.entry), report_timeout, atom::report::value)
        .then([g, node = node](const bytes& told) {
                if (told.size() <= report_bytes_max) g->reports[node] = told;
                g->one_less();
              },
              [g](const caf::error&) { g->one_less(); });
  }
  return g->promise;
}

void on_change(node_entry_self self) {
  self->state.parts->port->poked();
  const auto now = shared_here(self);
  for (auto& [node, p] : self->state.peers) tell(self, p, now);
}

node_entry_actor::behavior_type node_entry(node_entry_self self, std::shared_ptr<const entry_parts> parts) {
  self->state.parts = parts;
  self->set_down_handler([self](caf::down_msg& down) { on_down(self, down); });
  parts->port->attach(self->address());
  if (!parts->tunnel->start()) parts->tunnel->reset_all("the entry starts");  // what an earlier life knew of the links died with it
  return {
      [self](atom::hello, std::uint32_t version) { return on_hello(self, version); },
      [self](atom::whois, const std::string& name) { return who_is(self, name); },
      [self](atom::report) { return self->state.parts->report ? self->state.parts->report() : bytes{}; },
      [self](atom::collect) { return collect(self); },
      [self](atom::here, const role_handle& role) { learn(self, role); },
      [self](atom::changed) { on_change(self); },
      [self](atom::link, const link_event_ptr& e) { on_link(self, e); },
      [self](atom::expired, const std::string& node, std::uint64_t serial) {
        const auto& p = self->state.peers[node];
        if (p.serial == serial && !p.entry) self->state.parts->tunnel->reset(node, serial, "its entry does not say hello");
      },
  };
}

}  // namespace

role_spec node_entry_role(seat s, std::shared_ptr<const entry_parts> parts) { return make_spec(std::move(s), &node_entry, std::move(parts)); }

}  // namespace weft::actors::remoting
