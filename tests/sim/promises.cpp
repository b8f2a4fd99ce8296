#include "tests/sim/promises.hpp"

#include <algorithm>

#include "cluster/raft/describe.hpp"
#include "tests/sim/envelopes.hpp"

namespace weft::sim {

using namespace cluster;

namespace {

template <class T>
T& at(std::vector<T>& list, std::uint64_t place) {
  if (list.size() <= place) list.resize(static_cast<std::size_t>(place) + 1);
  return list[static_cast<std::size_t>(place)];
}

bool has(const std::vector<bool>& list, std::uint32_t place) { return place < list.size() && list[place]; }
/// False if it was marked before.
bool mark(std::vector<bool>& list, std::uint32_t place) {
  if (has(list, place)) return false;
  if (list.size() <= place) list.resize(place + 1);
  list[place] = true;
  return true;
}

std::string name(unsigned node) { return "node " + std::to_string(node); }

}  // namespace

promises::promises(unsigned nodes, bool inside) : inside_(inside), nodes_(nodes + 1) {}

// ---- inside

void promises::look(unsigned node, const raft::core& core) {
  if (!inside_) return;
  auto& n = nodes_[node];
  if (core.leads() && core.hard().term != n.led) elected(node, core);
  if (core.log().committed() > n.seen) commits(node, core);
}

void promises::elected(unsigned node, const raft::core& core) {
  const auto of = core.hard().term;
  nodes_[node].led = of;
  nodes_[node].voters = core.members().config.voters;
  auto& leader = at(leader_of_, of);
  if (leader != 0 && leader != node) return broken("election safety: nodes " + std::to_string(leader) + " and " + std::to_string(node) + " lead term " + std::to_string(of));
  if (leader == 0) ++leaders_;
  leader = node;
  const auto& log = core.log();
  for (index i = log.first_index(); i < committed_.size(); ++i) {
    if (committed_[i] != 0 && committed_[i] < of && log.term(i) != committed_[i])
      return broken("leader completeness: " + name(node) + ", leader of term " + std::to_string(of) + ", lacks entry " + std::to_string(i) + " of term " + std::to_string(committed_[i]));
  }
}

void promises::commits(unsigned node, const raft::core& core) {
  auto& n = nodes_[node];
  const auto& log = core.log();
  for (index i = std::max(n.seen + 1, log.first_index()); i <= log.committed(); ++i) {
    const auto of = log.term(i);
    if (!of) continue;
    auto& known = at(committed_, i);
    if (known != 0 && known != *of)
      return broken("state-machine safety: " + name(node) + " commits entry " + std::to_string(i) + " of term " + std::to_string(*of) + ", another one that of term " + std::to_string(known));
    known = *of;
  }
  n.seen = log.committed();
  if (core.leads() && log.term(n.seen) != core.hard().term)
    return broken("an earlier term's entry: " + name(node) + ", leader of term " + std::to_string(core.hard().term) + ", commits up to entry " + std::to_string(n.seen) + " by counting");
  // What a leader commits of its own term: everything before it is on the same disks.
  if (core.leads() && log.term(n.seen) == core.hard().term) check_quorum_has(core, n.seen, core.hard().term);
}

bool promises::on_disk(unsigned node, index at, term of) const noexcept {
  const auto& disk = nodes_[node].disk;
  return at < disk.size() && (disk[static_cast<std::size_t>(at)] == of || disk[static_cast<std::size_t>(at)] == 0);
}

void promises::check_quorum_has(const raft::core& leader, index i, term of) {
  const auto held = [&](const raft::voter_set& set) {
    std::size_t have = 0;
    for (const auto id : set) have += on_disk(static_cast<unsigned>(id), i, of) ? 1 : 0;
    return set.empty() || have > set.size() / 2;
  };
  const auto held_by = [&](const raft::joint_voters& v) { return held(v.incoming) && held(v.outgoing); };
  const auto& voters = leader.members().config.voters;
  auto& before = nodes_[static_cast<std::size_t>(leader.id())].voters;
  // It may have committed by the members of before, and then applied a change of them, within one event.
  const bool good = held_by(voters) || held_by(before);
  if (before != voters) before = voters;
  if (!good)
    broken("durability: node " + std::to_string(leader.id()) + " commits entry " + std::to_string(i) + " of term " + std::to_string(of) + ", which is not on the disks of a quorum");
}

void promises::compare(unsigned node, const raft::entry& e, std::optional<term> before) {
  auto& here = at(entries_, e.index);
  const auto same = std::find_if(here.begin(), here.end(), [&](const known_entry& k) { return k.what.term == e.term; });
  if (same == here.end()) {
    here.push_back({e, before.value_or(0), before.has_value()});
    return;
  }
  const bool equal = same->what.kind == e.kind && (same->what.data.view().data() == e.data.view().data() || same->what.data == e.data);
  if (!equal) return broken("log matching: " + name(node) + " has another entry " + std::to_string(e.index) + " of term " + std::to_string(e.term) + " than was seen before");
  if (!before) return;
  if (same->before_known && same->before != *before)
    broken("log matching: before entry " + std::to_string(e.index) + " of term " + std::to_string(e.term) + " " + name(node) + " has one of term " + std::to_string(*before) +
           ", another one of term " + std::to_string(same->before));
  same->before = *before;
  same->before_known = true;
}

void promises::appends(unsigned node, const raft::core& core, const std::vector<raft::entry>& entries) {
  if (!inside_ || entries.empty()) return;
  auto before = core.log().term(entries.front().index - 1);
  for (const auto& e : entries) {
    compare(node, e, before);
    before = e.term;
    if (e.kind != raft::entry_kind::normal && core.leads() && !e.data.empty()) one_change_at_a_time(node, core, e.index);
  }
}

void promises::one_change_at_a_time(unsigned node, const raft::core& core, index newest) {
  const auto open = core.log().slice(std::max(core.log().applied() + 1, core.log().first_index()), newest, raft::unlimited);
  if (!open) return;
  for (const auto& e : *open)
    if (e.kind != raft::entry_kind::normal && !e.data.empty())
      broken("two changes of the members: " + name(node) + " takes entry " + std::to_string(newest) + " while entry " + std::to_string(e.index) + " is not applied");
}

void promises::asked_for_vote(unsigned node, const raft::message& m, bool leased) {
  if (!inside_) return;
  auto& asked = nodes_[node].asked;
  const auto same = std::find_if(asked.begin(), asked.end(), [&](const candidacy& c) { return c.candidate == m.from && c.of == m.term; });
  const bool allowed = !leased || m.transfer;
  if (same != asked.end()) same->allowed = same->allowed || allowed;
  else asked.push_back({static_cast<unsigned>(m.from), m.term, allowed});
}

void promises::written(unsigned node, const std::optional<raft::hard_state>& hard, const raft::snapshot_ptr& restore, const std::vector<raft::entry>& entries) {
  if (!inside_) return;
  auto& n = nodes_[node];
  if (hard) {
    if (hard->term < n.hard.term || (hard->term == n.hard.term && n.hard.vote != raft::nobody && hard->vote != n.hard.vote))
      broken("a vote that is taken back: " + name(node) + " had " + raft::to_text(n.hard) + " on its disk and writes " + raft::to_text(*hard));
    n.hard = *hard;
  }
  if (restore) n.disk.assign(restore->at.index + 1, 0);
  for (const auto& e : entries) {
    if (e.index < n.disk.size()) n.disk.resize(static_cast<std::size_t>(e.index));
    at(n.disk, e.index) = e.term;
  }
}

void promises::sends(unsigned node, const raft::message& m) {
  if (!inside_) return;
  if ((m.kind == raft::message_kind::vote_reply || m.kind == raft::message_kind::pre_vote_reply) && !m.rejected) {
    const auto& asked = nodes_[node].asked;
    if (std::any_of(asked.begin(), asked.end(), [&](const candidacy& c) { return c.candidate == m.to && c.of == m.term && !c.allowed; }))
      return broken("a vote while the leader lives: " + name(node) + " for " + std::to_string(m.to) + " in term " + std::to_string(m.term));
  }
  if (m.kind == raft::message_kind::vote_reply && !m.rejected) {
    auto& votes = at(votes_, m.term);
    auto& given = at(votes, node);
    if (given != 0 && given != m.to)
      return broken("two votes: " + name(node) + " voted for " + std::to_string(given) + " and then for " + std::to_string(m.to) + " in term " + std::to_string(m.term));
    given = static_cast<unsigned>(m.to);
    const auto& hard = nodes_[node].hard;
    if (hard.term < m.term || (hard.term == m.term && hard.vote != m.to)) broken("a promise that is not on disk: " + name(node) + "'s vote in term " + std::to_string(m.term));
  } else if (m.kind == raft::message_kind::append_reply && !m.rejected && m.term == nodes_[node].hard.term && m.log.index >= nodes_[node].disk.size() &&
             m.log.index != 0) {
    // One of an earlier term waited for the write that replaced its entries. It says nothing that the node's disk takes back: whoever leads the later
    // term was elected without these entries, so they have no majority, whatever one node said of them before it learned of that term.
    broken("a promise that is not on disk: " + name(node) + " acknowledges entry " + std::to_string(m.log.index));
  }
}

void promises::recovered(unsigned node, const raft::log_storage& log) {
  if (!inside_) return;
  auto& n = nodes_[node];
  n.led = n.seen = 0;
  n.asked.clear();
  const auto state = log.initial_state();
  if (!state) return broken(name(node) + "'s log does not tell its state: " + state.error().context);
  const auto& hard = state->hard;
  if (hard.term < n.hard.term || (hard.term == n.hard.term && n.hard.vote != raft::nobody && hard.vote != n.hard.vote))
    return broken("a disk that forgets: " + name(node) + " had " + raft::to_text(n.hard) + " and has " + raft::to_text(hard));
  std::vector<raft::entry> all;
  if (const auto read = log.entries(log.first_index(), log.last_index() + 1, raft::unlimited, all); !read && log.last_index() >= log.first_index())
    return broken(name(node) + "'s log cannot be read: " + read.error().context);
  auto before = log.term(log.first_index() - 1);
  std::vector<term> disk(static_cast<std::size_t>(log.first_index()), 0);
  for (const auto& e : all) {
    compare(node, e, before);
    before = e.term;
    disk.push_back(e.term);
  }
  // An entry may be gone only if a write that had begun put a later one, or a snapshot, in its place.
  index i = log.first_index();
  while (i < n.disk.size() && i < disk.size() && (n.disk[i] == disk[i] || n.disk[i] == 0)) ++i;
  if (i < n.disk.size() && (i < disk.size() ? disk[i] < n.disk[i] : !all.empty() || log.first_index() == 1))
    return broken("a disk that forgets: " + name(node) + " had entry " + std::to_string(i) + " of term " + std::to_string(n.disk[i]));
  n.disk = std::move(disk);
  n.hard = hard;
}

// ---- outside

bool promises::block(unsigned node, const ledger::block& b) {
  const auto number = b.number().value;
  if (number < chain_.size()) {
    if (chain_[number] != b.hash()) broken("two chains: block " + std::to_string(number) + " of " + name(node) + " differs from what another one wrote");
    return false;
  }
  if (number > chain_.size()) broken(name(node) + " writes block " + std::to_string(number) + " before anybody wrote the one before");
  chain_.push_back(b.hash());
  for (const auto& e : b.envelopes())
    if (const auto n = number_of(e); n && mark(ordered_, *n) && has(acknowledged_, *n)) --missing_;
  return true;
}

void promises::acknowledged(std::uint32_t transaction) {
  if (mark(acknowledged_, transaction) && !was_ordered(transaction)) ++missing_;
}

void promises::close() {
  for (std::uint32_t n = 0; n < acknowledged_.size(); ++n)
    if (acknowledged_[n] && !was_ordered(n)) return broken("transaction " + std::to_string(n) + " was acknowledged and is not in the chain");
}

}  // namespace weft::sim
