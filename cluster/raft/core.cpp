#include "cluster/raft/core.hpp"

#include <algorithm>

#include "cluster/raft/describe.hpp"
#include "cluster/raft/planted.hpp"
#include "config/base/assert.hpp"

namespace weft::cluster::raft {

result<void> check(const options& o) {
  std::string wrong;
  const auto unless = [&](bool good, const char* what) {
    if (!good) wrong += (wrong.empty() ? "" : "; ") + std::string(what);
  };
  unless(o.id != nobody, "id: must not be 0");
  unless(o.heartbeat_ticks > 0, "heartbeat_ticks: must be positive");
  unless(o.election_ticks > o.heartbeat_ticks, "election_ticks: must be more than heartbeat_ticks");
  unless(o.inflight_messages > 0, "inflight_messages: must be positive");
  unless(o.inflight_bytes == 0 || o.inflight_bytes >= o.message_bytes_max, "inflight_bytes: must be 0 or at least message_bytes_max");
  if (!wrong.empty()) return fail(errc::invalid_argument, wrong);
  return {};
}

core::core(const options& o, const log_storage& storage, random_source& random, journal& notes)
    : options_(o), random_(random), notes_(notes), log_(storage, notes) {}

result<std::unique_ptr<core>> core::open(const options& o, const log_storage& storage, random_source& random, journal& notes) {
  WEFT_CHECK(check(o));
  std::unique_ptr<core> made(new core(o, storage, random, notes));
  WEFT_CHECK(made->load(storage));
  return made;
}

result<void> core::load(const log_storage& storage) {
  WEFT_TRY(auto stored, storage.initial_state());
  WEFT_TRY(auto members, raft::restore(stored.members, joining()));
  // The stored commit index may lag: what was applied was committed.
  const log_index committed = std::max({log_.committed(), stored.hard.commit, options_.applied});
  if (committed > log_.last_index())
    return fail(errc::corruption, "the stored log ends at " + std::to_string(log_.last_index()) + ", but " + std::to_string(committed) + " is committed");
  adopt(std::move(members));
  term_ = stored.hard.term;
  vote_ = planted(mistake::vote_forgotten) ? nobody : stored.hard.vote;
  log_.recover(committed, options_.applied);
  become_follower(term_, nobody);
  told_soft_ = soft();
  told_hard_ = hard();
  if (notes_.wants(severity::info)) {
    std::string peers;
    for (const node_id id : members_.config.voters.all()) peers += (peers.empty() ? "" : ",") + to_text(id);
    const position last = log_.last();
    notes_.say(severity::info, "newRaft ", to_text(options_.id), " [peers: [", peers, "], term: ", term_, ", commit: ", log_.committed(), ", applied: ",
               log_.applied(), ", lastindex: ", last.index, ", lastterm: ", last.term, "]");
  }
  return {};
}

void core::tick() {
  ++since_election_;
  if (role_ != role::leader) {
    if (promotable() && since_election_ >= timeout_) {
      since_election_ = 0;
      campaign();
    }
    return;
  }
  ++since_heartbeat_;
  if (since_election_ >= options_.election_ticks) {
    since_election_ = 0;
    if (options_.check_quorum) check_quorum();
    // Whoever should have taken over did not: serve again.
    if (role_ == role::leader) transferee_ = nobody;
  }
  if (role_ == role::leader && since_heartbeat_ >= options_.heartbeat_ticks) {
    since_heartbeat_ = 0;
    broadcast_heartbeat();
  }
}

bool core::has_ready() const {
  return !outstanding_ && (soft() != told_soft_ || hard() != told_hard_ || log_.unstable().unsent_snapshot() || log_.unstable().has_unsent() ||
                           !now_.empty() || !after_write_.empty() || log_.has_committed());
}

result<ready> core::take_ready() {
  WEFT_ASSERT(!outstanding_, "the last ready was not advanced");
  ready out;
  WEFT_TRY(out.committed, log_.committed_entries(options_.ready_bytes_max));
  in_progress doing;
  if (soft() != told_soft_) out.soft = told_soft_ = soft();
  out.must_sync = log_.unstable().has_unsent() || hard().term != told_hard_.term || (hard().vote != told_hard_.vote && !planted(mistake::vote_not_written));
  if (hard() != told_hard_) out.hard = told_hard_ = hard();
  out.entries = log_.unstable().unsent_entries();
  out.restore = log_.unstable().unsent_snapshot();
  log_.unstable().accept();
  out.messages = std::exchange(now_, {});
  out.before_sync = out.messages.size();
  for (auto& m : after_write_) (m.to == options_.id ? doing.own : out.messages).push_back(std::move(m));
  after_write_.clear();
  doing.written = log_.unstable().last_accepted();
  doing.restored = out.restore ? out.restore->at.index : 0;
  for (const auto& e : out.committed) doing.applied_bytes += e.data.size();
  if (!out.committed.empty()) doing.applied = out.committed.back().index;
  outstanding_ = std::move(doing);
  return out;
}

result<void> core::advance() {
  WEFT_ASSERT(outstanding_, "there is no ready to advance");
  in_progress done = std::move(*outstanding_);
  outstanding_.reset();
  // Its own voice counts only now that its disk holds what it said.
  for (auto& m : done.own) WEFT_CHECK(handle(m));
  if (done.written) log_.unstable().written_to(*done.written);
  if (done.restored != 0) {
    log_.unstable().snapshot_written(done.restored);
    applied_to(done.restored);
  }
  if (done.applied != 0) {
    applied_to(done.applied);
    uncommitted_bytes_ -= std::min(uncommitted_bytes_, done.applied_bytes);  // of an earlier leadership: was never counted
  }
  return {};
}

status core::report() const {
  status s{options_.id, hard(), soft(), log_.applied(), log_.last_index(), transferee_, {members_.config, {}}};
  if (leads()) s.members.nodes = members_.nodes;
  return s;
}

}  // namespace weft::cluster::raft
