// SOLO: the consenter of a channel with one orderer. Acknowledges an envelope when its block is on disk, never before.
#include <spdlog/spdlog.h>

#include <deque>
#include <functional>
#include <unordered_map>

#include "actors/orderer/roles.hpp"
#include "cluster/ordering/assembly.hpp"
#include "cluster/ordering/block_cutter.hpp"
#include "cluster/ordering/config_admission.hpp"
#include "config/base/assert.hpp"

namespace weft::actors {

/// How a submitter learns what became of its envelope.
using answer_fn = std::function<void(const broadcast_reply&)>;

/// A block that the writer has not finished, and who waits for it.
struct block_in_flight {
  std::uint64_t number = 0;
  std::size_t bytes = 0;
  bool config = false;
  std::vector<answer_fn> waiting;
};

/// An envelope that arrived while a configuration was being written: only the new rules can judge it.
struct held_envelope {
  ledger::envelope tx;
  std::uint64_t sequence = 0;
  answer_fn answer;
};

struct solo_state {
  orderer_ptr site;
  ordered_channel_ptr channel;
  route<block_writer_actor> writer;
  std::optional<cluster::block_cutter> cutter;
  cluster::chain_tip tip;
  std::unordered_map<std::uint64_t, answer_fn> tickets;
  std::uint64_t next_ticket = 0;
  std::size_t pending_bytes = 0;  ///< Of envelopes that were taken and not yet acknowledged.
  std::deque<block_in_flight> in_flight;
  bool reconfiguring = false;     ///< A config block is in flight.
  std::deque<held_envelope> held; ///< Behind it, in arrival order; counted like everything else that waits.
  caf::actor_addr watched;        ///< The writer that holds our blocks.
  bool idle_asked = false;
  std::optional<caf::actor_clock::time_point> last_cut;
  caf::actor_clock::time_point last_submit;
  static inline const char* name = "solo";
};

namespace {

using self_ptr = role_self<consenter_actor, solo_state>;

/// Timer number that stands for "the mailbox has been looked through": never used by the cutter, which counts from 1.
constexpr std::uint64_t idle_timer = 0;

broadcast_reply refusal(int status, std::string why) { return {status, std::move(why)}; }

cluster::cut_limits limits_of(const solo_state& s) {
  const auto& b = s.channel->bundle.get()->batching();
  return {b.max_message_count, b.preferred_max_bytes, b.timeout, s.channel->cut_when_idle, s.site->options.idle_spacing, s.site->options.idle_gap};
}

/// The writer failed, or died with blocks of ours. The chain is where the store says: whoever waits is refused, and the role begins again there.
void give_up(self_ptr self, const std::string& why) {
  auto& s = self->state;
  const auto answer = refusal(cluster::status_unavailable, why);
  for (auto& flight : std::exchange(s.in_flight, {})) for (auto& waiting : flight.waiting) waiting(answer);
  for (auto& h : std::exchange(s.held, {})) h.answer(answer);
  self->quit(caf::exit_reason::unhandled_exception);
}

void send_block(self_ptr self, std::vector<cluster::cut_item> items) {
  auto& s = self->state;
  block_in_flight flight;
  std::vector<ledger::envelope> envelopes;
  for (auto& item : items) {
    flight.bytes += item.tx.size();
    envelopes.push_back(std::move(item.tx));
    auto ticket = s.tickets.extract(item.ticket);
    flight.waiting.push_back(std::move(ticket.mapped()));
  }
  flight.number = s.tip.next.value;
  s.last_cut = self->clock().now();
  auto block = cluster::assemble(s.tip, std::move(envelopes));
  flight.config = s.reconfiguring && cluster::is_config_block(block);
  s.in_flight.push_back(std::move(flight));
  const auto& writer = s.writer.get();
  if (!writer) return give_up(self, "the block writer is restarting");
  if (writer.address() != s.watched) {
    s.watched = writer.address();
    self->monitor(writer);
  }
  self->send(writer, atom::write::value, std::move(block), caf::actor_cast<consenter_actor>(self));
}

/// Asks for a look at the mailbox: what arrived meanwhile travels in the same block.
void ask_for_idle(self_ptr self) {
  auto& s = self->state;
  if (s.idle_asked || !s.in_flight.empty() || s.cutter->pending() == 0 || !s.channel->cut_when_idle) return;
  s.idle_asked = true;
  self->send(self, atom::expired::value, idle_timer);
}

void carry_out(self_ptr self, std::vector<cluster::cut_effect> effects) {
  auto& s = self->state;
  for (auto& effect : effects) {
    if (auto* batch = std::get_if<cluster::emit_batch>(&effect)) {
      send_block(self, std::move(batch->items));
    } else if (auto* timer = std::get_if<cluster::start_timer>(&effect)) {
      self->delayed_send(self, timer->after, atom::expired::value, timer->timer.value);
    } else {
      s.idle_asked = true;
      self->delayed_send(self, std::get<cluster::look_again>(effect).after, atom::expired::value, idle_timer);
    }
  }
  ask_for_idle(self);
}

cluster::downstream_idle idle_now(self_ptr self) {
  const auto& s = self->state;
  const auto now = self->clock().now();
  const auto since = [&](auto at) { return std::chrono::duration_cast<std::chrono::microseconds>(now - at); };
  if (!s.last_cut) return {};
  return {since(*s.last_cut), since(s.last_submit)};
}

/// A CONFIG, which only the front makes: what waits leaves before it, it travels alone, and everything behind it waits for what it says.
void take_config(solo_state& s, ledger::envelope config, std::uint64_t ticket, std::vector<cluster::cut_effect>& effects) {
  for (auto& effect : s.cutter->step(cluster::config_follows{})) effects.push_back(std::move(effect));
  effects.push_back(cluster::emit_batch{{cluster::cut_item{std::move(config), ticket}}});
  s.reconfiguring = true;
}

/// Judges again what was admitted under an older configuration. A CONFIG is made anew from its update.
cluster::config_admission judge_again(const solo_state& s, const ledger::envelope& e, bool config, const ledger::channel_bundle& bundle) {
  const auto now = s.site->clock->now();
  if (config) return cluster::admit_again(e, bundle, {*s.site->identity, *s.site->verifier, *s.site->random, now});
  return {cluster::admit(e, bundle, *s.site->verifier, now), e};
}

/// Takes an envelope, or says why not.
std::optional<broadcast_reply> take(self_ptr self, ledger::envelope e, std::uint64_t sequence, answer_fn answer,
                                    std::vector<cluster::cut_effect>& effects) {
  auto& s = self->state;
  const auto& options = s.site->options;
  if (!s.writer.get()) return refusal(cluster::status_unavailable, "the block writer is restarting");
  if (s.tickets.size() + s.held.size() >= options.orderer_pending_max || s.pending_bytes + e.size() > options.orderer_pending_bytes_max) {
    return refusal(cluster::status_unavailable, "the ordering queue is full; back off and retry");
  }
  if (s.reconfiguring) {
    s.pending_bytes += e.size();
    s.held.push_back({std::move(e), sequence, std::move(answer)});
    return std::nullopt;
  }
  const auto bundle = s.channel->bundle.get();
  const bool config = e.header() && e.header()->type == static_cast<std::int32_t>(ledger::header_type::config);
  if (sequence < bundle->sequence().value) {  // the configuration moved on while the envelope waited
    auto judged = judge_again(s, e, config, *bundle);
    if (judged.verdict.status != cluster::status_success) return refusal(judged.verdict.status, judged.verdict.info);
    e = std::move(judged.config);
  }
  const auto ticket = s.next_ticket++;
  s.last_submit = self->clock().now();
  s.tickets.emplace(ticket, std::move(answer));
  s.pending_bytes += e.size();
  if (config) {
    take_config(s, std::move(e), ticket, effects);
    return std::nullopt;
  }
  for (auto& effect : s.cutter->step(cluster::submit{{e, ticket}})) effects.push_back(std::move(effect));
  return std::nullopt;
}

caf::result<broadcast_reply> order(self_ptr self, const ledger::envelope& e, std::uint64_t sequence) {
  auto promise = self->make_response_promise<broadcast_reply>();
  std::vector<cluster::cut_effect> effects;
  const auto answer = [promise](const broadcast_reply& r) mutable { promise.deliver(r); };
  if (auto refused = take(self, e, sequence, answer, effects)) answer_fn{answer}(*refused);
  carry_out(self, std::move(effects));
  return promise;
}

caf::result<std::vector<broadcast_reply>> order_all(self_ptr self, const std::vector<ledger::envelope>& all, std::uint64_t sequence) {
  auto promise = self->make_response_promise<std::vector<broadcast_reply>>();
  auto replies = std::make_shared<std::vector<broadcast_reply>>(all.size());
  auto left = std::make_shared<std::size_t>(all.size());
  std::vector<cluster::cut_effect> effects;
  if (all.empty()) promise.deliver(*replies);
  for (std::size_t i = 0; i < all.size(); ++i) {
    answer_fn answer = [promise, replies, left, i](const broadcast_reply& r) mutable {
      (*replies)[i] = r;
      if (--*left == 0) promise.deliver(*replies);
    };
    if (auto refused = take(self, all[i], sequence, answer, effects)) answer(*refused);
  }
  carry_out(self, std::move(effects));
  return promise;
}

/// A config block is on disk, and the channel's bundle is the new one: limits change, and what waited is judged by the new rules.
void on_reconfigured(self_ptr self) {
  auto& s = self->state;
  s.reconfiguring = false;
  s.cutter->reconfigure(limits_of(s));
  std::vector<cluster::cut_effect> effects;
  for (auto& h : std::exchange(s.held, {})) {
    s.pending_bytes -= h.tx.size();
    if (auto refused = take(self, std::move(h.tx), h.sequence, h.answer, effects)) h.answer(*refused);
  }
  carry_out(self, std::move(effects));
}

/// The writer has finished a block. A failure leaves the chain where the store is: everything in flight is refused.
void on_written(self_ptr self, std::uint64_t number, const std::string& failure) {
  auto& s = self->state;
  if (s.in_flight.empty() || s.in_flight.front().number != number) return;
  if (!failure.empty()) return give_up(self, "the block could not be written: " + failure);
  for (auto& answer : s.in_flight.front().waiting) answer(broadcast_reply{cluster::status_success, {}});
  s.pending_bytes -= s.in_flight.front().bytes;
  const bool config = s.in_flight.front().config;
  s.in_flight.pop_front();
  if (config) return on_reconfigured(self);
  ask_for_idle(self);
}

consenter_actor::behavior_type solo(self_ptr self, orderer_ptr site, ordered_channel_ptr channel) {
  auto& s = self->state;
  s.writer = site->to<block_writer_actor>("block_writer/" + channel->id);
  const auto last = channel->blocks->read(block_number{channel->blocks->height().value - 1});
  WEFT_ASSERT(last, "a channel has its genesis block before its consenter starts");
  auto tip = cluster::tip_after(*last);
  WEFT_ASSERT(tip, "a stored block has readable metadata");
  s.tip = std::move(*tip);
  s.site = std::move(site);
  s.channel = std::move(channel);
  s.cutter.emplace(limits_of(s));
  self->set_down_handler([self](caf::down_msg& down) {
    auto& st = self->state;
    if (down.source != st.watched) return;
    st.watched = nullptr;  // the directory may name the dead one for a moment: watching it once more tells at once
    if (!st.in_flight.empty()) give_up(self, "the block writer stopped; the message may or may not be ordered");
  });
  return {
      [self](atom::order, const ledger::envelope& e, std::uint64_t sequence) { return order(self, e, sequence); },
      [self](atom::order, const std::vector<ledger::envelope>& all, std::uint64_t sequence) { return order_all(self, all, sequence); },
      [self](atom::expired, std::uint64_t timer) {
        auto& st = self->state;
        if (timer != idle_timer) return carry_out(self, st.cutter->step(cluster::timer_fired{timer_id{timer}}));
        st.idle_asked = false;
        if (st.in_flight.empty()) carry_out(self, st.cutter->step(idle_now(self)));
      },
      [self](atom::written, std::uint64_t number, const std::string& failure) { on_written(self, number, failure); },
  };
}

}  // namespace

role_spec solo_role(seat s, orderer_ptr site, ordered_channel_ptr channel) {
  return make_spec(std::move(s), &solo, std::move(site), std::move(channel));
}

}  // namespace weft::actors
