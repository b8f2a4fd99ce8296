#include "cluster/raft/progress.hpp"

#include <algorithm>
#include <ostream>

#include "config/base/assert.hpp"

namespace weft::cluster::raft {

void inflights::add(log_index last, std::uint64_t bytes) {
  WEFT_ASSERT(!full(), "a message was sent into a full window");
  sent_.push_back({last, bytes});
  bytes_ += bytes;
}

void inflights::free_to(log_index index) {
  for (; !sent_.empty() && sent_.front().last <= index; sent_.pop_front()) bytes_ -= sent_.front().bytes;
}

void inflights::clear() noexcept {
  sent_.clear();
  bytes_ = 0;
}

void progress::enter(progress_state state) {
  state_ = state;
  held_ = false;
  pending_snapshot_ = 0;
  window_.clear();
}

/// Stepping back means that the node may not hold what the last commit index spoke of: it will have to be told again.
void progress::next_at(log_index next) noexcept {
  next_ = next;
  commit_sent_ = std::min(commit_sent_, next_ - 1);
}

void progress::become_probe() {
  // A snapshot that was delivered is a known position, even before its acknowledgement.
  const log_index known = std::max(match_, state_ == progress_state::snapshot ? pending_snapshot_ : 0);
  enter(progress_state::probe);
  next_at(known + 1);
}

void progress::become_replicate() {
  enter(progress_state::replicate);
  next_ = match_ + 1;
}

void progress::become_snapshot(log_index at) {
  enter(progress_state::snapshot);
  pending_snapshot_ = at;
  next_ = at + 1;
  commit_sent_ = at;
}

void progress::sent_entries(std::size_t count, std::uint64_t bytes) {
  WEFT_ASSERT(state_ != progress_state::snapshot, "an append was sent to a node that waits for a snapshot");
  if (state_ == progress_state::probe) {
    held_ = held_ || count > 0;
    return;
  }
  if (count > 0) {
    next_ += count;  // optimistic: the next message does not wait for the answer to this one
    window_.add(next_ - 1, bytes);
  }
  held_ = window_.full();
}

bool progress::acknowledge(log_index index) {
  if (index <= match_) return false;
  match_ = index;
  next_ = std::max(next_, index + 1);
  held_ = false;
  return true;
}

bool progress::refused(log_index index, log_index hint) {
  if (state_ == progress_state::replicate) {
    if (index <= match_) return false;
    next_at(match_ + 1);
    return true;
  }
  // A probe always asks about next - 1; a refusal of anything else answers an older question.
  if (next_ - 1 != index) return false;
  next_at(std::max(std::min(index, hint + 1), match_ + 1));
  held_ = false;
  return true;
}

std::ostream& operator<<(std::ostream& out, const progress& p) {
  constexpr const char* names[] = {"StateProbe", "StateReplicate", "StateSnapshot"};
  out << names[static_cast<std::size_t>(p.state())] << " match=" << p.match() << " next=" << p.next();
  if (p.learner()) out << " learner";
  if (p.paused()) out << " paused";
  if (p.pending_snapshot() > 0) out << " pendingSnap=" << p.pending_snapshot();
  if (!p.active()) out << " inactive";
  if (p.window().size() > 0) out << " inflight=" << p.window().size() << (p.window().full() ? "[full]" : "");
  return out;
}

}  // namespace weft::cluster::raft
