#include "bench/put/driver.hpp"

#include "actors/role_spec.hpp"
#include "bench/report/schedule.hpp"

namespace weft::bench {

namespace {

using time_point = caf::actor_clock::time_point;

/// Longest wait for one answer: a network that needs longer is broken, not slow.
constexpr std::chrono::seconds patience{60};
constexpr std::size_t kinds_max = 32;

struct client {
  std::string tx_id;
  std::uint64_t number = 0;  ///< Of the transaction, in order of intended start.
  time_point intended;
};

struct driver_state {
  driver_settings set;
  std::vector<client> clients;
  std::vector<std::size_t> idle;  ///< Clients with nothing on its way.
  std::optional<rate_schedule> schedule;
  time_point first;               ///< Intended start of transaction 0.
  time_point window_begin;
  std::uint64_t begun = 0, finished = 0;
  bool started = false, timer = false, over = false;
  driver_outcome out;
  static inline const char* name = "driver";
};
using self_ptr = actors::role_self<driver_actor, driver_state>;

void finish_run(self_ptr self, std::string failure) {
  auto& s = self->state;
  if (std::exchange(s.over, true)) return;
  s.out.failure = std::move(failure);
  s.set.done(std::move(s.out));
  self->quit();
}

void begin_due(self_ptr self);

void begin_window(self_ptr self) {
  auto& s = self->state;
  s.out.begin = s.set.probe();
  s.window_begin = self->clock().now();
}

/// The last transaction is in the last block: when the other peers have it, all work of the run is done.
void end_window(self_ptr self, const std::string& last_tx, bool committed) {
  auto& s = self->state;
  s.out.window = self->clock().now() - s.window_begin;
  auto left = std::make_shared<std::size_t>(1);
  const auto one_less = [self, left] {
    if (--*left > 0) return;
    self->state.out.end = self->state.set.probe();
    finish_run(self, {});
  };
  for (const auto& gateway : s.set.others) {
    if (!committed) break;
    ++*left;
    self->request(gateway, patience, actors::atom::await::value, s.set.channel, last_tx)
        .then([one_less](const actors::commit_reply&) { one_less(); },
              [self](const caf::error&) { finish_run(self, "another peer did not commit the last block"); });
  }
  one_less();
}

void count_other(driver_outcome& out, std::string what) {
  if (out.others.size() >= kinds_max && !out.others.count(what)) what = "something else";
  ++out.others[what];
}

/// A transaction has ended: `why` is empty for VALID.
void finish_tx(self_ptr self, std::size_t who, std::string why, bool committed) {
  auto& s = self->state;
  auto& c = s.clients[who];
  const bool in_window = s.finished >= s.set.warm_up;
  ++s.finished;
  if (in_window) {
    ++s.out.measured;
    if (why.empty()) ++s.out.valid;
  }
  if (!why.empty()) {
    count_other(s.out, std::move(why));
  } else if (c.number >= s.set.warm_up) {
    s.out.latency.add(static_cast<std::uint64_t>((self->clock().now() - c.intended).count()));
  }
  if (s.finished == s.set.txs) return end_window(self, c.tx_id, committed);
  if (s.finished == s.set.warm_up) begin_window(self);
  const auto window = s.set.txs - s.set.warm_up;
  if (s.finished > s.set.warm_up && s.finished - s.set.warm_up >= window * (s.out.marks.size() + 1) / s.set.parts)
    s.out.marks.push_back({s.finished, s.out.valid, s.set.probe()});
  s.idle.push_back(who);
  begin_due(self);
}

std::string text_of(const char* step, const actors::rpc_status& status) {
  auto out = std::string(step) + ": " + status.message;
  if (!status.details.empty()) out += "; " + status.details.front().address + ": " + status.details.front().message;
  return out;
}

void await_commit(self_ptr self, std::size_t who) {
  auto& s = self->state;
  self->ask(s.set.gateway, patience, actors::atom::await::value, s.set.channel, s.clients[who].tx_id)
      .then(
          [self, who](const actors::commit_reply& r) {
            if (!r.status.ok()) return finish_tx(self, who, text_of("commit", r.status), false);
            finish_tx(self, who, r.code == 0 ? std::string{} : std::string(to_string(static_cast<ledger::verdict>(r.code))), true);
          },
          [self, who](const caf::error&) { finish_tx(self, who, "commit: no answer", false); });
}

void submit(self_ptr self, std::size_t who, const ledger::envelope& tx) {
  auto& s = self->state;
  ++s.out.envelopes;
  s.out.envelope_bytes += tx.raw().size();
  if (s.out.envelopes == 1) {
    if (const auto parsed = ledger::parse_endorser_tx(tx)) s.out.endorsements_per_tx = parsed->endorsements.size();
  }
  self->ask(s.set.gateway, patience, actors::atom::submit::value, tx)
      .then(
          [self, who](const actors::gateway_reply& r) {
            if (!r.status.ok()) return finish_tx(self, who, text_of("submit", r.status), false);
            await_commit(self, who);
          },
          [self, who](const caf::error&) { finish_tx(self, who, "submit: no answer", false); });
}

void endorse(self_ptr self, std::size_t who, bytes signed_proposal) {
  auto& s = self->state;
  self->ask(s.set.gateway, patience, actors::atom::endorse::value, actors::signed_proposal{std::move(signed_proposal)})
      .then(
          [self, who](const actors::gateway_reply& r) {
            if (!r.status.ok()) return finish_tx(self, who, text_of("endorse", r.status), false);
            self->state.set.source->sign(who, r.payload);
          },
          [self, who](const caf::error&) { finish_tx(self, who, "endorse: no answer", false); });
}

/// Gives every idle client what is due; a timer of its own brings the rest in open loop.
void begin_due(self_ptr self) {
  auto& s = self->state;
  while (!s.over && !s.idle.empty() && s.begun < s.set.txs) {
    auto intended = self->clock().now();
    if (s.schedule) {
      const auto due = s.first + s.schedule->start_of(s.begun);
      if (due > intended) {
        if (!std::exchange(s.timer, true)) self->delayed_send(self, due - intended, actors::atom::tick::value);
        return;
      }
      intended = due;
    }
    auto proposal = s.set.source->take();
    if (!proposal) {
      ++s.out.starved;
      return;  // the generator's refill goes on from here
    }
    const auto who = s.idle.back();
    s.idle.pop_back();
    s.clients[who] = {std::move(proposal->tx_id), s.begun++, intended};
    endorse(self, who, std::move(proposal->signed_proposal));
  }
}

driver_actor::behavior_type driver(self_ptr self, driver_settings settings) {
  auto& s = self->state;
  s.set = std::move(settings);
  s.clients.resize(s.set.clients);
  for (std::size_t i = s.set.clients; i > 0; --i) s.idle.push_back(i - 1);
  if (s.set.rate) s.schedule.emplace(*s.set.rate);
  return {
      [self](actors::atom::tick) {
        auto& st = self->state;
        st.timer = false;
        if (!std::exchange(st.started, true)) {
          st.first = self->clock().now();
          if (st.set.warm_up == 0) begin_window(self);
        }
        begin_due(self);
      },
      [self](atom::made, std::uint64_t who, const ledger::envelope& tx) { submit(self, who, tx); },
      [self](atom::refill) { begin_due(self); },
      [self](actors::atom::stop, const std::string& why) { finish_run(self, why); },
  };
}

}  // namespace

driver_actor spawn_driver(caf::actor_system& system, driver_settings settings) {
  auto meter = settings.meter;
  auto spec = actors::make_spec(actors::seat{"bench/driver", std::move(meter)}, &driver, std::move(settings));
  return caf::actor_cast<driver_actor>(spec.spawn(system));
}

}  // namespace weft::bench
