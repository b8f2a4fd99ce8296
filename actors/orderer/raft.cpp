// CONSENTER of a raft channel: carries out what a raft_chain decides. Interfaces: raft_roles.hpp.
#include <spdlog/spdlog.h>

#include <deque>
#include <map>

#include "actors/orderer/raft_roles.hpp"
#include "actors/orderer/rules.hpp"
#include "actors/orderer/tickets.hpp"
#include "config/base/assert.hpp"

namespace weft::actors {

namespace raft = cluster::raft;
namespace chain_do = cluster::chain_do;

/// Another consenter, as the newest configuration names it.
struct other_consenter {
  std::string member;
  route<raft_consenter_actor> where;
  caf::actor_addr watched;
};

/// Raft's own lines, in the log that operators read.
class raft_journal final : public raft::journal {
 public:
  explicit raft_journal(std::string channel) : channel_(std::move(channel)) {}
  [[nodiscard]] bool wants(raft::severity level) const noexcept override { return spdlog::should_log(to_spdlog(level)); }
  void write(raft::severity level, std::string_view line) override { spdlog::log(to_spdlog(level), "{} channel={}", line, channel_); }

 private:
  static spdlog::level::level_enum to_spdlog(raft::severity level) noexcept {
    return level == raft::severity::debug ? spdlog::level::trace : level == raft::severity::info ? spdlog::level::debug : spdlog::level::info;
  }
  std::string channel_;
};

struct raft_consenter_state {
  orderer_ptr site;
  ordered_channel_ptr channel;
  route<block_writer_actor> writer;
  route<log_writer_actor> log_writer;
  block_writer_actor blocks;                ///< The incarnations that hold our work: when one dies, so does this.
  log_writer_actor log_holder;
  std::shared_ptr<const raft::write_ahead_log> log;
  std::unique_ptr<orderer_rules> rules;
  std::unique_ptr<raft_journal> notes;
  std::unique_ptr<cluster::raft_chain> chain;  ///< Null until the log and the store are at rest.
  std::string not_open = "the consenter is starting";
  tickets waiting;
  std::size_t forwarded = 0;                ///< Envelopes that the leader has not answered for.
  std::map<raft::node_id, other_consenter> others;
  std::optional<std::uint64_t> known_sequence;  ///< Of the configuration that `others` is from.
  block_fetcher_actor fetcher;
  std::chrono::milliseconds tick{10};
  unsigned ticks = 0;
  bool first = false;                       ///< Of the channel's consenters, and nobody has led it yet.
  std::deque<raft_batch> early;             ///< Came before the chain was open.
  bool idle_asked = false;
  std::optional<caf::actor_clock::time_point> last_cut;
  caf::actor_clock::time_point last_submit;
  static inline const char* name = "raft";
};

namespace {

using self_ptr = role_self<raft_consenter_actor, raft_consenter_state>;

constexpr std::uint64_t idle_timer = 0;  ///< Never used by the cutter, which counts from 1.
constexpr std::chrono::seconds disk_patience{180};
constexpr std::size_t early_max = 64;
constexpr unsigned campaign_every = 3;   ///< Ticks between two campaigns of a new channel's first consenter.
constexpr unsigned view_every = 10;      ///< Ticks between two looks at who is where.

/// Memory and disk may disagree, or a writer died with work of ours: whoever waits is refused, and the role begins again from the disk.
void give_up(self_ptr self, const std::string& why) {
  auto& s = self->state;
  spdlog::error("{}: {}", self->seat(), why);
  s.chain.reset();
  s.not_open = why;
  s.waiting.answer_all({cluster::status_unavailable, why + "; the message may or may not be ordered"});
  self->quit(caf::make_error(caf::sec::runtime_error, why));
}

// ---- who is where

std::string member_at(const orderer_site& site, const ledger::raft_consenter& c) {
  const auto known = site.members_by_address.find(c.host + ":" + std::to_string(c.port));
  return known == site.members_by_address.end() ? c.host : known->second;
}

void learn_members(self_ptr self) {
  auto& s = self->state;
  const auto bundle = s.channel->bundle.get();
  const auto group = s.channel->group.get();
  if (bundle->sequence().value == s.known_sequence || bundle->raft() == nullptr || !group) return;
  s.known_sequence = bundle->sequence().value;
  std::map<raft::node_id, other_consenter> now;
  const auto& listed = bundle->raft()->consenters;
  for (std::size_t i = 0; i < listed.size() && i < group->ids.size(); ++i) {
    const auto id = group->ids[i];
    if (id == s.chain->core().id()) continue;
    auto member = member_at(*s.site, listed[i]);
    auto before = s.others.find(id);
    if (before != s.others.end() && before->second.member == member) now[id] = std::move(before->second);
    else now[id] = {member, {s.site->where, member + "/consenter/" + s.channel->id}, {}};
  }
  s.others = std::move(now);
}

/// A null handle when it is not reachable. Watched, so that its end is heard of.
const raft_consenter_actor& find(self_ptr self, other_consenter& other) {
  const auto& handle = other.where.get();
  if (handle && handle.address() != other.watched) {
    other.watched = handle.address();
    self->monitor(handle);
  }
  return handle;
}

void publish_view(self_ptr self) {
  auto& s = self->state;
  const auto& core = s.chain->core();
  auto view = std::make_shared<consensus_view>();
  view->id = s.chain->retired() ? 0 : core.id();
  view->leader = s.chain->leader();
  view->term = core.hard().term;
  view->role = s.chain->leads() ? "leader" : core.soft().as == raft::role::follower ? "follower" : "candidate";
  view->committed = core.hard().commit;
  view->last_entry = core.log().last_index();
  for (const auto id : core.members().config.voters.all()) {
    consensus_view::member m{id, {}, id == core.id(), 0};
    if (id == core.id()) m.name = s.site->name;
    const auto other = s.others.find(id);
    if (other != s.others.end()) {
      m.name = other->second.member;
      m.reachable = static_cast<bool>(find(self, other->second));
    }
    const auto node = core.members().nodes.find(id);
    if (s.chain->leads() && node != core.members().nodes.end()) m.match = node->second.match();
    view->members.push_back(std::move(m));
  }
  s.channel->consensus.set(std::move(view));
}

/// What a client is told when nobody leads.
std::string no_leader(self_ptr self) {
  publish_view(self);
  const auto why = self->state.channel->consensus.get()->why();
  return why.empty() ? "no Raft leader" : "no Raft leader: " + why;
}

// ---- effects

void carry_out(self_ptr self);

/// An event for the chain, and what follows from it. An error ends this incarnation.
template <class Event>
void drive(self_ptr self, Event event) {
  auto& s = self->state;
  if (!s.chain) return;
  if (const auto done = event(*s.chain); !done) return give_up(self, done.error().context);
  carry_out(self);
}

void send(self_ptr self, std::vector<raft::message> messages) {
  auto& s = self->state;
  std::map<raft::node_id, raft_batch> by_node;
  for (auto& m : messages) by_node[m.to].messages.push_back(std::move(m));
  for (auto& [id, batch] : by_node) {
    const auto other = s.others.find(id);
    if (other == s.others.end()) continue;
    const auto& to = find(self, other->second);
    if (!to) continue;
    batch.channel = s.channel->id;
    self->send(to, atom::step::value, std::move(batch));
  }
}

void write_log(self_ptr self, log_job job) {
  const bool compacting = job.made != nullptr;
  self->ask(self->state.log_holder, disk_patience, atom::write::value, std::make_shared<const log_job>(std::move(job)))
      .then(
          [self, compacting](const std::string& failure) {
            if (!failure.empty()) return give_up(self, "the raft log could not be written: " + failure);
            if (!compacting) drive(self, [](auto& chain) { return chain.log_written(); });
          },
          [self](const caf::error&) { give_up(self, "the raft log's writer stopped"); });
}

void sync_blocks(self_ptr self) {
  self->ask(self->state.blocks, disk_patience, atom::sync::value)
      .then(
          [self](const std::string& failure) {
            if (!failure.empty()) return give_up(self, "the blocks could not be synced: " + failure);
            drive(self, [](auto& chain) { return chain.blocks_synced(); });
          },
          [self](const caf::error&) { give_up(self, "the block writer stopped"); });
}

void fetch(self_ptr self, const chain_do::fetch_blocks& what) {
  auto& s = self->state;
  auto order = std::make_shared<fetch_order>();
  order->from = what.from;
  order->until = what.until;
  for (const auto& [id, other] : s.others) order->sources.push_back(other.member);
  if (!s.fetcher) {
    spdlog::info("{}: fetching blocks {} to {} of {} from other orderers", self->seat(), what.from, what.until - 1, s.channel->id);
    s.fetcher = self->template spawn<caf::linked>(block_fetcher, s.site, s.channel, caf::actor_cast<raft_consenter_actor>(self), self->seat() + "/fetcher");
  }
  self->send(s.fetcher, atom::seek::value, std::shared_ptr<const fetch_order>(std::move(order)));
}

void tell_leadership(self_ptr self, const chain_do::leadership& what) {
  auto& s = self->state;
  if (what.before != what.now) spdlog::warn("Raft leader changed: {} -> {} channel={} node={}", what.before, what.now, s.channel->id, s.chain->core().id());
  publish_view(self);
  if (what.now == raft::nobody && s.channel->consensus.get()->reachable() < s.channel->consensus.get()->needed()) {
    spdlog::warn("{}: lost the quorum of {}: {}", self->seat(), s.channel->id, s.channel->consensus.get()->why());
  }
}

void retire(self_ptr self) {
  auto& s = self->state;
  spdlog::warn("{}: Detected our own eviction from the channel {} in block [{}]", self->seat(), s.channel->id, s.channel->blocks->height().value - 1);
  publish_view(self);
}

void carry_out(self_ptr self, chain_do::send& e) { send(self, std::move(e.messages)); }
void carry_out(self_ptr self, chain_do::write_log& e) { write_log(self, {std::move(e), nullptr, 0}); }
void carry_out(self_ptr self, chain_do::write_block& e) {
  self->state.last_cut = self->clock().now();
  self->send(self->state.blocks, atom::write::value, std::move(e.block), e.index, caf::actor_cast<consenter_actor>(self));
}
void carry_out(self_ptr self, chain_do::sync_blocks&) { sync_blocks(self); }
void carry_out(self_ptr self, chain_do::compact_log& e) { write_log(self, {{}, std::move(e.made), e.keep_from}); }
void carry_out(self_ptr self, chain_do::fetch_blocks& e) { fetch(self, e); }
void carry_out(self_ptr self, chain_do::answer& e) {
  if (e.what.info == "no Raft leader") e.what.info = no_leader(self);
  self->state.waiting.answer(e.ticket, {e.what.status, std::move(e.what.info)});
}
void carry_out(self_ptr self, chain_do::leadership& e) { tell_leadership(self, e); }
void carry_out(self_ptr self, chain_do::suspect_eviction&) { spdlog::warn("{}: Suspecting our own eviction from the channel {}", self->seat(), self->state.channel->id); }
void carry_out(self_ptr self, chain_do::retire&) { retire(self); }
void carry_out(self_ptr self, chain_do::start_timer& e) { self->delayed_send(self, e.after, atom::expired::value, e.timer.value); }
void carry_out(self_ptr self, chain_do::look_again& e) {
  self->state.idle_asked = true;
  self->delayed_send(self, e.after, atom::expired::value, idle_timer);
}

void carry_out(self_ptr self) {
  auto& s = self->state;
  while (s.chain) {
    auto effects = s.chain->take_effects();
    if (effects.empty()) break;
    for (auto& effect : effects) std::visit([self](auto& e) { carry_out(self, e); }, effect);
  }
  if (!s.chain || s.idle_asked || !s.chain->wants_idle()) return;
  s.idle_asked = true;
  self->send(self, atom::expired::value, idle_timer);  // behind what the mailbox holds
}

cluster::downstream_idle idle_now(self_ptr self) {
  const auto& s = self->state;
  const auto now = self->clock().now();
  const auto since = [&](auto at) { return std::chrono::duration_cast<std::chrono::microseconds>(now - at); };
  if (!s.last_cut) return {};
  return {since(*s.last_cut), since(s.last_submit)};
}

// ---- envelopes

void submit(self_ptr self, const ledger::envelope& e, std::uint64_t sequence, answer_fn answer) {
  auto& s = self->state;
  if (!s.chain) return answer({cluster::status_unavailable, s.not_open});
  s.last_submit = self->clock().now();
  const auto ticket = s.waiting.issue(std::move(answer));
  if (const auto done = s.chain->submit(e, sequence, ticket); !done) give_up(self, done.error().context);
}

caf::result<std::vector<broadcast_reply>> order_here(self_ptr self, const std::vector<ledger::envelope>& all, std::uint64_t sequence) {
  auto reply = take_all(self, all, [&](const auto& e, answer_fn answer) { submit(self, e, sequence, std::move(answer)); });
  carry_out(self);
  return reply;
}

/// The leader, if it is another one and can be reached.
const raft_consenter_actor* leader_elsewhere(self_ptr self) {
  auto& s = self->state;
  if (!s.chain || s.chain->leads() || s.chain->retired()) return nullptr;
  const auto other = s.others.find(s.chain->leader());
  if (other == s.others.end()) return nullptr;
  const auto& handle = find(self, other->second);
  return handle ? &handle : nullptr;
}

/// A follower's front let these in: the leader orders them.
template <class Promise, class Convert>
void forward(self_ptr self, const raft_consenter_actor& leader, std::vector<ledger::envelope> all, std::uint64_t sequence, Promise promise, Convert convert) {
  auto& s = self->state;
  const auto count = all.size();
  auto refuse = [promise, convert, count](const std::string& why) mutable {
    promise.deliver(convert(std::vector<broadcast_reply>(count, {cluster::status_unavailable, why})));
  };
  if (s.forwarded + count > s.site->options.orderer_pending_max) return refuse("the ordering queue is full; back off and retry");
  s.forwarded += count;
  const auto found = s.others.find(s.chain->leader());
  const auto name = found == s.others.end() ? std::string{} : found->second.member;
  self->ask(leader, s.site->options.broadcast_timeout, atom::forward::value, std::move(all), sequence)
      .then(
          [self, promise, convert, count, name](const std::vector<broadcast_reply>& r) mutable {
            self->state.forwarded -= count;
            auto replies = r.size() == count ? r : std::vector<broadcast_reply>(count, {cluster::status_internal, "no answer"});
            for (auto& reply : replies) if (reply.status == cluster::status_success) reply.leader = name;
            promise.deliver(convert(replies));
          },
          [self, refuse, count](const caf::error& e) mutable {
            self->state.forwarded -= count;
            refuse(e == caf::sec::request_timeout ? "the Raft leader did not order the message in time"
                                                  : "the Raft leader stopped; the message may or may not be ordered");
          });
}

caf::result<broadcast_reply> order(self_ptr self, const ledger::envelope& e, std::uint64_t sequence) {
  if (const auto* leader = leader_elsewhere(self)) {
    auto promise = self->make_response_promise<broadcast_reply>();
    forward(self, *leader, {e}, sequence, promise, [](const std::vector<broadcast_reply>& r) { return r.front(); });
    return promise;
  }
  auto reply = take_one(self, e, [&](const auto& x, answer_fn answer) { submit(self, x, sequence, std::move(answer)); });
  carry_out(self);
  return reply;
}

caf::result<std::vector<broadcast_reply>> order_all(self_ptr self, const std::vector<ledger::envelope>& all, std::uint64_t sequence) {
  const auto* leader = all.empty() ? nullptr : leader_elsewhere(self);
  if (!leader) return order_here(self, all, sequence);
  auto promise = self->make_response_promise<std::vector<broadcast_reply>>();
  forward(self, *leader, all, sequence, promise, [](const std::vector<broadcast_reply>& r) { return r; });
  return promise;
}

// ---- opening

cluster::raft_chain_options options_of(const raft_consenter_state& s, raft::node_id id) {
  const auto bundle = s.channel->bundle.get();
  const auto& o = bundle->raft()->options;
  cluster::raft_chain_options out;
  out.raft.id = id;
  out.raft.election_ticks = o.election_tick;
  out.raft.heartbeat_ticks = o.heartbeat_tick;
  out.raft.check_quorum = out.raft.pre_vote = true;
  out.raft.inflight_messages = std::max<std::size_t>(o.max_inflight_blocks, 1);
  out.blocks_in_flight_max = o.max_inflight_blocks;
  out.snapshot_bytes = o.snapshot_interval_size;
  out.suspicion_ticks = 20 * o.election_tick;
  out.bounds = {s.site->options.orderer_pending_max, s.site->options.orderer_pending_bytes_max};
  return out;
}

result<cluster::chain_start> start_of(const orderer_channel& channel) {
  WEFT_TRY(const auto last, channel.blocks->read(block_number{channel.blocks->height().value - 1}));
  WEFT_TRY(auto tip, cluster::tip_after(last));
  const auto group = channel.group.get();
  return cluster::chain_start{std::move(tip), group ? group->index : 0};
}

void step(self_ptr self, const raft_batch& batch) {
  auto& s = self->state;
  if (batch.channel != s.channel->id) return;
  if (!s.chain) {
    if (s.early.size() < early_max) s.early.push_back(batch);
    return;
  }
  drive(self, [&](auto& chain) -> result<void> {
    for (const auto& m : batch.messages) WEFT_CHECK(chain.step(m));
    return {};
  });
}

result<void> open_chain(self_ptr self) {
  auto& s = self->state;
  const auto bundle = s.channel->bundle.get();
  const auto group = s.channel->group.get();
  if (bundle->raft() == nullptr || !group) return fail(errc::failed_precondition, "the channel is not ordered by raft");
  WEFT_TRY(const auto mine, crypto::certificate::from_pem(s.site->tls_certificate));
  const auto id = cluster::id_of(*group, bundle->raft()->consenters, mine);
  if (id == raft::nobody) return fail(errc::not_found, "this orderer is no consenter of " + s.channel->id);
  WEFT_TRY(const auto start, start_of(*s.channel));
  s.tick = bundle->raft()->options.tick_interval;
  WEFT_TRY(s.chain, cluster::raft_chain::open(options_of(s, id), start, *s.rules, *s.log, *s.site->random, *s.notes));
  learn_members(self);
  spdlog::info("{}: raft node {} of {} begins at block {}, term {}", self->seat(), id, s.channel->id, start.tip.next.value, s.chain->core().hard().term);
  s.first = s.channel->blocks->height().value == 1 && group->ids.front() == id;
  self->delayed_send(self, s.tick, atom::tick::value);
  publish_view(self);
  carry_out(self);
  for (const auto& batch : std::exchange(s.early, {})) step(self, batch);
  return {};
}

/// The first consenter of a new channel does not wait for a timeout, only for enough others.
void campaign_first(self_ptr self) {
  auto& s = self->state;
  if (!s.first || !s.chain) return;
  s.first = s.chain->core().hard().term == 0;
  if (!s.first) return;
  publish_view(self);
  const auto view = s.channel->consensus.get();
  if (view->reachable() >= view->needed()) drive(self, [](auto& chain) { return chain.campaign(); });
}

/// Both writers have done what an earlier incarnation asked of them: what they hold now is the truth.
void open(self_ptr self) {
  auto& s = self->state;
  s.blocks = s.writer.get();
  s.log_holder = s.log_writer.get();
  if (!s.blocks || !s.log_holder) return give_up(self, "the writers are restarting");
  self->monitor(s.blocks);
  self->monitor(s.log_holder);
  const auto stopped = [self](const caf::error&) { give_up(self, "a writer stopped"); };
  self->request(s.log_holder, disk_patience, atom::join::value).then([self, stopped](const std::shared_ptr<const opened_log>& opened) {
    if (!opened->log) return give_up(self, "there is no raft log: " + opened->failure);
    self->state.log = opened->log;
    self->request(self->state.blocks, disk_patience, atom::sync::value).then([self](const std::string& failure) {
      if (!failure.empty()) return give_up(self, "the blocks could not be synced: " + failure);
      if (const auto done = open_chain(self); !done) {
        self->state.not_open = done.error().context;
        if (done.error().code == errc::not_found) spdlog::info("{}: {}", self->seat(), done.error().context);
        else give_up(self, done.error().context);
      }
    }, stopped);
  }, stopped);
}

// ---- events

void on_tick(self_ptr self) {
  auto& s = self->state;
  if (!s.chain || s.chain->retired()) return;
  self->delayed_send(self, s.tick, atom::tick::value);
  drive(self, [](auto& chain) { return chain.tick(); });
  ++s.ticks;
  if (s.first && s.ticks % campaign_every == 1) campaign_first(self);
  if (s.chain && s.ticks % view_every == 0) publish_view(self);
}

void on_down(self_ptr self, const caf::down_msg& down) {
  auto& s = self->state;
  if ((s.blocks && down.source == s.blocks.address()) || (s.log_holder && down.source == s.log_holder.address())) return give_up(self, "a writer stopped");
  for (auto& [id, other] : s.others) {
    if (other.watched != down.source) continue;
    other.watched = nullptr;
    self->lost(down.source);
    return drive(self, [id = id](auto& chain) { return chain.disconnected(id); });
  }
}

void on_written(self_ptr self, std::uint64_t number, const std::string& failure) {
  auto& s = self->state;
  if (!failure.empty()) return give_up(self, "the block could not be written: " + failure);
  if (!s.chain) return;
  learn_members(self);
  if (s.fetcher) self->send(s.fetcher, atom::credit::value, std::uint32_t{1});
  drive(self, [number](auto& chain) { return chain.block_written(number); });
}

void on_expired(self_ptr self, std::uint64_t timer) {
  auto& s = self->state;
  if (timer != idle_timer) return drive(self, [timer](auto& chain) { return chain.fired(timer_id{timer}); });
  s.idle_asked = false;
  drive(self, [self](auto& chain) { return chain.idle(idle_now(self)); });
}

raft_consenter_actor::behavior_type raft_consenter(self_ptr self, orderer_ptr site, ordered_channel_ptr channel) {
  auto& s = self->state;
  s.writer = site->to<block_writer_actor>("block_writer/" + channel->id);
  s.log_writer = site->to<log_writer_actor>("log_writer/" + channel->id);
  s.rules = std::make_unique<orderer_rules>(site, channel);
  s.notes = std::make_unique<raft_journal>(channel->id);
  s.site = std::move(site);
  s.channel = std::move(channel);
  self->set_down_handler([self](caf::down_msg& down) { on_down(self, down); });
  open(self);
  return {
      [self](atom::order, const ledger::envelope& e, std::uint64_t sequence) { return order(self, e, sequence); },
      [self](atom::order, const std::vector<ledger::envelope>& all, std::uint64_t sequence) { return order_all(self, all, sequence); },
      [self](atom::expired, std::uint64_t timer) { on_expired(self, timer); },
      [self](atom::written, std::uint64_t number, const std::string& failure) { on_written(self, number, failure); },
      [self](atom::forward, const std::vector<ledger::envelope>& all, std::uint64_t sequence) { return order_here(self, all, sequence); },
      [self](atom::step, const raft_batch& batch) { step(self, batch); },
      [self](atom::tick) { on_tick(self); },
      [self](atom::block, const ledger::block& b) { drive(self, [&](auto& chain) { return chain.fetched(b); }); },
  };
}

}  // namespace

role_spec raft_role(seat s, orderer_ptr site, ordered_channel_ptr channel) {
  return make_spec(std::move(s), &raft_consenter, std::move(site), std::move(channel));
}

}  // namespace weft::actors
