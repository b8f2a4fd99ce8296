// What enters the log at a leader, and how a change of the membership takes effect.
#include <algorithm>

#include "cluster/raft/core.hpp"
#include "cluster/raft/describe.hpp"
#include "cluster/raft/planted.hpp"
#include "config/base/assert.hpp"

namespace weft::cluster::raft {

result<void> core::propose_entries(std::vector<entry> entries) {
  message m;
  m.from = options_.id;
  m.entries = std::move(entries);
  return handle(m);
}

result<void> core::propose(shared_bytes data) { return propose_entries({entry{0, 0, entry_kind::normal, std::move(data)}}); }

result<void> core::propose(std::vector<shared_bytes> batch) {
  if (batch.empty()) return {};
  std::vector<entry> entries;
  entries.reserve(batch.size());
  for (auto& data : batch) entries.push_back({0, 0, entry_kind::normal, std::move(data)});
  return propose_entries(std::move(entries));
}

result<void> core::propose(const conf_change& change) { return propose_entries({make_entry(change)}); }
result<void> core::propose(const single_change& change, bytes_view context) { return propose_entries({make_entry(change, context)}); }

result<void> core::take_proposal(message& m) {
  if (members_.nodes.count(options_.id) == 0)
    return fail(errc::failed_precondition, "this leader was removed from the group and takes no more entries");
  if (transferee_ != nobody) {
    say(severity::debug, " [term ", term_, "] transfer leadership to ", to_text(transferee_), " is in progress; dropping proposal");
    return fail(errc::unavailable, "leadership is being handed to " + to_text(transferee_));
  }
  refuse_impossible_changes(m.entries);
  WEFT_CHECK(append_own(std::move(m.entries)));
  broadcast_append();
  return {};
}

/// A change is judged against the membership that will hold when it is applied, which is only known if no other one is on its way.
void core::refuse_impossible_changes(std::vector<entry>& entries) {
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (entries[i].kind == entry_kind::normal) continue;
    const auto change = parse_conf_change(entries[i]);
    WEFT_ASSERT(change.has_value(), "a change was not looked at before");
    const bool joint = members_.config.voters.joint();
    const bool leaving = change->changes.empty();
    std::string why;
    if (pending_change_ > log_.applied() && !planted(mistake::two_changes))
      why = "possible unapplied conf change at index " + std::to_string(pending_change_) + " (applied to " + std::to_string(log_.applied()) + ")";
    else if (joint && !leaving) why = "must transition out of joint config first";
    else if (!joint && leaving) why = "not in joint state; refusing empty conf change";
    if (!why.empty() && options_.validate_changes) {
      say(severity::info, " ignoring conf change ", to_text(*change), " at config ", members_.config, ": ", why);
      entries[i] = entry{};  // its place in the batch stays, so that whoever proposed it sees it pass
    } else {
      pending_change_ = log_.last_index() + i + 1;
    }
  }
}

result<void> core::append_own(std::vector<entry>&& entries) {
  std::size_t payload = 0;
  for (const auto& e : entries) payload += e.data.size();
  // The first one always fits, however large: else it never would.
  if (uncommitted_bytes_ > 0 && payload > 0 && payload > options_.uncommitted_bytes_max - std::min(uncommitted_bytes_, options_.uncommitted_bytes_max)) {
    say(severity::warning, " appending new entries to log would exceed uncommitted entry size limit; dropping proposal");
    return fail(errc::busy, std::to_string(uncommitted_bytes_) + " bytes are not committed yet");
  }
  uncommitted_bytes_ += payload;
  log_index index = log_.last_index();
  for (auto& e : entries) {
    e.term = term_;
    e.index = ++index;
  }
  log_.append(std::move(entries));
  if constexpr (planted(mistake::own_disk_not_awaited)) members_.nodes.at(options_.id).acknowledge(index);
  message own;
  own.kind = message_kind::append_reply;
  own.to = options_.id;
  own.log.index = index;
  send(std::move(own));
  return {};
}

result<conf_state> core::apply(const conf_change& change) {
  WEFT_TRY(auto next, raft::apply(members_, joining(), change));
  adopt(std::move(next));
  return members_.config.state();
}

void core::adopt(membership m) {
  members_ = std::move(m);
  say(severity::info, " switched to configuration ", members_.config);
  const auto own = members_.nodes.find(options_.id);
  learner_ = own != members_.nodes.end() && own->second.learner();
  if (role_ != role::leader) return;
  if (own == members_.nodes.end() || learner_) {
    // It leads on without a voice of its own, so that what it has begun is finished; it takes no more entries (paper section 6).
    if (options_.step_down_on_removal) become_follower(term_, nobody);
    return;
  }
  if (members_.config.voters.incoming.empty()) return;
  if (commit_more()) {
    broadcast_append();  // the smaller quorum may have agreed on more already
  } else {
    for (auto& [id, node] : members_.nodes)
      if (id != options_.id) send_append(id, node, false);  // probe newcomers at once
  }
  if (!members_.config.voters.contains(transferee_)) transferee_ = nobody;
}

void core::applied_to(log_index index) {
  log_.applied_to(index);
  if (role_ != role::leader || !members_.config.auto_leave || log_.applied() < pending_change_) return;
  // Everything that made the configuration joint is applied: leave it. No bytes are needed to say so.
  if (const auto left = propose_entries({entry{0, 0, entry_kind::conf_change_v2, {}}}); left)
    notes_.say(severity::info, "initiating automatic transition out of joint configuration ", members_.config);
  else
    notes_.say(severity::debug, "not initiating automatic transition out of joint configuration ", members_.config, ": ", left.error().context);
}

void core::transfer_leadership(node_id to) {
  message m;
  m.kind = message_kind::transfer_leader;
  m.from = to;
  m.term = term_;
  if (term_ != 0 && to != nobody) static_cast<void>(handle(m));
}

}  // namespace weft::cluster::raft
