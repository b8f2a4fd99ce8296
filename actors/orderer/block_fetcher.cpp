// BLOCK_FETCHER: what a consenter's log no longer has is in the other orderers' block stores.
#include <spdlog/spdlog.h>

#include "actors/orderer/raft_roles.hpp"
#include "cluster/deliver/seek.hpp"
#include "cluster/ordering/config_admission.hpp"

namespace weft::actors {

namespace {

using block_fetcher_self = role_self<block_fetcher_actor, block_fetcher_state>;

constexpr std::uint32_t window = 8;

void retry(block_fetcher_self self, const std::string& why) {
  auto& s = self->state;
  spdlog::info("{}: blocks of {} from {} interrupted ({}), trying another", self->seat(), s.channel->id, s.next, why);
  if (s.source) self->demonitor(s.source.address());
  s.source = deliver_actor{};
  ++s.epoch;
  ++s.chosen;
  const auto factor = 1u << std::min(s.failures++, 5u);
  self->delayed_send(self, s.site->options.retry * factor, atom::tick::value, s.epoch);
}

void open_stream(block_fetcher_self self) {
  auto& s = self->state;
  if (!s.order || s.next >= s.order->until || s.order->sources.empty()) return;
  const auto& from = s.order->sources[s.chosen % s.order->sources.size()];
  const deliver_actor source = route<deliver_actor>{s.site->where, from + "/deliver"}.get();
  if (!source) return retry(self, from + " is not reachable");
  const auto& me = *s.site->identity;
  auto payload = cluster::make_seek_payload(s.channel->id, block_number{s.next}, std::nullopt, me.serialized(), s.site->random->make_bytes(24),
                                            s.site->clock->now());
  auto signature = me.sign(payload);
  if (!signature) return retry(self, signature.error().context);
  s.source = source;
  self->monitor(s.source);
  self->send(s.source, atom::seek::value, caf::actor_cast<block_sink_actor>(self), ledger::envelope::make(std::move(payload), std::move(*signature)), window, std::string{});
}

/// What a peer checks, and the configuration that the block brings.
result<void> check(block_fetcher_state& s, const ledger::block& b) {
  WEFT_CHECK(ledger::check_links(b, block_number{s.next}, s.last_hash));
  WEFT_CHECK(ledger::check_block_signatures(b, *s.bundle, *s.site->verifier));
  if (!cluster::is_config_block(b)) return {};
  WEFT_TRY(s.bundle, cluster::bundle_behind(b, *s.bundle, *s.site->verifier));
  return {};
}

void on_block(block_fetcher_self self, const ledger::block& b) {
  auto& s = self->state;
  if (!s.order || s.next >= s.order->until) return;
  if (const auto good = check(s, b); !good) return retry(self, good.error().context);
  s.failures = 0;
  ++s.next;
  s.last_hash = b.hash();
  self->send(s.consenter, atom::block::value, b);
  if (s.next < s.order->until) return;
  self->send(s.source, atom::cancel::value, caf::actor_cast<block_sink_actor>(self), s.channel->id);
  self->demonitor(s.source.address());
  s.source = deliver_actor{};
}

bool from_source(block_fetcher_self self) {
  return self->state.source && self->current_sender() == caf::actor_cast<caf::strong_actor_ptr>(self->state.source);
}

}  // namespace

block_fetcher_actor::behavior_type block_fetcher(block_fetcher_self self, orderer_ptr site, ordered_channel_ptr channel, raft_consenter_actor consenter, std::string name) {
  self->sit(std::move(name), nullptr);
  auto& s = self->state;
  s.site = std::move(site);
  s.channel = std::move(channel);
  s.consenter = std::move(consenter);
  self->set_down_handler([self](caf::down_msg& down) {
    if (self->state.source && down.source == self->state.source.address()) retry(self, "the orderer stopped");
  });
  return {
      [self](atom::block, const std::string& channel_id, const ledger::block& b) {
        if (channel_id == self->state.channel->id && from_source(self)) on_block(self, b);
      },
      [self](atom::ended, const std::string& channel_id, std::int32_t status, const std::string& why) {
        if (channel_id == self->state.channel->id && from_source(self)) retry(self, std::to_string(status) + " " + why);
      },
      [self](atom::seek, const std::shared_ptr<const fetch_order>& order) {
        auto& st = self->state;
        const bool first = !st.order;
        st.order = order;
        if (first) {
          st.next = order->from;
          st.bundle = st.channel->bundle.get();
          const auto before = st.channel->blocks->read(block_number{order->from - 1});
          if (before) st.last_hash = before->hash();
        }
        if (!st.source) open_stream(self);
      },
      [self](atom::credit, std::uint32_t blocks) {
        auto& st = self->state;
        if (st.source) self->send(st.source, atom::credit::value, caf::actor_cast<block_sink_actor>(self), st.channel->id, blocks);
      },
      [self](atom::tick, std::uint64_t epoch) { if (epoch == self->state.epoch && !self->state.source) open_stream(self); },
  };
}

}  // namespace weft::actors
