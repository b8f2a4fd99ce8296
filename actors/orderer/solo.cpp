// SOLO: the consenter of a channel with one orderer. Acknowledges an envelope when its block is on disk, never before.
#include <spdlog/spdlog.h>

#include <deque>

#include "actors/orderer/pace.hpp"
#include "actors/orderer/roles.hpp"
#include "actors/orderer/rules.hpp"
#include "actors/orderer/tickets.hpp"
#include "cluster/ordering/assembly.hpp"
#include "cluster/ordering/intake.hpp"
#include "config/base/assert.hpp"

namespace weft::actors {

/// A block that the writer has not finished.
struct block_in_flight {
  std::uint64_t number = 0;
  cluster::batch what;
};

struct solo_state {
  orderer_ptr site;
  ordered_channel_ptr channel;
  route<block_writer_actor> writer;
  std::unique_ptr<orderer_rules> rules;
  std::optional<cluster::intake> intake;
  cluster::chain_tip tip;
  tickets waiting;
  std::deque<block_in_flight> in_flight;
  caf::actor_addr watched;        ///< The writer that holds our blocks.
  pace timing;
  static inline const char* name = "solo";
};

namespace {

using solo_self = role_self<consenter_actor, solo_state>;

/// The writer failed, or died with blocks of ours. The chain is where the store says: whoever waits is refused, and the role begins again there.
void give_up(solo_self self, const std::string& why) {
  self->state.in_flight.clear();
  self->state.waiting.answer_all({cluster::status_unavailable, why});
  self->quit(caf::make_error(caf::sec::runtime_error, why));  // `weft status` shows it
}

void send_block(solo_self self, cluster::batch batch) {
  auto& s = self->state;
  const auto& writer = s.writer.get();
  if (!writer) return give_up(self, "the block writer is restarting");
  if (writer.address() != s.watched) {
    s.watched = writer.address();
    self->monitor(writer);
  }
  s.timing.last_cut = self->clock().now();
  const auto number = s.tip.next.value;
  auto block = cluster::assemble(s.tip, std::move(batch.envelopes));
  s.in_flight.push_back({number, std::move(batch)});
  self->send(writer, atom::write::value, std::move(block), caf::actor_cast<consenter_actor>(self));
}

/// Asks for a look at the mailbox: what arrived meanwhile travels in the same block.
void ask_for_idle(solo_self self) {
  auto& s = self->state;
  if (s.timing.idle_asked || !s.in_flight.empty() || s.intake->waiting() == 0 || !s.channel->cut_when_idle) return;
  s.timing.idle_asked = true;
  self->send(self, atom::expired::value, idle_timer);
}

void carry_out(solo_self self, std::vector<cluster::intake_effect> effects) {
  auto& s = self->state;
  for (auto& effect : effects) {
    if (auto* batch = std::get_if<cluster::batch>(&effect)) {
      send_block(self, std::move(*batch));
    } else if (auto* verdict = std::get_if<cluster::verdict_for>(&effect)) {
      s.waiting.answer(verdict->ticket, {verdict->what.status, std::move(verdict->what.info)});
    } else if (auto* timer = std::get_if<cluster::start_timer>(&effect)) {
      self->delayed_send(self, timer->after, atom::expired::value, timer->timer.value);
    } else {
      s.timing.idle_asked = true;
      self->delayed_send(self, std::get<cluster::look_again>(effect).after, atom::expired::value, idle_timer);
    }
  }
  ask_for_idle(self);
}

void take(solo_self self, const ledger::envelope& e, std::uint64_t sequence, answer_fn answer, std::vector<cluster::intake_effect>& effects) {
  auto& s = self->state;
  if (!s.writer.get()) return answer({cluster::status_unavailable, "the block writer is restarting"});
  s.timing.last_submit = self->clock().now();
  s.intake->take(e, sequence, s.waiting.issue(std::move(answer)), effects);
}

/// The writer has finished a block. A failure leaves the chain where the store is: everything in flight is refused.
void on_written(solo_self self, std::uint64_t number, const std::string& failure) {
  auto& s = self->state;
  if (s.in_flight.empty() || s.in_flight.front().number != number) return;
  if (!failure.empty()) return give_up(self, "the block could not be written: " + failure);
  const auto done = std::move(s.in_flight.front());
  s.in_flight.pop_front();
  for (const auto ticket : done.what.tickets) s.waiting.answer(ticket, {cluster::status_success, {}});
  std::vector<cluster::intake_effect> effects;
  s.intake->done(done.what, effects);
  carry_out(self, std::move(effects));
}

void on_expired(solo_self self, std::uint64_t timer) {
  auto& s = self->state;
  std::vector<cluster::intake_effect> effects;
  if (timer != idle_timer) {
    s.intake->on(cluster::timer_fired{timer_id{timer}}, effects);
  } else {
    s.timing.idle_asked = false;
    if (s.in_flight.empty()) s.intake->on(s.timing.idle_at(self->clock().now()), effects);
  }
  carry_out(self, std::move(effects));
}

consenter_actor::behavior_type solo(solo_self self, orderer_ptr site, ordered_channel_ptr channel) {
  auto& s = self->state;
  s.writer = site->to<block_writer_actor>("block_writer/" + channel->id);
  const auto last = channel->blocks->read(block_number{channel->blocks->height().value - 1});
  WEFT_ASSERT(last, "a channel has its genesis block before its consenter starts");
  auto tip = cluster::tip_after(*last);
  WEFT_ASSERT(tip, "a stored block has readable metadata");
  s.tip = std::move(*tip);
  s.rules = std::make_unique<orderer_rules>(site, channel);
  s.intake.emplace(*s.rules, cluster::intake_bounds{site->options.orderer_pending_max, site->options.orderer_pending_bytes_max});
  s.site = std::move(site);
  s.channel = std::move(channel);
  self->set_down_handler([self](caf::down_msg& down) {
    auto& st = self->state;
    if (down.source != st.watched) return;
    st.watched = nullptr;  // the directory may name the dead one for a moment: watching it once more tells at once
    if (!st.in_flight.empty()) give_up(self, "the block writer stopped; the message may or may not be ordered");
  });
  return {
      [self](atom::order, const ledger::envelope& e, std::uint64_t sequence) {
        std::vector<cluster::intake_effect> effects;
        auto reply = take_one(self, e, [&](const auto& x, answer_fn answer) { take(self, x, sequence, std::move(answer), effects); });
        carry_out(self, std::move(effects));
        return reply;
      },
      [self](atom::order, const std::vector<ledger::envelope>& all, std::uint64_t sequence) {
        std::vector<cluster::intake_effect> effects;
        auto reply = take_all(self, all, [&](const auto& x, answer_fn answer) { take(self, x, sequence, std::move(answer), effects); });
        carry_out(self, std::move(effects));
        return reply;
      },
      [self](atom::expired, std::uint64_t timer) { on_expired(self, timer); },
      [self](atom::written, std::uint64_t number, const std::string& failure) { on_written(self, number, failure); },
  };
}

}  // namespace

role_spec solo_role(seat s, orderer_ptr site, ordered_channel_ptr channel) {
  return make_spec(std::move(s), &solo, std::move(site), std::move(channel));
}

}  // namespace weft::actors
