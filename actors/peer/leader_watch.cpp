// LEADER_WATCH: who leads a channel's orderers. A question stays open at each of them, so that a peer hears of a new leader when it is elected, not when
// it has waited long enough for the old one.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <map>
#include <set>

#include "actors/peer/roles.hpp"

namespace weft::actors {

namespace {

struct asked_orderer {
  route<orderer_actor> where;
  bool open = false;       ///< A question is.
  unsigned renewed = 0;    ///< Since the last look.
};

struct leader_watch_state {
  peer_ptr site;
  channel_ptr channel;
  route<gateway_actor> gateway;
  route<block_source_actor> source;
  std::shared_ptr<const std::vector<std::string>> listed;  ///< What `orderers` was made from.
  std::map<std::string, asked_orderer> orderers;
  std::set<caf::actor_addr> watched;
  static inline const char* name = "leader_watch";
};

using leader_watch_self = role_self<leader_watch_actor, leader_watch_state>;

constexpr std::chrono::milliseconds look_every{500};  ///< For orderers that came, came back or were asked in vain; the others answer by themselves.
constexpr std::chrono::seconds patience{30};          ///< A question that was lost on its way is asked again.
constexpr unsigned renewals_max = 4;                  ///< Between two looks: an orderer that tells of ever new terms is not listened to any faster.

void ask(leader_watch_self self, const std::string& name);

std::uint64_t known_term(const peer_channel& channel) {
  const auto led = channel.led.get();
  return led ? led->term : 0;
}

/// Consenters of one channel trust each other's terms, and so does a peer: a later one counts, whoever tells of it.
void hear(leader_watch_self self, const std::string& leader, std::uint64_t term) {
  auto& s = self->state;
  const auto before = s.channel->led.get();
  if (leader.empty() || s.orderers.count(leader) == 0 || (before && term <= before->term)) return;
  s.channel->led.set(std::make_shared<const leadership>(leadership{leader, term}));
  spdlog::debug("{}: {} leads {} in term {}", self->seat(), leader, s.channel->id, term);
  if (!before || before->orderer == leader) return;
  if (const auto& gateway = s.gateway.get()) self->send(gateway, atom::changed::value, s.channel->id);
  if (const auto& source = s.source.get()) self->send(source, atom::changed::value, leader, before->orderer);
}

void on_answer(leader_watch_self self, const std::string& name, std::uint64_t known, const std::string& leader, std::uint64_t term) {
  auto& s = self->state;
  hear(self, leader, term);
  const auto found = s.orderers.find(name);
  if (found == s.orderers.end()) return;  // no consenter any more
  found->second.open = false;
  if (term > known && known_term(*s.channel) >= term && ++found->second.renewed <= renewals_max) ask(self, name);
}

void ask(leader_watch_self self, const std::string& name) {
  auto& s = self->state;
  auto& orderer = s.orderers.at(name);
  const auto& to = orderer.where.get();
  if (orderer.open || !to) return;
  if (s.watched.insert(to.address()).second) self->monitor(to);
  orderer.open = true;
  const auto known = known_term(*s.channel);
  self->ask(to, patience, atom::leader::value, s.channel->id, known)
      .then([self, name, known](const std::string& leader, std::uint64_t term) { on_answer(self, name, known, leader, term); },
            [self, name](const caf::error&) {
              const auto found = self->state.orderers.find(name);
              if (found != self->state.orderers.end()) found->second.open = false;
            });
}

/// The channel's configuration may have changed who orders it.
void learn_orderers(leader_watch_self self) {
  auto& s = self->state;
  auto now = s.channel->orderers.get();
  if (now == s.listed || !now) return;
  std::map<std::string, asked_orderer> next;
  for (const auto& name : *now) {
    const auto before = s.orderers.find(name);
    if (before != s.orderers.end()) next.emplace(name, std::move(before->second));
    else next.emplace(name, asked_orderer{{s.site->where, name + "/orderer"}});
  }
  s.orderers = std::move(next);
  s.listed = std::move(now);
}

void look(leader_watch_self self) {
  auto& s = self->state;
  self->delayed_send(self, look_every, atom::tick::value);
  learn_orderers(self);
  if (s.orderers.size() < 2) return;  // whoever is alone needs no leader
  for (auto& [name, orderer] : s.orderers) {
    orderer.renewed = 0;
    ask(self, name);
  }
}

leader_watch_actor::behavior_type leader_watch(leader_watch_self self, peer_ptr site, channel_ptr channel) {
  auto& s = self->state;
  s.gateway = site->to<gateway_actor>("gateway");
  s.source = site->to<block_source_actor>("block_source/" + channel->id);
  s.site = std::move(site);
  s.channel = std::move(channel);
  self->set_down_handler([self](caf::down_msg& down) {
    self->state.watched.erase(down.source);
    self->lost(down.source);
  });
  self->send(self, atom::tick::value);
  return {[self](atom::tick) { look(self); }};
}

}  // namespace

role_spec leader_watch_role(seat s, peer_ptr site, channel_ptr channel) {
  return make_spec(std::move(s), &leader_watch, std::move(site), std::move(channel));
}

}  // namespace weft::actors
