// CONSENTER of a raft channel: carries out what a raft_chain decides. Interfaces: raft_roles.hpp; its parts: raft_shell.hpp.
#include <spdlog/spdlog.h>

#include <algorithm>

#include "actors/orderer/raft_shell.hpp"
#include "cluster/consenter/following.hpp"

namespace weft::actors {

namespace raft = cluster::raft;

namespace raft_shell {

namespace {

constexpr std::size_t early_max = 64;
constexpr unsigned campaign_every = 3;   ///< Ticks between two campaigns of a new channel's first consenter.
constexpr std::chrono::milliseconds view_every{200};  ///< Between two looks at who is where; at least a tick.
constexpr std::chrono::minutes foreign_quiet{1};      ///< Between two words about another channel of the same name.
constexpr unsigned election_ticks_max = 1'000'000;
constexpr std::size_t in_flight_max = 1024;
constexpr std::uint64_t in_flight_bytes_max = 16 * MiB;  ///< To one follower, or one block if it is larger: what waits at a slow link.
constexpr std::size_t ready_bytes_max = 4 * MiB;         ///< Committed blocks in memory at once while a log is read again.
constexpr std::chrono::milliseconds tick_min{1}, tick_max{std::chrono::hours{1}};

// ---- opening

cluster::raft_chain_options options_of(const raft_consenter_state& s, raft::node_id id) {
  const auto bundle = s.channel->bundle.get();
  const auto& o = bundle->raft()->options;
  cluster::raft_chain_options out;
  out.raft.id = id;
  // Fabric's rules let any number pass; what would take all memory, or never end, is held to what a consenter can do.
  out.raft.election_ticks = std::clamp(o.election_tick, 2u, election_ticks_max);
  out.raft.heartbeat_ticks = std::clamp(o.heartbeat_tick, 1u, out.raft.election_ticks - 1);
  out.raft.check_quorum = out.raft.pre_vote = true;
  out.raft.inflight_messages = std::clamp<std::size_t>(o.max_inflight_blocks, 1, in_flight_max);
  out.raft.inflight_bytes = std::max<std::uint64_t>(in_flight_bytes_max, out.raft.message_bytes_max);
  out.raft.ready_bytes_max = ready_bytes_max;
  out.blocks_in_flight_max = out.raft.inflight_messages;
  out.snapshot_bytes = o.snapshot_interval_size;
  out.suspicion_ticks = 20 * out.raft.election_ticks;
  out.bounds = {s.site->options.orderer_pending_max, s.site->options.orderer_pending_bytes_max};
  return out;
}

result<cluster::chain_start> start_of(const raft_consenter_state& s) {
  const auto& channel = *s.channel;
  WEFT_TRY(const auto last, channel.blocks->read(block_number{channel.blocks->height().value - 1}));
  WEFT_TRY(auto tip, cluster::tip_after(last));
  const auto group = channel.group.get();
  return cluster::chain_start{std::move(tip), group ? group->index : 0, s.log->followed()};
}

/// As what node it takes part now; nobody if it follows.
raft::node_id takes_part_as(const raft_consenter_state& s) {
  const auto group = s.channel->group.get();
  if (!group || s.channel->blocks->height().value <= s.evicted_in) return raft::nobody;
  return listed_as(s, *s.channel->bundle.get(), *group);
}

/// A channel of this name that was made elsewhere: its messages would be taken for those of our own group, for its nodes have the same numbers.
void refuse_foreign(raft_self self, const raft_batch& batch) {
  auto& s = self->state;
  if (!s.chain) return;  // who is who is not known yet; they will try again
  const auto now = self->clock().now();
  if (s.foreign_told && now < *s.foreign_told + foreign_quiet) return;
  s.foreign_told = now;
  const auto from = batch.messages.empty() ? s.others.end() : s.others.find(batch.messages.front().from);
  spdlog::error("{}: raft messages refused: {} is a channel with genesis block {} at {}, but with genesis block {} here. Two channels of one name were made: "
                "leave the wrong one on its nodes, and join the right one's block there",
                self->seat(), s.channel->id, to_hex(bytes_view(batch.genesis).substr(0, 4)), from == s.others.end() ? "another node" : from->second.member, to_hex(bytes_view(s.genesis).substr(0, 4)));
}

void step(raft_self self, const raft_batch& batch) {
  auto& s = self->state;
  if (batch.channel != s.channel->id) return;
  if (batch.genesis != s.genesis) return refuse_foreign(self, batch);
  if (!s.chain) {
    if (s.early.size() < early_max) s.early.push_back(batch);
    return;
  }
  drive(self, [&](auto& chain) -> result<void> {
    for (const auto& m : batch.messages) WEFT_CHECK(chain.step(m));
    return {};
  });
}

result<void> open_chain(raft_self self) {
  auto& s = self->state;
  const auto bundle = s.channel->bundle.get();
  const auto group = s.channel->group.get();
  if (bundle->raft() == nullptr || !group) return fail(errc::failed_precondition, "the channel is not ordered by raft");
  const auto id = takes_part_as(s);
  if (id == raft::nobody) return fail(errc::not_found, "this orderer is no consenter of " + s.channel->id);
  WEFT_TRY(const auto start, start_of(s));
  s.tick = std::clamp(std::chrono::duration_cast<std::chrono::milliseconds>(bundle->raft()->options.tick_interval), tick_min, tick_max);
  WEFT_TRY(s.chain, cluster::raft_chain::open(options_of(s, id), start, *s.rules, *s.log, *s.site->random, *s.notes));
  learn_members(self);
  spdlog::info("{}: raft node {} of {} begins at block {}, term {}", self->seat(), id, s.channel->id, start.tip.next.value, s.chain->core().hard().term);
  s.first = s.channel->blocks->height().value == 1 && group->ids.front() == id;
  if (!std::exchange(s.ticking, true)) self->delayed_send(self, s.tick, atom::tick::value);
  publish_view(self);
  carry_out(self);
  for (const auto& batch : std::exchange(s.early, {})) step(self, batch);
  return {};
}

/// The first consenter of a new channel does not wait for a timeout, only for enough others.
void campaign_first(raft_self self) {
  auto& s = self->state;
  if (!s.first || !s.chain) return;
  s.first = s.chain->core().hard().term == 0;
  if (!s.first) return;
  publish_view(self);
  const auto view = s.channel->consensus.get();
  if (view->reachable() >= view->needed()) drive(self, [](auto& chain) { return chain.campaign(); });
}

// ---- events

void on_tick(raft_self self) {
  auto& s = self->state;
  s.ticking = s.chain != nullptr;
  if (!s.chain) return;
  self->delayed_send(self, s.tick, atom::tick::value);
  drive(self, [](auto& chain) { return chain.tick(); });
  ++s.ticks;
  if (s.first && s.ticks % campaign_every == 1) campaign_first(self);
  if (s.chain && s.ticks % std::max<std::int64_t>(view_every / s.tick, 1) == 0) publish_view(self);
}

void on_down(raft_self self, const caf::down_msg& down) {
  auto& s = self->state;
  if ((s.blocks && down.source == s.blocks.address()) || (s.log_holder && down.source == s.log_holder.address())) return give_up(self, "a writer stopped");
  for (auto& [id, other] : s.others) {
    if (other.watched != down.source) continue;
    other.watched = nullptr;
    self->lost(down.source);
    drive(self, [id = id](auto& chain) { return chain.disconnected(id); });
    return publish_view(self);
  }
}

void on_written(raft_self self, std::uint64_t number, const std::string& failure) {
  auto& s = self->state;
  if (!failure.empty()) return give_up(self, "the block could not be written: " + failure);
  if (s.fetcher && !s.suspected) self->send(s.fetcher, atom::credit::value, std::uint32_t{1});
  if (!s.chain) return followed(self);
  learn_members(self);
  drive(self, [number](auto& chain) { return chain.block_written(number); });
}

void on_expired(raft_self self, std::uint64_t timer) {
  auto& s = self->state;
  if (timer == view_timer) return on_view_timer(self);
  if (timer != idle_timer) return drive(self, [timer](auto& chain) { return chain.fired(timer_id{timer}); });
  s.timing.idle_asked = false;
  drive(self, [self](auto& chain) { return chain.idle(self->state.timing.idle_at(self->clock().now())); });
}

}  // namespace

void give_up(raft_self self, const std::string& why) {
  auto& s = self->state;
  spdlog::error("{}: {}", self->seat(), why);
  s.chain.reset();
  s.not_open = why;
  s.waiting.answer_all({cluster::status_unavailable, why + "; the message may or may not be ordered"});
  self->quit(caf::make_error(caf::sec::runtime_error, why));
}

/// Takes part, or follows.
void begin(raft_self self) {
  const auto done = open_chain(self);
  if (!done && done.error().code == errc::not_found) follow(self);
  else if (!done) give_up(self, done.error().context);
}

/// What the log must say about following before anything begins. The store is synced.
void note_then_begin(raft_self self) {
  auto& s = self->state;
  const auto start = start_of(s);
  if (!start) return give_up(self, start.error().context);
  const bool part = takes_part_as(s) != raft::nobody;
  const auto note = part ? cluster::note_before_opening(*start) : cluster::note_before_following(*start, *s.log);
  if (!part && cluster::store_is_ahead(*start, *s.log)) {
    spdlog::warn("{}: the block store ends with entry {} of the raft log, but the log ends at {}: as the consenter it was, this orderer will not order again", self->seat(),
                 start->newest_entry, s.log->last_index());
  }
  if (!note) return begin(self);
  self->request(s.log_holder, disk_patience, atom::write::value, std::make_shared<const log_job>(log_job{{}, nullptr, 0, note}))
      .then(
          [self](const std::string& failure) {
            if (!failure.empty()) return give_up(self, "the raft log could not be written: " + failure);
            begin(self);
          },
          [self](const caf::error&) { give_up(self, "a writer stopped"); });
}

/// Both writers have done what an earlier incarnation asked of them: what they hold now is the truth.
void open(raft_self self) {
  auto& s = self->state;
  s.blocks = s.writer.get();
  s.log_holder = s.log_writer.get();
  if (!s.blocks || !s.log_holder) return give_up(self, "the writers are restarting");
  if (std::exchange(s.watched_blocks, s.blocks.address()) != s.blocks.address()) self->monitor(s.blocks);
  if (std::exchange(s.watched_log, s.log_holder.address()) != s.log_holder.address()) self->monitor(s.log_holder);
  const auto stopped = [self](const caf::error&) { give_up(self, "a writer stopped"); };
  self->request(s.log_holder, disk_patience, atom::join::value).then([self, stopped](const std::shared_ptr<const opened_log>& opened) {
    if (!opened->log) return give_up(self, "there is no raft log: " + opened->failure);
    self->state.log = opened->log;
    self->request(self->state.blocks, disk_patience, atom::sync::value).then([self](const std::string& failure) {
      if (!failure.empty()) return give_up(self, "the blocks could not be synced: " + failure);
      note_then_begin(self);
    }, stopped);
  }, stopped);
}

}  // namespace raft_shell

namespace {

raft_consenter_actor::behavior_type raft_consenter(raft_shell::raft_self self, orderer_ptr site, ordered_channel_ptr channel) {
  using namespace raft_shell;
  auto& s = self->state;
  s.writer = site->to<block_writer_actor>("block_writer/" + channel->id);
  s.log_writer = site->to<log_writer_actor>("log_writer/" + channel->id);
  s.front = site->to<orderer_actor>("orderer");
  s.rules = std::make_unique<orderer_rules>(site, channel);
  s.notes = std::make_unique<raft_journal>(channel->id);
  s.site = std::move(site);
  s.channel = std::move(channel);
  self->set_down_handler([self](caf::down_msg& down) { on_down(self, down); });
  const auto genesis = s.channel->blocks->read(block_number{0});
  auto mine = crypto::certificate::from_pem(s.site->tls_certificate);
  if (genesis) s.genesis = genesis->hash();
  if (mine) s.certificate = std::move(*mine);
  if (genesis && mine) open(self);
  else if (!genesis) give_up(self, genesis.error().context);
  else give_up(self, "this orderer has no TLS certificate: " + mine.error().context);
  return {
      [self](atom::order, const ledger::envelope& e, std::uint64_t sequence) { return order(self, e, sequence); },
      [self](atom::order, const std::vector<ledger::envelope>& all, std::uint64_t sequence) { return order_all(self, all, sequence); },
      [self](atom::expired, std::uint64_t timer) { on_expired(self, timer); },
      [self](atom::written, std::uint64_t number, const std::string& failure) { on_written(self, number, failure); },
      [self](atom::forward, const std::vector<ledger::envelope>& all, std::uint64_t sequence) { return order_here(self, all, sequence); },
      [self](atom::step, const raft_batch& batch) { step(self, batch); },
      [self](atom::tick) { on_tick(self); },
      [self](atom::block, const ledger::block& b) { on_fetched(self, b); },
  };
}

}  // namespace

role_spec raft_role(seat s, orderer_ptr site, ordered_channel_ptr channel) {
  return make_spec(std::move(s), &raft_consenter, std::move(site), std::move(channel));
}

}  // namespace weft::actors
