#include "actors/peer/submit_call.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "cluster/ordering/admission.hpp"

namespace weft::actors {

namespace {

gateway_reply of_broadcast(const broadcast_reply& r, const std::string& orderer) {
  if (r.status == cluster::status_success) return {};
  auto text = "received unsuccessful response from orderer: status=" + cluster::status_name(r.status) + ", info=" + r.info;
  if (r.status >= 400 && r.status < 500) return refused(rpc_code::aborted, std::move(text));  // nothing to add, nobody else to ask
  return refused(rpc_code::unavailable, "no orderers could successfully process transaction", {{orderer, "", std::move(text)}});
}

/// The orderer did not answer: the transaction may or may not be ordered.
gateway_reply unanswered(bool late, const std::string& orderer) {
  std::vector<error_detail> details;
  details.push_back({orderer, {}, late ? "no answer" : "the orderer stopped while it held the transaction"});
  if (late) return refused(rpc_code::deadline_exceeded, "submit timeout expired while broadcasting to ordering service", std::move(details));
  return refused(rpc_code::unavailable, "no orderers could successfully process transaction", std::move(details));
}

/// No transaction is lost by sending it again: peers mark a second copy, and everybody who asks is told of the first.
constexpr caf::timespan first_pause = std::chrono::milliseconds{10}, longest_pause = std::chrono::milliseconds{250};
/// A group that lacks a quorum all this time is not waited for any longer: the client hears why. A node that starts again is back before that.
constexpr std::chrono::seconds quorum_patience{2};

/// An orderer that says nothing for so long may stand still, with everything that it was given.
constexpr std::chrono::milliseconds silence_noticed{100}, look_every{25};

bool lacks_quorum(const submit_call& call) {
  return std::any_of(call.heard.begin(), call.heard.end(), [](const auto& said) { return said.second.message.find(" needed") != std::string::npos; });
}

void look_again(gateway_self self, caf::timespan after) {
  if (std::exchange(self->state.looks_after_submits, true)) return;
  self->delayed_send(self, after, atom::expired::value);
}

/// What the client hears, once.
void finish(gateway_self self, const submit_ptr& call, gateway_reply reply) {
  if (self->state.submits.erase(call->number) == 0) return;
  call->promise.deliver(std::move(reply));
  call->counted.reset();  // a silent orderer may hold the call itself for as long as its answer is awaited
}

/// Every orderer was asked once. Leaders are elected, roles are started again: worth another round while there is time.
void next_round(gateway_self self, const submit_ptr& call) {
  const auto now = self->clock().now();
  if (!lacks_quorum(*call)) call->lacking_since.reset();
  else if (!call->lacking_since) call->lacking_since = now;
  const auto until = call->lacking_since ? std::min(call->deadline, *call->lacking_since + quorum_patience) : call->deadline;
  if (call->orderers->size() < 2 || now + call->pause >= until) {
    call->last.status.details.clear();
    for (auto& [name, said] : call->heard) call->last.status.details.push_back(std::move(said));
    return finish(self, call, std::move(call->last));
  }
  call->tried = 0;
  call->heard.clear();
  call->pauses = true;
  self->delayed_send(self, std::exchange(call->pause, std::min<caf::timespan>(2 * call->pause, longest_pause)), atom::submit::value, call);
}

void on_refusal(gateway_self self, const submit_ptr& call, std::uint64_t attempt, gateway_reply reply) {
  for (auto& said : reply.status.details) call->heard[said.address] = std::move(said);
  if (attempt != call->attempt || self->state.submits.count(call->number) == 0) return;  // it was sent elsewhere meanwhile, or answered
  call->waits = false;
  call->last = std::move(reply);
  ++call->next;
  if (++call->tried < call->orderers->size()) return try_orderer(self, call);
  next_round(self, call);
}

std::shared_ptr<const leadership> led(const gateway_state& s, const std::string& channel) {
  const auto held = s.site->channel(channel);
  return held ? held->led.get() : nullptr;
}

/// Turns the call to that orderer. False when it is no orderer of the channel.
bool turn_to(const gateway_state& s, submit_call& call, const std::string& orderer) {
  auto now = s.site->channel(call.channel)->orderers.get();
  const auto at = std::find(now->begin(), now->end(), orderer);
  if (at == now->end()) return false;
  call.next = static_cast<std::size_t>(at - now->begin());
  call.orderers = std::move(now);
  call.tried = 0;
  return true;
}

/// All of those at once: `try_orderer` may end a call, and with it its place in the list.
void send_to_leader(gateway_self self, const std::string& channel, const leadership& leader, const std::vector<submit_ptr>& calls) {
  if (!calls.empty()) spdlog::debug("{}: {} submits of {} go to {}, which leads in term {}", self->seat(), calls.size(), channel, leader.orderer, leader.term);
  for (const auto& call : calls) {
    if (turn_to(self->state, *call, leader.orderer)) try_orderer(self, call);
  }
}

}  // namespace

void try_orderer(gateway_self self, const submit_ptr& call) {
  auto& s = self->state;
  const auto name = call->orderer();
  const auto attempt = ++call->attempt;
  call->pauses = false;
  const orderer_actor orderer = route<orderer_actor>{s.site->where, name + "/orderer"}.get();
  if (!orderer) {
    return on_refusal(self, call, attempt, refused(rpc_code::unavailable, "no orderers could successfully process transaction", {{name, "", "the orderer is not running"}}));
  }
  if (s.watched.insert(orderer.address()).second) self->monitor(orderer);
  call->waits = true;
  if (const auto leader = led(s, call->channel)) call->sent_term = leader->term;
  call->asked_at = self->clock().now();
  const auto left = std::max<caf::timespan>(call->deadline - call->asked_at, std::chrono::milliseconds(1));
  self->ask(orderer, left, atom::broadcast::value, call->tx)
      .then(
          [self, call, name, attempt](const broadcast_reply& r) {
            auto reply = of_broadcast(r, name);
            spdlog::debug("{}: submit {} to {}: {} {}", self->seat(), call->tx.header() ? std::string_view(call->tx.header()->tx_id) : std::string_view{}, name, r.status, r.info);
            if (reply.status.code == static_cast<int>(rpc_code::unavailable)) return on_refusal(self, call, attempt, std::move(reply));
            finish(self, call, std::move(reply));
          },
          [self, call, name, attempt](const caf::error& e) { on_refusal(self, call, attempt, unanswered(e == caf::sec::request_timeout, name)); });
}

void begin_round(gateway_self self, const submit_ptr& call) {
  if (!call->pauses) return;  // a new leader ended the pause
  if (auto now = self->state.site->channel(call->channel)->orderers.get(); !now->empty()) call->orderers = std::move(now);
  try_orderer(self, call);
}

void follow_leader(gateway_self self, const std::string& channel) {
  const auto leader = led(self->state, channel);
  if (!leader) return;
  std::vector<submit_ptr> moved;
  for (const auto& [number, call] : self->state.submits) {
    if (call->channel == channel && (call->pauses || (call->waits && call->sent_term < leader->term))) moved.push_back(call);
  }
  send_to_leader(self, channel, *leader, moved);
}

void look_after_submits(gateway_self self) {
  auto& s = self->state;
  s.looks_after_submits = false;
  if (s.submits.empty()) return;
  const auto now = self->clock().now();
  std::map<std::string, std::vector<submit_ptr>> silent;  // by channel
  std::map<std::string, std::shared_ptr<const leadership>> leaders;
  for (const auto& [number, call] : s.submits) {
    if (!call->waits || now - call->asked_at < silence_noticed) continue;
    const auto& leader = leaders.try_emplace(call->channel, led(s, call->channel)).first->second;
    // Once in a term, so that two who forward to each other do not get it again and again.
    if (!leader || call->told_term >= leader->term || call->orderer() == leader->orderer) continue;
    call->told_term = leader->term;
    silent[call->channel].push_back(call);
  }
  for (const auto& [channel, calls] : silent) send_to_leader(self, channel, *leaders[channel], calls);
  look_again(self, look_every);
}

caf::result<gateway_reply> start_submit_call(gateway_self self, const ledger::envelope& tx) {
  auto& s = self->state;
  if (tx.raw().size() == 0) return refused(rpc_code::invalid_argument, "a prepared transaction is required");
  if (tx.signature().empty()) return refused(rpc_code::invalid_argument, "prepared transaction must be signed");
  const auto& h = tx.header();
  if (!h) return of_broadcast({cluster::status_bad_request, "could not determine channel ID: " + h.error().context, {}}, {});  // as an orderer would say
  auto channel = s.site->channel(h->channel_id);
  if (!channel) return refused(rpc_code::failed_precondition, no_channel(h->channel_id));
  const auto orderers = channel->orderers.get();
  if (!orderers || orderers->empty()) return refused(rpc_code::unavailable, "no orderer nodes available");
  auto counted = enter(s);
  if (!counted) return too_many(s);
  auto promise = self->make_response_promise<gateway_reply>();
  const auto call = std::make_shared<submit_call>();
  call->tx = tx;
  call->channel = h->channel_id;
  call->orderers = orderers;
  call->promise = promise;
  call->counted = std::move(counted);
  call->begun = self->clock().now();
  call->deadline = call->begun + s.site->options.broadcast_timeout;
  call->pause = first_pause;
  // The leader as far as this peer knows, else any: so load spreads.
  call->next = s.spread++;
  if (const auto leader = channel->led.get()) {
    const auto at = std::find(orderers->begin(), orderers->end(), leader->orderer);
    if (at != orderers->end()) call->next = static_cast<std::size_t>(at - orderers->begin());
  }
  call->number = ++s.submits_begun;
  s.submits.emplace(call->number, call);
  try_orderer(self, call);
  look_again(self, look_every);
  return promise;
}

}  // namespace weft::actors
