#include "cluster/raft/membership.hpp"

#include <algorithm>
#include <ostream>

#include "config/base/assert.hpp"

namespace weft::cluster::raft {

namespace {

progress newcomer(const newcomers& how, bool learner) {
  // It is probed at our own last entry. It counts as heard of, or the next check of the quorum would count it as dead before it had a chance.
  progress p(0, std::max<log_index>(how.last_index, 1), inflights(how.inflight_messages, how.inflight_bytes), learner);
  p.active(true);
  return p;
}

/// Edits a copy; what it makes is looked at as a whole before anybody sees it.
class editor {
 public:
  editor(membership& m, const newcomers& how) : m_(m), config_(m.config), how_(how) {}

  result<void> run(const std::vector<single_change>& changes) {
    for (const auto& change : changes) {
      if (change.node == nobody) continue;  // a change that was cancelled
      switch (change.kind) {
        case change_kind::add_voter: make_voter(change.node); break;
        case change_kind::add_learner: make_learner(change.node); break;
        case change_kind::remove: remove(change.node); break;
        case change_kind::update: break;
      }
    }
    if (config_.voters.incoming.empty()) return fail(errc::failed_precondition, "removed all voters");
    return {};
  }

 private:
  void make_voter(node_id id) {
    track(id, false).learner(false);
    config_.learners.erase(id);
    config_.learners_next.erase(id);
    config_.voters.incoming.insert(id);
  }

  void make_learner(node_id id) {
    if (config_.learners.count(id) != 0) return;
    progress& p = track(id, true);
    config_.voters.incoming.erase(id);
    // While it still votes in the outgoing half it cannot be a learner; it will be one when that half is left.
    const bool votes = config_.voters.outgoing.count(id) != 0;
    p.learner(!votes);
    (votes ? config_.learners_next : config_.learners).insert(id);
  }

  void remove(node_id id) {
    config_.voters.incoming.erase(id);
    config_.learners.erase(id);
    config_.learners_next.erase(id);
    if (config_.voters.outgoing.count(id) == 0) m_.nodes.erase(id);
  }

  progress& track(node_id id, bool learner) {
    const auto found = m_.nodes.find(id);
    return found != m_.nodes.end() ? found->second : m_.nodes.emplace(id, newcomer(how_, learner)).first->second;
  }

  membership& m_;
  configuration& config_;
  const newcomers& how_;
};

/// How many nodes are in one set and not in the other.
std::size_t difference(const voter_set& a, const voter_set& b) {
  std::vector<node_id> out;
  std::set_symmetric_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(out));
  return out.size();
}

/// What always holds: everybody who takes part is tracked, roles do not overlap, and only a joint configuration has a second half.
bool consistent(const membership& m) {
  const auto& c = m.config;
  voter_set members = c.voters.all();
  for (const node_id id : c.learners)
    if (!members.insert(id).second) return false;
  for (const node_id id : c.learners_next)
    if (c.voters.outgoing.count(id) == 0 || c.voters.incoming.count(id) != 0) return false;
  if (!c.voters.joint() && (c.auto_leave || !c.learners_next.empty())) return false;
  return std::equal(members.begin(), members.end(), m.nodes.begin(), m.nodes.end(),
                    [&](node_id id, const auto& node) { return id == node.first && node.second.learner() == (c.learners.count(id) != 0); });
}

membership checked(membership m) {
  WEFT_ASSERT(consistent(m), "a membership contradicts itself");
  return m;
}

std::vector<node_id> listed(const voter_set& set) { return {set.begin(), set.end()}; }

void print(std::ostream& out, const voter_set& set) {
  const char* gap = "";
  out << '(';
  for (const node_id id : set) {
    out << gap << id;
    gap = " ";
  }
  out << ')';
}

}  // namespace

conf_state configuration::state() const {
  return {listed(voters.incoming), listed(learners), listed(voters.outgoing), listed(learners_next), auto_leave};
}

std::ostream& operator<<(std::ostream& out, const configuration& c) {
  out << "voters=";
  print(out, c.voters.incoming);
  if (c.voters.joint()) print(out << "&&", c.voters.outgoing);
  if (!c.learners.empty()) print(out << " learners=", c.learners);
  if (!c.learners_next.empty()) print(out << " learners_next=", c.learners_next);
  if (c.auto_leave) out << " autoleave";
  return out;
}

std::ostream& operator<<(std::ostream& out, const membership& m) {
  out << m.config << '\n';
  for (const auto& [id, node] : m.nodes) out << id << ": " << node << '\n';
  return out;
}

result<membership> change_one(const membership& from, const newcomers& how, const std::vector<single_change>& changes) {
  if (from.config.voters.joint()) return fail(errc::failed_precondition, "can't apply simple config change in joint config");
  membership to = from;
  WEFT_CHECK(editor(to, how).run(changes));
  // Two majorities that differ by one voter always share a node; by two they need not (thesis 4.1).
  if (difference(from.config.voters.incoming, to.config.voters.incoming) > 1)
    return fail(errc::failed_precondition, "more than one voter changed without entering joint config");
  return checked(std::move(to));
}

result<membership> enter_joint(const membership& from, const newcomers& how, bool auto_leave, const std::vector<single_change>& changes) {
  if (from.config.voters.joint()) return fail(errc::failed_precondition, "config is already joint");
  if (from.config.voters.incoming.empty()) return fail(errc::failed_precondition, "can't make a zero-voter config joint");
  membership to = from;
  to.config.voters.outgoing = from.config.voters.incoming;
  WEFT_CHECK(editor(to, how).run(changes));
  to.config.auto_leave = auto_leave;
  return checked(std::move(to));
}

result<membership> leave_joint(const membership& from) {
  if (!from.config.voters.joint()) return fail(errc::failed_precondition, "can't leave a non-joint config");
  membership to = from;
  auto& config = to.config;
  for (const node_id id : config.learners_next) to.nodes.at(id).learner(true);
  config.learners.merge(config.learners_next);
  config.learners_next.clear();
  for (const node_id id : config.voters.outgoing)
    if (config.voters.incoming.count(id) == 0 && config.learners.count(id) == 0) to.nodes.erase(id);
  config.voters.outgoing.clear();
  config.auto_leave = false;
  return checked(std::move(to));
}

result<membership> apply(const membership& from, const newcomers& how, const conf_change& change) {
  if (change.leaves_joint()) return leave_joint(from);
  if (change.enters_joint()) return enter_joint(from, how, change.leaves_by_itself(), change.changes);
  return change_one(from, how, change.changes);
}

result<membership> restore(const conf_state& state, const newcomers& how) {
  membership m;
  auto& c = m.config;
  c.voters.incoming.insert(state.voters.begin(), state.voters.end());
  c.voters.outgoing.insert(state.voters_outgoing.begin(), state.voters_outgoing.end());
  c.learners.insert(state.learners.begin(), state.learners.end());
  c.learners_next.insert(state.learners_next.begin(), state.learners_next.end());
  c.auto_leave = state.auto_leave;
  for (const node_id id : c.voters.all()) m.nodes.emplace(id, newcomer(how, false));
  for (const node_id id : c.learners) m.nodes.emplace(id, newcomer(how, true));
  if (m.nodes.count(nobody) != 0 || !consistent(m)) return fail(errc::invalid_argument, "the snapshot's membership contradicts itself");
  return m;
}

}  // namespace weft::cluster::raft
