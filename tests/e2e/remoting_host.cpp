#include "tests/e2e/remoting_host.hpp"

#include <caf/scoped_actor.hpp>
#include <fstream>
#include <thread>

namespace weft::testing {

using namespace actors;

namespace {

struct orderer_state {
  std::string answer;
};
orderer_actor::behavior_type test_orderer(role_self<orderer_actor, orderer_state> self, std::string answer) {
  self->state.answer = std::move(answer);
  return {
      [self](atom::broadcast, const ledger::envelope&) { return broadcast_reply{200, self->state.answer, {}}; },
      [self](atom::leader, const std::string&, std::uint64_t) -> caf::result<std::string, std::uint64_t> { return {self->state.answer, std::uint64_t{0}}; },
      [](atom::changed, const std::string&) {},
      [self](atom::broadcast, const std::vector<ledger::envelope>& all) {
        return std::vector<broadcast_reply>(all.size(), broadcast_reply{200, self->state.answer, {}});
      },
  };
}

/// As make_system_config, with the messages that are sent here.
struct test_config final : caf::actor_system_config {
  test_config() {
    add_message_type<ledger::envelope>("weft.envelope");
    add_message_type<broadcast_reply>("weft.broadcast");
    set("scheduler.policy", caf::atom("stealing"));
    set("scheduler.max-threads", std::size_t{2});
    set("scheduler.max-throughput", std::size_t{300});
    set("work-stealing.moderate-poll-attempts", std::size_t{0});
    set("work-stealing.relaxed-sleep-duration", caf::timespan{std::chrono::milliseconds{3}});
    remoting::prepare(*this);
  }
};

}  // namespace

std::unique_ptr<caf::actor_system_config> make_test_config() { return std::make_unique<test_config>(); }

plan::plan() {
  limits.redial.longest = std::chrono::milliseconds(200);
  for (int i = 1; i <= nodes; ++i) {
    const auto n = std::to_string(i);
    certificates["host" + n] = authority.host("host" + n + ".example.com");
    placement["m" + n] = "host" + n;
  }
}

remoting::settings plan::settings(const std::string& node) const {
  remoting::settings s;
  s.node = node;
  s.certificate_pem = certificates.at(node).certificate_pem;
  s.key_pem = certificates.at(node).key_pem;
  s.limits = limits;
  for (const auto& [name, ignored] : certificates) {
    if (name == node) continue;
    const auto at = addresses.find(name);
    // Nobody listens at port 1.
    s.peers[name] = {at == addresses.end() ? "127.0.0.1:1" : at->second, {{}, name + ".example.com", {authority.root_pem()}}};
  }
  return s;
}

host::host(plan& p, const std::string& n, const std::string& listen) : name(n), config(make_test_config()) {
  system = std::make_unique<caf::actor_system>(*config);
  auto s = p.settings(name);
  s.listen = listen;
  auto started = remoting::start(*system, std::move(s), where_, p.placement);
  if (!started) throw std::runtime_error(started.error().context);
  links = std::move(*started);
  p.addresses[name] = links->address();
  entry = links->entry_role().spawn(*system);
}

host::~host() {
  links->stop();
  for (auto& [role, who] : roles_) kill(who);
  kill(entry);
  where_->clear();
}

caf::strong_actor_ptr spawn_orderer(caf::actor_system& system, const std::string& role, const std::string& answer) {
  return make_spec(seat{role, nullptr}, &test_orderer, answer).spawn(system);
}

void kill(caf::actor_system& system, const caf::strong_actor_ptr& who) {
  caf::scoped_actor self{system};
  self->send_exit(caf::actor_cast<caf::actor>(who), caf::exit_reason::kill);
  self->wait_for(caf::actor_cast<caf::actor>(who));
}

void host::start_orderer(const std::string& answer) {
  const auto role = "m" + name.substr(4) + "/orderer";
  roles_[role] = spawn_orderer(*system, role, answer);
  where_->put(role, roles_[role]);
}

void host::stop_orderer() {
  const auto role = "m" + name.substr(4) + "/orderer";
  where_->erase(role);
  kill(roles_.at(role));
  roles_.erase(role);
}

std::int32_t host::ask(const std::string& member, std::string* info, std::size_t size, std::chrono::milliseconds patience) {
  route<orderer_actor> to(where_, member + "/orderer");
  const auto whom = to.get();
  if (!whom) return 0;
  caf::scoped_actor self{*system};
  std::int32_t out = -1;
  self->request(whom, patience, atom::broadcast::value, envelope_of(size))
      .receive([&](const broadcast_reply& r) {
                 out = r.status;
                 if (info != nullptr) *info = r.info;
               },
               [&](const caf::error&) {});
  return out;
}

bool eventually(const std::function<bool()>& holds, std::chrono::milliseconds patience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

ledger::envelope envelope_of(std::size_t size) { return ledger::envelope::make(bytes(size, 'x'), "signature"); }

std::size_t resident() {
  std::size_t pages = 0, in_memory = 0;
  std::ifstream("/proc/self/statm") >> pages >> in_memory;
  return in_memory * 4096;
}

}  // namespace weft::testing
