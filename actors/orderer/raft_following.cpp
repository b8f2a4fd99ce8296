// A raft consenter's shell: blocks that come from other orderers, and orderers that are no consenters.
#include <spdlog/spdlog.h>

#include <limits>

#include "actors/orderer/raft_shell.hpp"
#include "cluster/ordering/config_admission.hpp"

namespace weft::actors::raft_shell {

namespace raft = cluster::raft;

namespace {

constexpr auto for_ever = std::numeric_limits<std::uint64_t>::max();

void order_blocks(raft_self self, std::uint64_t from, std::uint64_t until) {
  auto& s = self->state;
  auto order = std::make_shared<fetch_order>();
  order->from = from;
  order->until = until;
  for (const auto& [id, other] : s.others) order->sources.push_back(other.member);
  if (!s.fetcher)
    s.fetcher = self->template spawn<caf::linked>(block_fetcher, s.site, s.channel, caf::actor_cast<raft_consenter_actor>(self), self->seat() + "/fetcher");
  self->send(s.fetcher, atom::seek::value, std::shared_ptr<const fetch_order>(std::move(order)));
}

/// A block behind ours that others have: does it remove us?
void examine(raft_self self, const ledger::block& b) {
  auto& s = self->state;
  self->send(s.fetcher, atom::credit::value, std::uint32_t{1});
  if (!cluster::is_config_block(b)) return;
  auto behind = cluster::bundle_behind(b, *s.suspected, *s.site->verifier);
  const auto said = ledger::consenter_metadata(b);
  const auto group = said ? cluster::group_metadata::decode(*said) : tl::unexpected<error>(said.error());
  if (!behind || !group) return spdlog::warn("{}: Cannot confirm our own eviction from the channel: {}", self->seat(), (behind ? group.error() : behind.error()).context);
  s.suspected = std::move(*behind);
  if (listed_as(s, *s.suspected, *group) == s.chain->core().id()) {
    return spdlog::info("{}: Cannot confirm our own eviction from the channel, our certificate was found in config block with sequence {}", self->seat(), b.number().value);
  }
  s.evicted_in = b.number().value;
  s.evicted = true;
  put_chain_away(self);
}

}  // namespace

void fetch(raft_self self, const cluster::chain_do::fetch_blocks& what) {
  auto& s = self->state;
  if (s.suspected) stop_fetching(self);
  if (!s.fetcher) spdlog::info("{}: fetching blocks {} to {} of {} from other orderers", self->seat(), what.from, what.until - 1, s.channel->id);
  order_blocks(self, what.from, what.until);
}

void stop_fetching(raft_self self) {
  auto& s = self->state;
  s.suspected.reset();
  if (!s.fetcher) return;
  self->unlink_from(s.fetcher);
  self->send_exit(s.fetcher, caf::exit_reason::user_shutdown);
  s.fetcher = block_fetcher_actor{};
}

void on_fetched(raft_self self, const ledger::block& b) {
  auto& s = self->state;
  if (!s.fetcher || self->current_sender() != caf::actor_cast<caf::strong_actor_ptr>(s.fetcher)) return;  // of one that was stopped
  if (s.suspected && s.chain) return examine(self, b);
  if (s.following) return self->send(s.blocks, atom::write::value, b, std::uint64_t{0}, caf::actor_cast<consenter_actor>(self));
  drive(self, [&](auto& chain) { return chain.fetched(b); });
}

void follow(raft_self self) {
  auto& s = self->state;
  s.following = true;
  s.not_open = "orderer is a follower of channel " + s.channel->id;
  learn_members(self);
  s.early.clear();
  publish_view(self);
  if (std::exchange(s.evicted, false)) {
    if (const auto at = last_config_of(*s.channel); at && s.evicted_in == 0) s.evicted_in = at->value;
    spdlog::warn("{}: Detected our own eviction from the channel in block [{}] channel={}", self->seat(), s.evicted_in, s.channel->id);
  }
  spdlog::info("{}: {}, from block {} on", self->seat(), s.not_open, s.channel->blocks->height().value);
  order_blocks(self, s.channel->blocks->height().value, for_ever);
}

void followed(raft_self self) {
  auto& s = self->state;
  if (!s.following) return;
  const auto height = s.channel->blocks->height().value;
  const auto group = s.channel->group.get();
  if (!learn_members(self)) return;
  if (height > s.evicted_in && group && listed_as(s, *s.channel->bundle.get(), *group) != raft::nobody) {
    spdlog::info("{}: the configuration in block {} makes this orderer a consenter of {}", self->seat(), height - 1, s.channel->id);
    stop_fetching(self);
    s.following = false;
    s.evicted_in = 0;
    s.not_open = "the consenter is starting";
    return open(self);
  }
  publish_view(self);
  order_blocks(self, height, for_ever);  // whom to ask may have changed
}

void suspect_eviction(raft_self self) {
  auto& s = self->state;
  spdlog::warn("{}: Suspecting our own eviction from the channel {}", self->seat(), s.channel->id);
  if (s.suspected || s.chain->height() > s.channel->blocks->height().value) return;  // still looking, or taking over blocks: they will tell
  stop_fetching(self);
  s.suspected = s.channel->bundle.get();
  order_blocks(self, s.channel->blocks->height().value, for_ever);
}

void retire(raft_self self) { self->state.leaving = self->state.evicted = true; }

void put_chain_away(raft_self self) {
  auto& s = self->state;
  s.leaving = false;
  stop_fetching(self);
  s.chain.reset();
  s.not_open = "orderer is a follower of channel " + s.channel->id;
  s.waiting.answer_all({cluster::status_unavailable, s.not_open});
  s.known_sequence.reset();
  s.others.clear();
  publish_view(self);
  open(self);
}

}  // namespace weft::actors::raft_shell
