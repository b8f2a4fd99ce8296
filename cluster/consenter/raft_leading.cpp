// What only a leader does: cut, propose, answer; and how it stops.
#include <algorithm>

#include "cluster/consenter/raft_chain.hpp"
#include "cluster/raft/planted.hpp"

namespace weft::cluster {

/// The end of the chain is known once an entry of the own term is applied; the rules in force, once everything is written.
void raft_chain::lead_if_ready() {
  if (leads_in_ != 0 || !core_->leads() || removed_) return;
  if (term_begun_ != core_->hard().term && !planted(mistake::tip_before_own_entry)) return;
  if (target_ || !with_writer_.empty()) return;
  leads_in_ = core_->hard().term;
  proposed_ = tip_;
  intake_.renew();
  early_bytes_ = 0;
  std::vector<intake_effect> taken;
  for (auto& e : std::exchange(early_, {})) intake_.take(std::move(e.tx), e.sequence, e.ticket, taken);
  carry(std::move(taken));
}

/// Nobody knows yet what becomes of blocks that were proposed; what was not is not ordered.
void raft_chain::stop_leading() {
  leads_in_ = 0;
  const admission uncertain{status_unavailable, "leadership was lost; the message may or may not be ordered"};
  const admission unordered{status_unavailable, "leadership was lost before the message was ordered"};
  auto flights = std::exchange(flights_, {});
  auto waiting = std::exchange(waiting_, {});
  for (const auto ticket : intake_.discard()) answer(ticket, unordered);
  for (const auto& e : std::exchange(early_, {})) answer(e.ticket, unordered);
  early_bytes_ = 0;
  for (const auto& f : flights) give_back(f, uncertain);
  for (auto& b : waiting) give_back({0, {}, std::move(b), false}, unordered);
}

void raft_chain::give_back(const flight& f, const admission& why) {
  if (!f.committed) {
    for (const auto ticket : f.what.tickets) answer(ticket, why);
  }
  std::vector<intake_effect> none;
  intake_.done(f.what, none);
  carry(std::move(none));
}

void raft_chain::carry(std::vector<intake_effect> effects) {
  for (auto& effect : effects) {
    if (auto* b = std::get_if<batch>(&effect)) waiting_.push_back(std::move(*b));
    else if (auto* v = std::get_if<verdict_for>(&effect)) answer(v->ticket, std::move(v->what));
    else if (auto* timer = std::get_if<cluster::start_timer>(&effect)) emit(*timer);
    else emit(std::get<cluster::look_again>(effect));
  }
  propose_waiting();
}

void raft_chain::propose_waiting() {
  while (leads_in_ != 0 && !waiting_.empty() && flights_.size() < options_.blocks_in_flight_max) {
    auto next = std::move(waiting_.front());
    waiting_.pop_front();
    propose(next);
  }
}

/// False when the batch was refused.
bool raft_chain::propose(batch& b) {
  const auto refused = [&](int status, std::string why) {
    give_back({0, {}, std::move(b), false}, {status, std::move(why)});
    return false;
  };
  std::optional<raft::conf_change> change;
  if (b.config) {
    auto found = rules_.change_in(b.envelopes.front());
    if (!found) return refused(status_bad_request, found.error().context);
    change = std::move(*found);
  }
  auto tip = proposed_;
  auto block = assemble(tip, b.envelopes);
  auto raw = block.encode();
  result<void> taken;
  if (change) {
    change->context = std::move(raw);
    taken = core_->propose(*change);
  } else {
    taken = core_->propose(shared_bytes{std::move(raw)});
  }
  if (!taken) return refused(status_unavailable, taken.error().context);
  proposed_ = std::move(tip);
  if constexpr (planted(mistake::success_before_commit)) {
    for (const auto ticket : b.tickets) answer(ticket, {status_success, {}});
  }
  flights_.push_back({core_->log().last_index(), std::move(block), std::move(b), false});
  return true;
}

/// An entry is committed: it may be one of ours.
void raft_chain::landed(const raft::entry& e, bool has_block) {
  const auto f = std::find_if(flights_.begin(), flights_.end(), [&](const flight& x) { return x.index == e.index; });
  if (f == flights_.end() || e.term != leads_in_) return;
  if (!has_block) {  // raft could not make this change now, and let an empty entry pass in its place
    auto lost = std::move(*f);
    flights_.erase(f);
    proposed_ = tip_;
    return give_back(lost, {status_unavailable, "another change of the consenters is under way; retry when it is done"});
  }
  for (const auto ticket : f->what.tickets) answer(ticket, {status_success, {}});
  f->committed = true;
}

/// Blocks that are committed leave the window; a CONFIG when it is written, for then its rules are in force.
void raft_chain::release_flights() {
  std::vector<intake_effect> taken;
  while (!flights_.empty() && flights_.front().committed) {
    if (flights_.front().what.config && flights_.front().block.number().value >= written_) break;
    const auto done = std::move(flights_.front());
    flights_.pop_front();
    intake_.done(done.what, taken);
  }
  carry(std::move(taken));
}

/// A snapshot's message may be lost, and raft waits for it until told.
void raft_chain::abandon_snapshots() {
  if (!core_->leads()) return ticks_in_snapshot_.clear();
  for (const auto& [id, node] : core_->members().nodes) {
    if (node.state() != raft::progress_state::snapshot) ticks_in_snapshot_.erase(id);
    else if (++ticks_in_snapshot_[id] % options_.raft.election_ticks == 0) core_->report_snapshot(id, false);
  }
}

raft::node_id raft_chain::best_successor() const {
  raft::node_id best = raft::nobody;
  raft::log_index match = 0;
  for (const auto& [id, node] : core_->members().nodes) {
    if (id == core_->id() || node.learner() || !node.active() || node.match() < match) continue;
    best = id;
    match = node.match();
  }
  return best;
}

/// A leader that was removed stays until the others have heard of it, and asks one of them to lead.
void raft_chain::retire_when_told() {
  if (!removed_ || retired_) return;
  if (core_->leads()) {
    ++ticks_since_removed_;
    if (ticks_since_removed_ == 2 * options_.raft.heartbeat_ticks) {
      if (const auto to = best_successor(); to != raft::nobody) core_->transfer_leadership(to);
    }
    if (ticks_since_removed_ < 2 * options_.raft.election_ticks) return;
  }
  stop_leading();
  retired_ = true;
  emit(chain_do::retire{});
}

}  // namespace weft::cluster
