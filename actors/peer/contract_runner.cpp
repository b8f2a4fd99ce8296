// CONTRACT_RUNNER: carries out what the switchboard decides (chaincode/shim/switchboard.hpp). It holds the streams and the promises; everything else
// is there.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>

#include "actors/peer/contracts.hpp"

namespace weft::actors {

struct contract_runner_state {
  std::shared_ptr<contract_dialler> dialler;
  std::unique_ptr<chaincode::shim::switchboard> board;
  struct held {
    std::uint64_t number = 0;
    contract_stream_ptr stream;
  };
  std::map<chaincode::shim::link_id, held> streams;
  std::map<std::uint64_t, chaincode::shim::link_id> links;  ///< By the number that listeners use.
  struct asked {
    std::string tx_id;
    caf::typed_response_promise<std::shared_ptr<const simulation_outcome>> promise;
  };
  std::map<chaincode::shim::ticket, asked> waiting;
  chaincode::shim::ticket tickets = 0;
  std::optional<caf::actor_clock::time_point> armed;
  static inline const char* name = "contract_runner";

  /// Whoever asked has asked the host: nobody watches the runner for them.
  ~contract_runner_state() {
    for (auto& [id, a] : waiting) {
      const auto text = "error in simulation: failed to execute transaction " + a.tx_id + ": the contract runner of this peer stopped while the contract ran";
      a.promise.deliver(std::make_shared<const simulation_outcome>(simulation_outcome{fail(errc::unavailable, text)}));
    }
  }
};

namespace {

namespace shim = chaincode::shim;
using contract_runner_self = role_self<contract_runner_actor, contract_runner_state>;

/// A listener that outlives its runner tells nobody.
class runner_ear final : public contract_listener {
 public:
  runner_ear(std::uint64_t number, const contract_runner_actor& runner) : number_(number), runner_(caf::actor_cast<caf::actor_addr>(runner)) {}
  void opened() override { tell(atom::linked::value, number_); }
  void message(bytes content) override { tell(atom::heard::value, number_, std::move(content)); }
  void ended(std::string why) override { tell(atom::hung_up::value, number_, std::move(why)); }

