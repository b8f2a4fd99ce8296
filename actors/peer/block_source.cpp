// BLOCK_SOURCE: asks an orderer for the blocks that this peer lacks and feeds them to the committer, never more than the pipeline holds.
#include <spdlog/spdlog.h>

#include "actors/peer/roles.hpp"
#include "cluster/deliver/seek.hpp"

namespace weft::actors {

struct block_source_state {
  peer_ptr site;
  channel_ptr channel;
  route<committer_actor> committer;
  std::vector<route<deliver_actor>> orderers;
  std::size_t chosen = 0;
  std::uint64_t epoch = 0;       ///< Counts attempts: what belongs to an older one is ignored.
  std::uint32_t failures = 0;    ///< In a row.
  deliver_actor source;          ///< The orderer of the current attempt.
  caf::actor_addr watched;       ///< The committer that holds our blocks: it would take them with it when it dies.
  static inline const char* name = "block_source";
};

namespace {

using self_ptr = role_self<block_source_actor, block_source_state>;

/// Only the orderer of this attempt may feed the committer.
bool from_source(self_ptr self) {
  return self->state.source && self->current_sender() == caf::actor_cast<caf::strong_actor_ptr>(self->state.source);
}

/// Begins anew after a pause that doubles with each failure in a row.
void retry(self_ptr self, const std::string& why) {
  auto& s = self->state;
  ++s.epoch;
  const auto factor = 1u << std::min(s.failures, 5u);
  ++s.failures;
  ++s.chosen;
  if (s.source) self->demonitor(s.source.address());
  s.source = deliver_actor{};
  spdlog::info("{}: stream of {} interrupted ({}), trying again", self->seat(), s.channel->id, why);
  self->delayed_send(self, s.site->options.retry * factor, atom::tick::value, s.epoch);
}

void open(self_ptr self) {
  auto& s = self->state;
  auto& orderer = s.orderers[s.chosen % s.orderers.size()];
  const deliver_actor source = orderer.get();  // asked once: it may stop at any moment, and only a handle that is held can be watched
  if (!source) return retry(self, orderer.name() + " is not running");
  const auto& me = *s.site->identity;
  auto payload = cluster::make_seek_payload(s.channel->id, s.channel->ledger->height(), std::nullopt, me.serialized(),
                                            s.site->random->make_bytes(24), s.site->clock->now());
  auto signature = me.sign(payload);
  if (!signature) return retry(self, signature.error().context);
  s.source = source;
  self->monitor(s.source);
  const auto credits = static_cast<std::uint32_t>(s.site->options.pipeline_blocks);
  self->send(s.source, atom::seek::value, caf::actor_cast<block_sink_actor>(self),
             ledger::envelope::make(std::move(payload), std::move(*signature)), credits);
}

void on_block(self_ptr self, const ledger::block& b) {
  auto& s = self->state;
  const auto& committer = s.committer.get();
  if (!committer) return retry(self, "the committer is restarting");
  if (committer.address() != s.watched) {
    s.watched = committer.address();
    self->monitor(committer);
  }
  self->request(committer, std::chrono::seconds(180), atom::commit::value, b)
      .then(
          [self, epoch = s.epoch](const broadcast_reply& r) {
            auto& st = self->state;
            if (epoch != st.epoch) return;
            if (r.status != 200) return retry(self, r.info);
            st.failures = 0;
            self->send(st.source, atom::credit::value, caf::actor_cast<block_sink_actor>(self), st.channel->id, std::uint32_t{1});
          },
          [self, epoch = s.epoch](const caf::error&) {
            if (epoch == self->state.epoch) retry(self, "the committer did not answer");
          });
}

block_source_actor::behavior_type block_source(self_ptr self, peer_ptr site, channel_ptr channel) {
  auto& s = self->state;
  s.committer = site->to<committer_actor>("committer/" + channel->id);
  for (const auto& o : channel->orderers) s.orderers.emplace_back(site->where, o + "/deliver");
  s.site = std::move(site);
  s.channel = std::move(channel);
  self->set_down_handler([self](caf::down_msg& down) {
    auto& st = self->state;
    if (down.source == st.watched) {
      st.watched = nullptr;
      if (st.source) retry(self, "the committer stopped");
    } else if (st.source && down.source == st.source.address()) {
      retry(self, "the orderer stopped");
    }
  });
  self->send(self, atom::tick::value, s.epoch);
  return {
      [self](atom::block, const std::string& channel_id, const ledger::block& b) {
        if (channel_id == self->state.channel->id && from_source(self)) on_block(self, b);
      },
      [self](atom::ended, const std::string& channel_id, std::int32_t status, const std::string& why) {
        if (channel_id == self->state.channel->id && from_source(self)) {
          retry(self, std::to_string(status) + " " + why);
        }
      },
      [self](atom::tick, std::uint64_t epoch) { if (epoch == self->state.epoch) open(self); },
  };
}

}  // namespace

role_spec block_source_role(seat s, peer_ptr site, channel_ptr channel) {
  return make_spec(std::move(s), &block_source, std::move(site), std::move(channel));
}

}  // namespace weft::actors
