// Calls on their way into the network: a bridge actor per service gives them a sender, so that a fault plan sees them (architecture §4.5), and
// answers those whose role died holding them.
#pragma once

#include <algorithm>
#include <map>

#include "actors/interfaces.hpp"
#include "actors/role.hpp"
#include "edge/access.hpp"
#include "edge/edge_cpu.hpp"
#include "edge/rpc/server.hpp"

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(weft::edge::unary_ptr)

namespace weft::edge {

/// Calls that roles hold. State of one bridge actor.
class held_calls {
 public:
  [[nodiscard]] bool watches(const caf::actor_addr& role) const { return calls_.count(role) > 0; }
  std::uint64_t add(const caf::actor_addr& role, const unary_ptr& call) {
    calls_[role].emplace(++last_, call);
    return last_;
  }
  void remove(const caf::actor_addr& role, std::uint64_t id) {
    if (const auto it = calls_.find(role); it != calls_.end()) it->second.erase(id);
  }
  void died(const caf::actor_addr& role) {
    const auto it = calls_.find(role);
    if (it == calls_.end()) return;
    for (auto& [id, call] : it->second) {
      call->refuse(actors::status_of(actors::rpc_code::unavailable, "the role that held the call died; it is being restarted, try again"));
    }
    calls_.erase(it);
  }

 private:
  std::map<caf::actor_addr, std::map<std::uint64_t, unary_ptr>> calls_;
  std::uint64_t last_ = 0;
};

/// Routes to one role of several sites, and the calls that they hold.
template <class Role>
struct bridge_state {
  actors::directory_ptr where;
  std::string role;  ///< "gateway"
  std::map<std::string, actors::route<Role>> routes;
  held_calls calls;
  static inline const char* name = "bridge";

  [[nodiscard]] const Role& find(const std::string& site) {
    return routes.try_emplace(site, where, site + "/" + role).first->second.get();
  }
};

/// How long a call may take, and what its client hears when that is over.
struct patience {
  std::chrono::milliseconds longest;
  const char* expired = "no answer within the deadline; the outcome is unknown";
};

/// Sends a call's content to a role of `site` and hands the reply to `answer`. Never waits longer than the client does, nor than `wait` says.
template <class Reply, class Self, class Answer, class... Content>
void forward(Self self, const std::string& site, const unary_ptr& call, patience wait, Answer answer, Content&&... content) {
  auto& state = self->state;
  const auto& role = state.find(site);
  if (!role) {
    return call->refuse(actors::status_of(actors::rpc_code::unavailable, "the " + state.role + " of " + site + " is restarting; try again"));
  }
  const auto left = call->time_left();
  const auto timeout = left ? std::min(*left, wait.longest) : wait.longest;
  if (timeout.count() <= 0 || !call->open()) {
    return call->refuse(actors::status_of(actors::rpc_code::deadline_exceeded, wait.expired));
  }
  const auto address = caf::actor_cast<caf::actor_addr>(role);
  if (!state.calls.watches(address)) self->monitor(role);
  const auto id = state.calls.add(address, call);
  self->request(role, timeout, std::forward<Content>(content)...)
      .then(
          [self, address, id, call, answer](const Reply& reply) {
            self->state.calls.remove(address, id);
            answer(*call, reply);
          },
          [self, address, id, call, expired = wait.expired](const caf::error& e) {
            self->state.calls.remove(address, id);
            const bool late = e == caf::sec::request_timeout;
            call->refuse(actors::status_of(late ? actors::rpc_code::deadline_exceeded : actors::rpc_code::unavailable,
                                           late ? expired : "the role stopped while it held the call; try again"));
          });
}

/// Spawns a bridge and seats it as a role.
template <class Bridge, class State, class Fn>
Bridge spawn_bridge(caf::actor_system& system, const std::string& name, Fn behaviour, State state) {
  using self_type = std::remove_pointer_t<actors::role_self<Bridge, State>>;
  return system.spawn([=](self_type* self) mutable -> typename Bridge::behavior_type {
    self->sit(name, bridge_meter());
    self->state = std::move(state);
    self->set_down_handler([self](caf::down_msg& down) { self->state.calls.died(down.source); });
    return behaviour(self);
  });
}

}  // namespace weft::edge
