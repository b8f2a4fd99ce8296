// A raft consenter's shell: who is where, and what others are shown of the group.
#include <spdlog/spdlog.h>

#include <algorithm>

#include "actors/orderer/raft_shell.hpp"

namespace weft::actors {

namespace raft = cluster::raft;

namespace {

spdlog::level::level_enum to_spdlog(raft::severity level) noexcept {
  return level == raft::severity::debug ? spdlog::level::trace : level == raft::severity::info ? spdlog::level::debug : spdlog::level::info;
}

const char* role_of(const cluster::raft_chain& chain) {
  if (chain.leads()) return "leader";
  return chain.core().soft().as == raft::role::follower ? "follower" : "candidate";
}

std::string member_at(const orderer_site& site, const ledger::raft_consenter& c) {
  const auto known = site.members_by_address.find(c.host + ":" + std::to_string(c.port));
  return known == site.members_by_address.end() ? c.host : known->second;
}

}  // namespace

bool raft_journal::wants(raft::severity level) const noexcept { return spdlog::should_log(to_spdlog(level)); }
void raft_journal::write(raft::severity level, std::string_view line) { spdlog::log(to_spdlog(level), "{} channel={}", line, channel_); }

namespace raft_shell {

raft::node_id listed_as(const raft_consenter_state& s, const ledger::channel_bundle& bundle, const cluster::group_metadata& group) {
  return bundle.raft() == nullptr ? raft::nobody : cluster::id_of(group, bundle.raft()->consenters, *s.certificate);
}

bool learn_members(raft_self self) {
  auto& s = self->state;
  const auto bundle = s.channel->bundle.get();
  const auto group = s.channel->group.get();
  if (bundle->sequence().value == s.known_sequence || bundle->raft() == nullptr || !group) return false;
  s.known_sequence = bundle->sequence().value;
  const auto me = listed_as(s, *bundle, *group);
  std::map<raft::node_id, other_consenter> now;
  const auto& listed = bundle->raft()->consenters;
  for (std::size_t i = 0; i < listed.size() && i < group->ids.size(); ++i) {
    const auto id = group->ids[i];
    if (id == me) continue;
    auto member = member_at(*s.site, listed[i]);
    if (member == s.site->name) continue;  // listed with the certificate that was its own before: nobody to be asked for blocks
    auto before = s.others.find(id);
    if (before != s.others.end() && before->second.member == member) now[id] = std::move(before->second);
    else now[id] = {member, {s.site->where, member + "/consenter/" + s.channel->id}, {}};
  }
  s.others = std::move(now);
  return true;
}

const raft_consenter_actor& find(raft_self self, other_consenter& other) {
  const auto& handle = other.where.get();
  if (handle && handle.address() != other.watched) {
    other.watched = handle.address();
    self->monitor(handle);
  }
  return handle;
}

namespace {

constexpr std::chrono::milliseconds view_delay{50};        ///< Between a change of the log and its being shown.
constexpr std::chrono::milliseconds view_while_idle{500};  ///< Between two looks at who is where while there is no chain, hence no ticks.

void show(raft_consenter_state& s, consensus_view view) {
  s.shown = view;
  s.channel->consensus.set(std::make_shared<const consensus_view>(std::move(view)));
}

void look_later(raft_self self, std::chrono::milliseconds after) {
  if (!std::exchange(self->state.view_asked, true)) self->delayed_send(self, after, atom::expired::value, view_timer);
}

/// The last look showed another group, or did not find somebody who is there. Others judge the next change of the members by who is: they have to know at once.
bool members_changed(raft_self self) {
  auto& s = self->state;
  const auto now = s.chain->core().members().config.voters.all();
  if (now.size() != s.shown.members.size()) return true;
  return std::any_of(s.shown.members.begin(), s.shown.members.end(), [&](const auto& m) {
    if (now.count(m.id) == 0) return true;
    const auto other = m.reachable ? s.others.end() : s.others.find(m.id);
    return other != s.others.end() && find(self, other->second);
  });
}

}  // namespace

void refresh_view(raft_self self) {
  const auto& s = self->state;
  if (!s.chain) return;
  const auto& core = s.chain->core();
  const auto& shown = s.shown;
  if (core.hard().term != shown.term || s.chain->leader() != shown.leader || role_of(*s.chain) != shown.role || members_changed(self)) return publish_view(self);
  if (core.hard().commit != shown.committed || core.log().last_index() != shown.last_entry) look_later(self, view_delay);
}

void on_view_timer(raft_self self) {
  self->state.view_asked = false;
  publish_view(self);
}

void publish_view(raft_self self) {
  auto& s = self->state;
  consensus_view view;
  const auto member = [&](raft::node_id id) {
    consensus_view::member m{id, {}, s.chain && id == s.chain->core().id(), 0};
    if (m.reachable) m.name = s.site->name;
    const auto other = s.others.find(id);
    if (other != s.others.end()) {
      m.name = other->second.member;
      m.reachable = static_cast<bool>(find(self, other->second));
    }
    return m;
  };
  if (!s.chain) {  // Fabric's participation report calls this relation "follower"
    view.role = s.following ? "no consenter" : "starting";
    for (const auto& [id, other] : s.others) view.members.push_back(member(id));
    if (s.following) look_later(self, view_while_idle);
    return show(s, std::move(view));
  }
  const auto& core = s.chain->core();
  view.id = core.id();
  view.leader = s.chain->leader();
  view.term = core.hard().term;
  view.role = role_of(*s.chain);
  view.committed = core.hard().commit;
  view.last_entry = core.log().last_index();
  for (const auto id : core.members().config.voters.all()) {
    auto m = member(id);
    const auto node = core.members().nodes.find(id);
    if (s.chain->leads() && node != core.members().nodes.end()) m.match = node->second.match();
    view.members.push_back(std::move(m));
  }
  show(s, std::move(view));
}

std::string no_leader(raft_self self) {
  publish_view(self);
  const auto why = self->state.channel->consensus.get()->why();
  return why.empty() ? "no Raft leader" : "no Raft leader: " + why;
}

}  // namespace raft_shell
}  // namespace weft::actors
