// BLOCK_SOURCE: asks an orderer for the blocks that this peer lacks and feeds them to the committer, never more than the pipeline holds.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <optional>

#include "actors/peer/roles.hpp"
#include "cluster/deliver/seek.hpp"

namespace weft::actors {

struct block_source_state {
  peer_ptr site;
  channel_ptr channel;
  route<committer_actor> committer;
  std::shared_ptr<const std::vector<std::string>> listed;  ///< What `orderers` was made from.
  std::vector<route<deliver_actor>> orderers;              ///< In the same order.
  std::size_t chosen = 0;
  std::optional<std::size_t> going;  ///< To this one, as soon as the committer has answered for everything that came.
  std::uint64_t epoch = 0;       ///< Counts attempts: what belongs to an older one is ignored.
  std::uint32_t failures = 0;    ///< In a row.
  deliver_actor source;          ///< The orderer of the current attempt.
  caf::actor_addr watched;       ///< The committer that holds our blocks: it would take them with it when it dies.
  std::size_t committing = 0;    ///< Blocks of the current attempt that the committer has not answered for.
  static inline const char* name = "block_source";
};

namespace {

using block_source_self = role_self<block_source_actor, block_source_state>;

/// Only the orderer of this attempt may feed the committer.
bool from_source(block_source_self self) {
  return self->state.source && self->current_sender() == caf::actor_cast<caf::strong_actor_ptr>(self->state.source);
}

/// A stream that stood this long without a word, with no block to commit, is a good one: there is nothing new.
constexpr std::chrono::seconds settled{2};

/// Keeps why there was no block, for whoever asks why this peer stays behind.
void remember(block_source_self self, stall_kind kind, const std::string& why) {
  auto& s = self->state;
  const auto before = s.channel->stalled.get();
  const auto now = s.site->clock->now();
  auto next = std::make_shared<stall>();
  const auto& asked = s.orderers[s.chosen % s.orderers.size()].name();
  *next = {kind, asked.substr(0, asked.find('/')), why, s.channel->ledger->height(), before ? before->failures + 1 : 1, before ? before->since : now, now};
  s.channel->stalled.set(std::move(next));
}

/// The channel's configuration may have changed who orders it. Whoever orders no more is left.
void learn_orderers(block_source_self self) {
  auto& s = self->state;
  auto now = s.channel->orderers.get();
  if (now == s.listed) return;
  const auto current = s.listed ? (*s.listed)[s.chosen % s.listed->size()] : std::string();
  if (now->empty()) return;  // there must be somebody to ask
  s.orderers.clear();
  for (const auto& o : *now) s.orderers.emplace_back(s.site->where, o + "/deliver");
  const auto place = std::find(now->begin(), now->end(), current);
  s.chosen = place == now->end() ? 0 : static_cast<std::size_t>(place - now->begin());
  s.going.reset();
  if (place == now->end() && s.source) s.going = s.chosen;
  s.listed = std::move(now);
}

/// The orderer of this attempt is not listened to any more.
void leave(block_source_self self) {
  auto& s = self->state;
  ++s.epoch;
  s.committing = 0;
  s.going.reset();
  if (!s.source) return;
  self->demonitor(s.source.address());
  s.source = deliver_actor{};
}

/// Begins anew with the next orderer; when none of them would serve, after a pause that doubles each time.
void retry(block_source_self self, stall_kind kind, const std::string& why) {
  auto& s = self->state;
  remember(self, kind, why);
  leave(self);
  const auto orderers = static_cast<unsigned>(s.orderers.size());
  const auto rounds = ++s.failures / orderers;
  const auto factor = s.failures % orderers == 0 ? 1u << std::min(rounds - 1, 5u) : 0u;
  ++s.chosen;
  spdlog::info("{}: stream of {} interrupted ({}), trying again", self->seat(), s.channel->id, why);
  self->delayed_send(self, s.site->options.retry * factor, atom::tick::value, s.epoch);
}

void open(block_source_self self) {
  auto& s = self->state;
  learn_orderers(self);
  auto& orderer = s.orderers[s.chosen % s.orderers.size()];
  const deliver_actor source = orderer.get();  // asked once: it may stop at any moment, and only a handle that is held can be watched
  if (!source) return retry(self, stall_kind::unreachable, orderer.name() + " is not running");
  const auto& me = *s.site->identity;
  auto payload = cluster::make_seek_payload(s.channel->id, s.channel->ledger->height(), std::nullopt, me.serialized(),
                                            s.site->random->make_bytes(24), s.site->clock->now());
  auto signature = me.sign(payload);
  if (!signature) return retry(self, stall_kind::refused, signature.error().context);
  s.source = source;
  self->monitor(s.source);
  const auto credits = static_cast<std::uint32_t>(s.site->options.pipeline_blocks);
  self->send(s.source, atom::seek::value, caf::actor_cast<block_sink_actor>(self),
             ledger::envelope::make(std::move(payload), std::move(*signature)), credits, std::string{});
  if (s.channel->stalled.get()) self->delayed_send(self, settled, atom::tick::value, s.epoch);
}

/// To another orderer, without anything having failed, once no block of this one is on its way through the committer.
void go_on(block_source_self self) {
  auto& s = self->state;
  if (!s.going || !s.source || s.committing > 0) return;
  const auto to = *s.going;
  self->send(s.source, atom::cancel::value, caf::actor_cast<block_sink_actor>(self), s.channel->id);
  leave(self);
  s.chosen = to;
  open(self);
}

/// An orderer that led and leads no more may stand still, with everything that it would send: the new leader has the blocks first.
void on_leader(block_source_self self, const std::string& leader, const std::string& before) {
  auto& s = self->state;
  learn_orderers(self);
  if (!s.source || !s.listed || (*s.listed)[s.chosen % s.listed->size()] != before) return;
  const auto place = std::find(s.listed->begin(), s.listed->end(), leader);
  if (place == s.listed->end()) return;
  spdlog::info("{}: stream of {} goes on with {}, which leads now", self->seat(), s.channel->id, leader);
  s.going = static_cast<std::size_t>(place - s.listed->begin());
  go_on(self);
}

void well(block_source_self self) {
  if (self->state.channel->stalled.get()) self->state.channel->stalled.set(nullptr);
}

void on_tick(block_source_self self) {
  auto& s = self->state;
  if (!s.source) return open(self);
  if (s.committing == 0) return well(self);
  self->delayed_send(self, settled, atom::tick::value, s.epoch);
}

/// 400: what came is not the next block of this chain. Anything else: it could not be judged or stored, or a role is restarting.
stall_kind kind_of_commit(const broadcast_reply& r) {
  if (r.status == 400 || r.status == 409) return stall_kind::block_refused;
  return r.info.find("restarting") != std::string::npos || r.info.find("asked for again") != std::string::npos ? stall_kind::unreachable
                                                                                                              : stall_kind::not_stored;
}
stall_kind kind_of_end(std::int32_t status) {
  if (status == 403 || status == 400) return stall_kind::refused;
  return status == 500 ? stall_kind::source_damaged : stall_kind::unreachable;
}

void on_block(block_source_self self, const ledger::block& b) {
  auto& s = self->state;
  if (s.going) return;  // whoever is next sends it again
  const auto& committer = s.committer.get();
  if (!committer) return retry(self, stall_kind::unreachable, "the committer is restarting");
  if (committer.address() != s.watched) {
    s.watched = committer.address();
    self->monitor(committer);
  }
  ++s.committing;
  self->request(committer, std::chrono::seconds(180), atom::commit::value, b)
      .then(
          [self, epoch = s.epoch](const broadcast_reply& r) {
            auto& st = self->state;
            if (epoch != st.epoch) return;
            --st.committing;
            if (r.status != 200) return retry(self, kind_of_commit(r), r.info);
            st.failures = 0;
            well(self);
            learn_orderers(self);
            if (st.going) return go_on(self);
            self->send(st.source, atom::credit::value, caf::actor_cast<block_sink_actor>(self), st.channel->id, std::uint32_t{1});
          },
          [self, epoch = s.epoch](const caf::error&) {
            if (epoch == self->state.epoch) retry(self, stall_kind::unreachable, "the committer did not answer");
          });
}

block_source_actor::behavior_type block_source(block_source_self self, peer_ptr site, channel_ptr channel) {
  auto& s = self->state;
  s.committer = site->to<committer_actor>("committer/" + channel->id);
  s.site = std::move(site);
  s.channel = std::move(channel);
  self->set_down_handler([self](caf::down_msg& down) {
    auto& st = self->state;
    if (down.source == st.watched) {
      st.watched = nullptr;
      if (st.source) retry(self, stall_kind::unreachable, "the committer stopped");
    } else if (st.source && down.source == st.source.address()) {
      retry(self, stall_kind::unreachable, "the orderer stopped");
    }
  });
  self->send(self, atom::tick::value, s.epoch);
  return {
      [self](atom::block, const std::string& channel_id, const ledger::block& b) {
        if (channel_id == self->state.channel->id && from_source(self)) on_block(self, b);
      },
      [self](atom::ended, const std::string& channel_id, std::int32_t status, const std::string& why) {
        if (channel_id == self->state.channel->id && from_source(self)) {
          retry(self, kind_of_end(status), std::to_string(status) + " " + why);
        }
      },
      [self](atom::tick, std::uint64_t epoch) { if (epoch == self->state.epoch) on_tick(self); },
      [self](atom::changed, const std::string& leader, const std::string& before) { on_leader(self, leader, before); },
  };
}

}  // namespace

std::string stall::advice() const {
  switch (kind) {
    case stall_kind::unreachable: return "nothing, it is tried again by itself; if it lasts, see `weft status --all` and the log";
    case stall_kind::refused:
      if (why.find("/Channel/Orderer/Readers") != std::string::npos)
        return "the channel is in maintenance, which only orderers' organizations may read; peers go on when an update sets its state to NORMAL";
      return "see that this peer's identity (crypto folder) is one that the channel's configuration knows";
    case stall_kind::source_damaged: return "stop the network and put the block files of " + orderer + " back from a copy";
    case stall_kind::block_refused: return "one of the two holds another chain: stop the network and put the block files of the wrong one back from a copy";
    case stall_kind::not_stored:
      if (why.find("is required but not supported") != std::string::npos)
        return "the channel's configuration requires what this weft does not have: stop the network and start it with a newer weft, on the same folder";
      return "mend the cause (disk full, read-only folder, damaged state), then stop the network and start it again";
  }
  return {};
}

role_spec block_source_role(seat s, peer_ptr site, channel_ptr channel) {
  return make_spec(std::move(s), &block_source, std::move(site), std::move(channel));
}

}  // namespace weft::actors
