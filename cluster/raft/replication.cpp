// How logs become equal: appends, probes, snapshots, heartbeats and their answers.
#include <algorithm>

#include "cluster/raft/core.hpp"
#include "cluster/raft/describe.hpp"
#include "cluster/raft/planted.hpp"
#include "config/base/assert.hpp"

namespace weft::cluster::raft {

// ---- at a follower

result<void> core::take_append(message& m) {
  message answer;
  answer.kind = message_kind::append_reply;
  answer.to = m.from;
  if (m.log.index < log_.committed()) {
    answer.log.index = log_.committed();  // an old message, or a leader that does not know how far we are: what is committed agrees
    send(std::move(answer));
    return {};
  }
  WEFT_TRY(const auto matched, log_.take(m.log, std::move(m.entries), m.commit));
  if (matched) {
    answer.log.index = *matched;
  } else {
    if (notes_.wants(severity::debug))
      say(severity::debug, " [logterm: ", log_.term(m.log.index).value_or(0), ", index: ", m.log.index, "] rejected MsgApp [logterm: ", m.log.term,
          ", index: ", m.log.index, "] from ", to_text(m.from));
    // Help the leader to skip our whole conflicting part at once: nothing above its term at that place can agree.
    const position may_agree = log_.agreement(std::min(m.log.index, log_.last_index()), m.log.term);
    answer.rejected = true;
    answer.log = {may_agree.term, m.log.index};
    answer.hint = may_agree.index;
  }
  send(std::move(answer));
  return {};
}

result<void> core::take_heartbeat(const message& m) {
  WEFT_CHECK(log_.commit_to(m.commit));
  message answer;
  answer.kind = message_kind::heartbeat_reply;
  answer.to = m.from;
  send(std::move(answer));
  return {};
}

void core::take_snapshot(const message& m) {
  message answer;
  answer.kind = message_kind::append_reply;
  answer.to = m.from;
  const position at = m.state->at;
  const bool restored = restore(m.state);
  say(severity::info, " [commit: ", log_.committed(), "] ", restored ? "restored" : "ignored", " snapshot [index: ", at.index, ", term: ", at.term, "]");
  answer.log.index = restored ? log_.last_index() : log_.committed();
  send(std::move(answer));
}

/// False if the log already has what the snapshot holds.
bool core::restore(const snapshot_ptr& from) {
  const auto& at = from->at;
  if (at.index <= log_.committed()) return false;
  auto members = raft::restore(from->members, {at.index, options_.inflight_messages, options_.inflight_bytes});
  // It would leave this node outside the group, unable to be told so by the log: rather stay behind.
  if (!members || members->nodes.count(options_.id) == 0) {
    say(severity::warning, " attempted to restore snapshot but it is not in the ConfState ", to_text(from->members), "; should never happen");
    return false;
  }
  if (log_.matches(at)) {
    const position last = log_.last();
    say(severity::info, " [commit: ", log_.committed(), ", lastindex: ", last.index, ", lastterm: ", last.term,
        "] fast-forwarded commit to snapshot [index: ", at.index, ", term: ", at.term, "]");
    const auto committed = log_.commit_to(at.index);
    WEFT_ASSERT(committed.has_value(), "an entry that is held lies behind the log");
    return false;
  }
  log_.restore(from);
  adopt(std::move(*members));
  members_.nodes.at(options_.id).acknowledge(at.index);
  say(severity::info, " [commit: ", log_.committed(), ", lastindex: ", at.index, ", lastterm: ", at.term, "] restored snapshot [index: ", at.index,
      ", term: ", at.term, "]");
  return true;
}

// ---- at the leader

void core::take_append_reply(const message& m, progress& from) {
  from.active(true);
  if (m.rejected) {
    take_refusal(m, from);
    return;
  }
  const bool news = from.acknowledge(m.log.index);
  if (!news && !(from.match() == m.log.index && from.state() == progress_state::probe)) return;
  switch (from.state()) {
    case progress_state::probe: from.become_replicate(); break;
    case progress_state::replicate: from.free_window(m.log.index); break;
    case progress_state::snapshot:
      // The log reaches it again, by whatever snapshot it came this far.
      if (from.match() + 1 < log_.first_index()) break;
      if (notes_.wants(severity::debug))
        say(severity::debug, " recovered from needing snapshot, resumed sending replication messages to ", to_text(m.from), " [", from, "]");
      from.become_probe();
      from.become_replicate();
      break;
  }
  if (commit_more()) {
    broadcast_append();
  } else if (m.from != options_.id && from.wants_commit(log_.committed())) {
    send_append(m.from, from, true);
  }
  if (m.from == options_.id) return;
  while (send_append(m.from, from, false)) {}  // as much as the window now takes
  if (m.from == transferee_ && from.match() == log_.last_index()) {
    say(severity::info, " sent MsgTimeoutNow to ", to_text(m.from), " after received MsgAppResp");
    send_timeout_now(m.from);
  }
}

void core::take_refusal(const message& m, progress& from) {
  say(severity::debug, " received MsgAppResp(rejected, hint: (index ", m.hint, ", term ", m.log.term, ")) from ", to_text(m.from), " for index ", m.log.index);
  // The follower skipped its own part that cannot agree; skip ours in the same way. Each refusal then passes over a term, not an entry.
  const log_index probe = m.log.term > 0 ? log_.agreement(m.hint, m.log.term).index : m.hint;
  if (!from.refused(m.log.index, probe)) return;
  say(severity::debug, " decreased progress of ", to_text(m.from), " to [", from, "]");
  if (from.state() == progress_state::replicate) from.become_probe();
  send_append(m.from, from, true);
}

void core::take_heartbeat_reply(const message& m, progress& from) {
  from.active(true);
  from.release();
  // It lives, and it lacks something, or its position is in doubt: ask again.
  if (from.match() < log_.last_index() || from.state() == progress_state::probe) send_append(m.from, from, true);
}

void core::broadcast_append() {
  for (auto& [id, node] : members_.nodes)
    if (id != options_.id) send_append(id, node, true);
}

void core::broadcast_heartbeat() {
  for (auto& [id, node] : members_.nodes) {
    if (id == options_.id) continue;
    message m;
    m.kind = message_kind::heartbeat;
    m.to = id;
    // No higher than what the node is known to hold: it cannot check whether the rest of its log agrees.
    m.commit = planted(mistake::commit_beyond_match) ? log_.committed() : std::min(node.match(), log_.committed());
    node.sent_commit(m.commit);
    send(std::move(m));
  }
}

/// Sends one append, or a snapshot where the log no longer reaches back. True if something was sent.
bool core::send_append(node_id to, progress& p, bool even_if_empty) {
  if (p.paused()) return false;
  const log_index before = p.next() - 1;
  const auto term = log_.term(before);
  if (!term) return send_snapshot(to, p);
  message m;
  // With a full window only an empty message may go: its answer shows where the node is.
  if (p.state() != progress_state::replicate || !p.window().full()) {
    auto entries = log_.entries(p.next(), options_.message_bytes_max);
    if (!entries) return send_snapshot(to, p);
    m.entries = std::move(*entries);
  }
  if (m.entries.empty() && !even_if_empty) return false;
  m.kind = message_kind::append;
  m.to = to;
  m.log = {*term, before};
  m.commit = log_.committed();
  std::uint64_t bytes = 0;
  for (const auto& e : m.entries) bytes += e.data.size();
  p.sent_entries(m.entries.size(), bytes);
  p.sent_commit(m.commit);
  send(std::move(m));
  return true;
}

bool core::send_snapshot(node_id to, progress& p) {
  if (!p.active()) {
    say(severity::debug, " ignore sending snapshot to ", to_text(to), " since it is not recently active");
    return false;
  }
  auto state = log_.newest_snapshot();
  if (!state || state->empty()) {
    say(severity::debug, " failed to send snapshot to ", to_text(to), " because snapshot is temporarily unavailable");
    return false;
  }
  if (notes_.wants(severity::debug))
    say(severity::debug, " [firstindex: ", log_.first_index(), ", commit: ", log_.committed(), "] sent snapshot[index: ", state->at.index, ", term: ",
        state->at.term, "] to ", to_text(to), " [", p, "]");
  p.become_snapshot(state->at.index);
  say(severity::debug, " paused sending replication messages to ", to_text(to), " [", p, "]");
  message m;
  m.kind = message_kind::snapshot;
  m.to = to;
  m.state = std::move(state);
  send(std::move(m));
  return true;
}

bool core::commit_more() {
  const auto held = [&](node_id id) -> std::optional<log_index> {
    const auto found = members_.nodes.find(id);
    return found == members_.nodes.end() ? std::nullopt : std::optional(found->second.match());
  };
  if constexpr (planted(mistake::learner_counted)) {
    auto all = members_.config.voters.incoming;
    all.insert(members_.config.learners.begin(), members_.config.learners.end());
    return log_.commit_own({term_, committed_by(all, held)});
  }
  const log_index agreed = members_.config.voters.committed(held);
  if constexpr (planted(mistake::earlier_term_counted)) return log_.commit_own({log_.term(agreed).value_or(0), agreed});
  return log_.commit_own({term_, agreed});
}

void core::report_unreachable(node_id id) {
  const auto found = members_.nodes.find(id);
  if (role_ != role::leader || found == members_.nodes.end()) return;
  // Of what was streamed to it much may be lost.
  if (found->second.state() == progress_state::replicate) found->second.become_probe();
  say(severity::debug, " failed to send message to ", to_text(id), " because it is unreachable [", found->second, "]");
}

void core::report_snapshot(node_id id, bool delivered) {
  const auto found = members_.nodes.find(id);
  if (role_ != role::leader || found == members_.nodes.end() || found->second.state() != progress_state::snapshot) return;
  auto& node = found->second;
  if (!delivered) node.snapshot_failed();
  node.become_probe();
  say(severity::debug, delivered ? " snapshot succeeded" : " snapshot failed", ", resumed sending replication messages to ", to_text(id), " [", node, "]");
  // Delivered: its acknowledgement will come. Failed: wait for a heartbeat's answer before the next try.
  node.hold();
}

}  // namespace weft::cluster::raft