 private:
  template <class... Ts>
  void tell(Ts&&... content) {
    if (auto alive = caf::actor_cast<caf::strong_actor_ptr>(runner_)) {
      caf::anon_send(caf::actor_cast<contract_runner_actor>(alive), std::forward<Ts>(content)...);
    }
  }
  std::uint64_t number_;
  caf::actor_addr runner_;
};

void carry_out(contract_runner_self self, shim::board_effects effects);

/// One tick for all deadlines; one that comes too early looks again.
void arm(contract_runner_self self) {
  auto& s = self->state;
  const auto next = s.board->next_deadline();
  if (!next || (s.armed && *s.armed <= *next)) return;
  s.armed = *next;
  const auto now = self->clock().now();
  self->delayed_send(self, std::max(*next - now, caf::actor_clock::duration_type::zero()), atom::tick::value);
}

void step(contract_runner_self self, shim::board_event event) {
  carry_out(self, self->state.board->step(std::move(event), self->clock().now()));
  arm(self);
}

void keep(contract_runner_self self, shim::link_id link, std::uint64_t number, contract_stream_ptr stream) {
  self->state.streams[link] = {number, std::move(stream)};
  self->state.links[number] = link;
}

/// Forgets a stream, which closes it.
void drop(contract_runner_self self, shim::link_id link, const std::string& why) {
  auto& s = self->state;
  const auto it = s.streams.find(link);
  if (it == s.streams.end()) return;
  const auto gone = std::move(it->second);
  s.links.erase(gone.number);
  s.streams.erase(it);
  gone.stream->close(why);
}

void begin_dial(contract_runner_self self, const shim::dial& d) {
  auto& s = self->state;
  if (!s.dialler) return step(self, shim::link_down{d.link, "this process has no gRPC client"});
  const auto ear = make_ear(self);
  keep(self, d.link, ear.number, s.dialler->dial(d.to, ear.listener));
}

void carry_out(contract_runner_self self, shim::board_effects effects) {
  auto& s = self->state;
  for (auto& effect : effects) {
    if (auto* m = std::get_if<shim::send_message>(&effect)) {
      if (const auto it = s.streams.find(m->link); it != s.streams.end()) it->second.stream->send(std::move(m->raw));
    } else if (const auto* r = std::get_if<shim::read_more>(&effect)) {
      if (const auto it = s.streams.find(r->link); it != s.streams.end()) it->second.stream->read();
    } else if (auto* done = std::get_if<shim::simulated>(&effect)) {
      const auto it = s.waiting.find(done->id);
      it->second.promise.deliver(std::make_shared<const simulation_outcome>(simulation_outcome{std::move(done->outcome)}));
      s.waiting.erase(it);
    } else if (const auto* d = std::get_if<shim::dial>(&effect)) {
      begin_dial(self, *d);
    } else if (const auto* c = std::get_if<shim::close_link>(&effect)) {
      drop(self, c->link, c->why);
    } else if (const auto* text = std::get_if<shim::log_line>(&effect)) {
      spdlog::info("{}: {}", self->seat(), text->text);
    }
  }
}

shim::surroundings around(const packages_ptr& packages) {
  shim::surroundings out;
  out.connection_of = packages->connection_of;
  out.last_words = packages->last_words;
  out.how_to_start = packages->how_to_start;
  if (packages->code_of) {
    out.may_register = [packages](const std::string& id) { return chaincode::as_external(packages->code_of(id)) != nullptr; };
  }
  return out;
}

contract_runner_actor::behavior_type contract_runner(contract_runner_self self, std::shared_ptr<const peer_site> site, packages_ptr packages,
                                                     std::shared_ptr<contract_dialler> dialler) {
  auto& s = self->state;
  s.dialler = std::move(dialler);
  shim::switchboard_options options;
  options.execute_timeout = site->options.execute_timeout * 59 / 60;  // a little before the endorser gives up, who could not say what the contract wrote
  options.simulations_max = site->options.endorsements_max;
  s.board = std::make_unique<shim::switchboard>(options, around(packages));
  return {
      [self](atom::carry_on, const started_ptr& started) -> caf::result<std::shared_ptr<const simulation_outcome>> {
        auto& st = self->state;
        auto promise = self->make_response_promise<std::shared_ptr<const simulation_outcome>>();
        st.waiting.emplace(++st.tickets, contract_runner_state::asked{started->job->context.proposal->header.tx_id, promise});
        step(self, shim::simulate_job{st.tickets, std::move(started->sim), std::move(started->step), started->job});
        return promise;
      },
      [self](atom::arrived, std::uint64_t number, const contract_stream_ptr& stream, std::string& only_as) {
        const auto link = self->state.board->accept(self->clock().now(), std::move(only_as));
        if (!link) return stream->close("too many contracts are connected to this peer");
        keep(self, *link, number, stream);
        stream->read();
        arm(self);
      },
      [self](atom::linked, std::uint64_t number) {
        const auto it = self->state.links.find(number);
        if (it != self->state.links.end()) step(self, shim::link_up{it->second});
      },
      [self](atom::heard, std::uint64_t number, bytes& content) {
        const auto it = self->state.links.find(number);
        if (it != self->state.links.end()) step(self, shim::link_message{it->second, std::move(content)});
      },
      [self](atom::hung_up, std::uint64_t number, std::string& why) {
        const auto it = self->state.links.find(number);
        if (it == self->state.links.end()) return;
        const auto link = it->second;
        drop(self, link, why);
        step(self, shim::link_down{link, std::move(why)});
      },
      [self](atom::tick) {
        self->state.armed.reset();
        step(self, shim::time_passes{});
      },
  };
}

}  // namespace

stream_ear make_ear(const contract_runner_actor& runner) {
  static std::atomic<std::uint64_t> made{0};
  const auto number = ++made;
  return {number, std::make_shared<runner_ear>(number, runner)};
}

role_spec contract_runner_role(seat s, std::shared_ptr<const peer_site> site, packages_ptr packages, std::shared_ptr<contract_dialler> dialler) {
  return make_spec(std::move(s), &contract_runner, std::move(site), std::move(packages), std::move(dialler));
}

}  // namespace weft::actors
