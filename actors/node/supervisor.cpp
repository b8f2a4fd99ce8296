#include "actors/node/supervisor.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace weft::actors {

void role_table::set(const std::string& name, bool alive, bool died, std::string why) {
  std::lock_guard lock(mutex_);
  auto& row = rows_[name];
  row.name = name;
  if (alive && !row.last_death.empty()) ++row.restarts;
  row.alive = alive;
  if (died) row.last_death = std::move(why);
}

void role_table::forget(const std::string& name) {
  std::lock_guard lock(mutex_);
  rows_.erase(name);
}

std::vector<role_report> role_table::list() const {
  std::lock_guard lock(mutex_);
  std::vector<role_report> out;
  for (const auto& [name, row] : rows_) out.push_back(row);
  return out;
}

namespace {

using supervisor_self = role_self<supervisor_actor, supervisor_state>;

constexpr std::chrono::milliseconds first_pause{10}, longest_pause{1000};
constexpr std::chrono::seconds steady_life{10};  ///< A role that lived this long starts its pauses from the beginning.

void start(supervisor_self self, const std::string& name) {
  auto& s = self->state;
  const auto handle = s.specs.at(name).spawn(self->home_system());
  const auto who = caf::actor_cast<caf::actor_addr>(handle);
  self->monitor(who);
  s.alive[name] = who;
  s.born[name] = self->clock().now();
  s.where->put(name, handle);
  s.table->set(name, true, false, {});
}

/// What a role said when it stopped, or CAF's name of the reason.
std::string cause_of(supervisor_self self, const caf::error& reason) {
  if (reason && reason.context().match_elements<std::string>()) return reason.context().get_as<std::string>(0);  // an end in peace has no context at all
  return self->home_system().render(reason);
}

void finish_stop(supervisor_self self) {
  auto& s = self->state;
  if (!s.alive.empty()) return;
  s.where->clear();
  for (auto& p : s.waiting) p.deliver(true);
  self->quit(caf::exit_reason::user_shutdown);
}

void on_down(supervisor_self self, const caf::down_msg& down) {
  auto& s = self->state;
  const auto it = std::find_if(s.alive.begin(), s.alive.end(), [&](const auto& row) { return row.second == down.source; });
  if (it == s.alive.end()) return;
  const auto name = it->first;
  s.alive.erase(it);
  s.where->erase(name);
  const auto why = cause_of(self, down.reason);
  s.table->set(name, false, !s.stopping, why);
  if (s.stopping) return finish_stop(self);
  if (down.reason == caf::exit_reason::normal) {  // it has done what it was there for
    s.specs.erase(name);
    return s.table->forget(name);
  }
  auto& deaths = s.deaths_in_a_row[name];
  if (self->clock().now() - s.born[name] > steady_life) deaths = 0;
  const auto pause = std::min(first_pause * (1 << std::min(deaths, 9u)), longest_pause);
  ++deaths;
  spdlog::warn("{} died ({}), starting it again in {} ms", name, why, pause.count());
  self->delayed_send(self, pause, atom::restart::value, name);
}

/// `send_exit` to an address has no sender, and roles ignore exits without one.
bool end(supervisor_self self, const caf::actor_addr& addr, caf::message_priority priority, caf::exit_reason reason) {
  const auto who = caf::actor_cast<caf::strong_actor_ptr>(addr);
  if (!who) return false;
  who->enqueue(caf::strong_actor_ptr{self->ctrl()}, caf::make_message_id(priority), caf::make_message(caf::exit_msg{self->address(), reason}),
               self->context());
  return true;
}

/// High priority, so that a role with a full inbox dies now and not behind it.
bool kill(supervisor_self self, const std::string& name) {
  const auto it = self->state.alive.find(name);
  return it != self->state.alive.end() && end(self, it->second, caf::message_priority::high, caf::exit_reason::kill);
}

bool adopt(supervisor_self self, const std::vector<role_spec>& specs) {
  auto& s = self->state;
  if (s.stopping) return false;
  for (const auto& spec : specs) if (s.specs.emplace(spec.name, spec).second) start(self, spec.name);
  return true;
}

caf::result<bool> stop(supervisor_self self) {
  auto& s = self->state;
  auto promise = self->make_response_promise<bool>();
  s.waiting.push_back(promise);
  if (!std::exchange(s.stopping, true)) {
    // By handle: the overload for addresses sends without a sender, and roles ignore such messages.
    for (const auto& [name, who] : s.alive) self->send_exit(caf::actor_cast<caf::actor>(who), caf::exit_reason::user_shutdown);
  }
  finish_stop(self);
  return promise;
}

}  // namespace

supervisor_actor::behavior_type supervisor(supervisor_self self, directory_ptr where, std::vector<role_spec> specs, std::shared_ptr<role_table> table) {
  auto& s = self->state;
  s.where = std::move(where);
  s.table = std::move(table);
  self->set_down_handler([self](caf::down_msg& down) { on_down(self, down); });
  std::vector<std::string> order;
  for (auto& spec : specs) {
    order.push_back(spec.name);
    s.specs.emplace(spec.name, std::move(spec));
  }
  s.where->put(supervisor_name, caf::strong_actor_ptr{self->ctrl()});
  for (const auto& name : order) start(self, name);
  return {
      [self](atom::kill, const std::string& name) { return kill(self, name); },
      [self](atom::stop) { return stop(self); },
      [self](atom::adopt, const std::shared_ptr<const std::vector<role_spec>>& specs) { return adopt(self, *specs); },
      [self](atom::restart, const std::string& name) { if (!self->state.stopping) start(self, name); },
  };
}

}  // namespace weft::actors
