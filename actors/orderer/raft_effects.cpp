// A raft consenter's shell: what its chain wants done.
#include <spdlog/spdlog.h>

#include "actors/orderer/raft_shell.hpp"

namespace weft::actors::raft_shell {

namespace raft = cluster::raft;
namespace chain_do = cluster::chain_do;

namespace {

void send(raft_self self, std::vector<raft::message> messages) {
  auto& s = self->state;
  std::map<raft::node_id, raft_batch> by_node;
  for (auto& m : messages) by_node[m.to].messages.push_back(std::move(m));
  for (auto& [id, batch] : by_node) {
    const auto other = s.others.find(id);
    if (other == s.others.end()) continue;
    const auto& to = find(self, other->second);
    if (!to) continue;
    batch.channel = s.channel->id;
    batch.genesis = s.genesis;
    self->send(to, atom::step::value, std::move(batch));
  }
}

void write_log(raft_self self, log_job job) {
  const bool compacting = job.made != nullptr;
  self->ask(self->state.log_holder, disk_patience, atom::write::value, std::make_shared<const log_job>(std::move(job)))
      .then(
          [self, compacting](const std::string& failure) {
            if (!failure.empty()) return give_up(self, "the raft log could not be written: " + failure);
            if (!compacting) drive(self, [](auto& chain) { return chain.log_written(); });
          },
          [self](const caf::error&) { give_up(self, "the raft log's writer stopped"); });
}

void sync_blocks(raft_self self) {
  self->ask(self->state.blocks, disk_patience, atom::sync::value)
      .then(
          [self](const std::string& failure) {
            if (!failure.empty()) return give_up(self, "the blocks could not be synced: " + failure);
            drive(self, [](auto& chain) { return chain.blocks_synced(); });
          },
          [self](const caf::error&) { give_up(self, "the block writer stopped"); });
}

void tell_leadership(raft_self self, const chain_do::leadership& what) {
  auto& s = self->state;
  if (what.before != what.now) s.site->counted->count("consensus_etcdraft_leader_changes", "How often the leader changed", {{"channel", s.channel->id}});
  if (what.before != what.now) spdlog::warn("Raft leader changed: {} -> {} channel={} node={}", what.before, what.now, s.channel->id, s.chain->core().id());
  if (what.now != raft::nobody && s.suspected) {
    spdlog::info("{}: Periodic check is stopping. channel={}", self->seat(), s.channel->id);
    stop_fetching(self);
  }
  publish_view(self);
  if (const auto& front = s.front.get()) self->send(front, atom::changed::value, s.channel->id);
  if (what.now == raft::nobody && s.channel->consensus.get()->reachable() < s.channel->consensus.get()->needed()) {
    spdlog::warn("{}: lost the quorum of {}: {}", self->seat(), s.channel->id, s.channel->consensus.get()->why());
  }
}

void perform(raft_self self, chain_do::send& e) { send(self, std::move(e.messages)); }
void perform(raft_self self, chain_do::write_log& e) { write_log(self, {std::move(e), nullptr, 0, {}}); }
void perform(raft_self self, chain_do::write_block& e) {
  self->state.timing.last_cut = self->clock().now();
  self->send(self->state.blocks, atom::write::value, std::move(e.block), e.index, caf::actor_cast<consenter_actor>(self));
}
void perform(raft_self self, chain_do::sync_blocks&) { sync_blocks(self); }
void perform(raft_self self, chain_do::compact_log& e) { write_log(self, {{}, std::move(e.made), e.keep_from, {}}); }
void perform(raft_self self, chain_do::fetch_blocks& e) { fetch(self, e); }
void perform(raft_self self, chain_do::answer& e) {
  if (e.what.info == "no Raft leader") e.what.info = no_leader(self);
  self->state.waiting.answer(e.ticket, {e.what.status, std::move(e.what.info)});
}
void perform(raft_self self, chain_do::leadership& e) { tell_leadership(self, e); }
void perform(raft_self self, chain_do::suspect_eviction&) { suspect_eviction(self); }
void perform(raft_self self, chain_do::retire&) { retire(self); }
void perform(raft_self self, chain_do::start_timer& e) { self->delayed_send(self, e.after, atom::expired::value, e.timer.value); }
void perform(raft_self self, chain_do::look_again& e) {
  self->state.timing.idle_asked = true;
  self->delayed_send(self, e.after, atom::expired::value, idle_timer);
}

}  // namespace

void carry_out(raft_self self) {
  auto& s = self->state;
  while (s.chain) {
    auto effects = s.chain->take_effects();
    if (effects.empty()) break;
    for (auto& effect : effects) std::visit([self](auto& e) { perform(self, e); }, effect);
  }
  if (s.leaving) return put_chain_away(self);
  refresh_view(self);
  if (!s.chain || s.timing.idle_asked || !s.chain->wants_idle()) return;
  s.timing.idle_asked = true;
  self->send(self, atom::expired::value, idle_timer);  // behind what the mailbox holds
}

}  // namespace weft::actors::raft_shell
