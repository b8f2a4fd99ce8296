// Who leads: terms, votes, pre-votes, hand-overs.
#include <algorithm>

#include "cluster/raft/core.hpp"
#include "cluster/raft/describe.hpp"
#include "cluster/raft/planted.hpp"
#include "config/base/assert.hpp"

namespace weft::cluster::raft {

void core::draw_timeout() { timeout_ = options_.election_ticks + static_cast<unsigned>(random_.below(options_.election_ticks)); }

void core::reset(term_number term) {
  if (term_ != term) {
    term_ = term;
    vote_ = nobody;
  }
  leader_ = nobody;
  since_election_ = since_heartbeat_ = 0;
  draw_timeout();
  transferee_ = nobody;
  votes_.clear();
  pending_change_ = 0;
  uncommitted_bytes_ = 0;
  for (auto& [id, node] : members_.nodes)
    node = progress(id == options_.id ? log_.last_index() : 0, log_.last_index() + 1, inflights(options_.inflight_messages, options_.inflight_bytes), node.learner());
}

void core::become_follower(term_number term, node_id leader) {
  reset(term);
  role_ = role::follower;
  leader_ = leader;
  say(severity::info, " became follower at term ", term_);
}

void core::become_pre_candidate() {
  // Neither term nor vote changes: nothing was decided yet.
  votes_.clear();
  leader_ = nobody;
  role_ = role::pre_candidate;
  say(severity::info, " became pre-candidate at term ", term_);
}

void core::become_candidate() {
  WEFT_ASSERT(role_ != role::leader, "a leader campaigns against itself");
  reset(term_ + 1);
  vote_ = options_.id;
  role_ = role::candidate;
  say(severity::info, " became candidate at term ", term_);
}

void core::become_leader() {
  WEFT_ASSERT(role_ != role::follower, "nobody voted for this leader");
  reset(term_);
  role_ = role::leader;
  leader_ = options_.id;
  auto& own = members_.nodes.at(options_.id);
  own.become_replicate();
  own.active(true);
  // Whatever of the log is not committed may hold a change of the membership: propose none before all of it is applied.
  pending_change_ = log_.last_index();
  // An entry of its own term: only with it can those of earlier terms be committed (paper 5.4.2, 8). It weighs nothing, so it is never refused.
  std::vector<entry> empty(1);
  const auto appended = append_own(std::move(empty));
  WEFT_ASSERT(appended.has_value(), "the first entry of a term was refused");
  say(severity::info, " became leader at term ", term_);
}

bool core::promotable() const {
  return members_.nodes.count(options_.id) != 0 && !learner_ && !log_.unstable().pending_snapshot();
}

/// A committed change that is not applied yet: campaigning would count votes by a membership that is no longer true.
bool core::change_to_apply() const {
  for (log_index from = log_.applied() + 1; from <= log_.committed();) {
    const auto part = log_.slice(from, log_.committed() + 1, options_.message_bytes_max);
    if (!part || part->empty()) return false;
    for (const auto& e : *part)
      if (e.kind != entry_kind::normal) return true;
    from = part->back().index + 1;
  }
  return false;
}

void core::campaign() { hup(options_.pre_vote ? reason::pre_election : reason::election); }

void core::hup(reason why) {
  if (role_ == role::leader) {
    say(severity::debug, " ignoring MsgHup because already leader");
  } else if (!promotable()) {
    say(severity::warning, " is unpromotable and can not campaign");
  } else if (change_to_apply()) {
    say(severity::warning, " cannot campaign at term ", term_, " since there are still pending configuration changes to apply");
  } else {
    say(severity::info, " is starting a new election at term ", term_);
    campaign(why);
  }
}

void core::campaign(reason why) {
  const bool asking = why == reason::pre_election;
  if (asking) become_pre_candidate();
  else become_candidate();
  const message_kind request = asking ? message_kind::pre_vote : message_kind::vote;
  const message_kind reply = asking ? message_kind::pre_vote_reply : message_kind::vote_reply;
  const term_number term = term_ + (asking ? 1 : 0);
  for (const node_id id : members_.config.voters.all()) {
    if (id != options_.id) {
      ask_vote(id, request, why == reason::transfer);
      continue;
    }
    message m;
    m.to = id;
    m.term = term;
    m.kind = reply;  // its own vote, which counts once it is on disk
    send(std::move(m));
  }
}

void core::ask_vote(node_id of, message_kind request, bool transfer) {
  const position last = log_.last();
  message m;
  m.to = of;
  m.term = term_ + (request == message_kind::pre_vote ? 1 : 0);
  m.kind = request;
  m.log = last;
  m.transfer = transfer;
  say(severity::info, " [logterm: ", last.term, ", index: ", last.index, "] sent ", to_text(request), " request to ", to_text(of), " at term ", term_);
  send(std::move(m));
}

void core::leader_gone(unsigned wait) {
  if (role_ != role::follower || leader_ == nobody) return;
  say(severity::info, " lost the connection to its leader ", to_text(leader_), " at term ", term_);
  leader_ = nobody;
  since_election_ = 0;
  timeout_ = wait;
  if (wait == 0) campaign();
}

namespace {

/// Of two who campaign at once, the one whose log is ahead comes first; with equal logs the one with the lower id.
bool goes_first(node_id a, const position& log_of_a, node_id b, const position& log_of_b) {
  if (log_of_a.term != log_of_b.term) return log_of_a.term > log_of_b.term;
  if (log_of_a.index != log_of_b.index) return log_of_a.index > log_of_b.index;
  return a < b;
}

}  // namespace

// Campaigns that meet. With two of three alive every vote is needed, and two who time out together would each vote for themselves: a split vote costs
// another randomized timeout (paper 5.2). Its authors tried ranks and gave them up, because a lower node had to wait for a higher one that had died
// (5.2, end). Here a rank counts only between two that were just heard campaigning, and only for `grace`: nobody waits for the dead. Whom a vote may be
// given to, and that it is given once a term, is not touched; pre-votes promise nothing.

unsigned core::grace() const { return options_.heartbeat_ticks + 1; }

/// This node asks the same question, since a moment, and comes first: it asks again instead of answering. A refusal would say more than is meant, for the
/// rival may be counting those.
bool core::rival_waits(const message& m) {
  if (!options_.rank_campaigns || role_ != role::pre_candidate || m.term != term_ + 1 || since_election_ >= grace()) return false;
  if (!goes_first(options_.id, log_.last(), m.from, m.log)) return false;
  ask_vote(m.from, message_kind::pre_vote, false);  // it may have believed in the leader when it was asked
  return true;
}

/// Whoever was just promised support gets the time to use it.
void core::give_way() {
  if (options_.rank_campaigns) timeout_ = std::max(timeout_, since_election_ + grace());
}

/// Two candidates of one term: it may be lost for both. The first asks again soon, the other waits its whole timeout.
void core::meet_candidate(const message& m) {
  if (options_.rank_campaigns && role_ == role::candidate && goes_first(options_.id, log_.last(), m.from, m.log)) timeout_ = std::min(timeout_, since_election_ + grace());
}

void core::answer_vote(const message& m) {
  const bool pre = m.kind == message_kind::pre_vote;
  // In a pre-vote nothing is promised; else one vote a term, and none while a leader of it is known.
  const bool free = vote_ == m.from || (vote_ == nobody && leader_ == nobody) || (pre && m.term > term_);
  // A learner may vote: a candidate that asks knows a later membership, in which this node is a voter.
  const bool grant = free && (log_.at_least(m.log) || planted(mistake::log_not_compared));
  if (grant && pre && rival_waits(m)) return;
  const position last = log_.last();
  say(severity::info, " [logterm: ", last.term, ", index: ", last.index, ", vote: ", to_text(vote_), "] ", grant ? "cast " : "rejected ", to_text(m.kind),
      grant ? " for " : " from ", to_text(m.from), " [logterm: ", m.log.term, ", index: ", m.log.index, "] at term ", term_);
  message answer;
  answer.kind = pre ? message_kind::pre_vote_reply : message_kind::vote_reply;
  answer.to = m.from;
  answer.term = grant ? m.term : term_;  // a granted pre-vote answers in the term asked about, which need not be ours
  answer.rejected = !grant;
  send(std::move(answer));
  if (grant && pre) give_way();
  if (grant && !pre) {
    since_election_ = 0;
    vote_ = m.from;
  }
  if (!pre) meet_candidate(m);
}

void core::count_vote(const message& m) {
  say(severity::info, " received ", to_text(m.kind), m.rejected ? " rejection" : "", " from ", to_text(m.from), " at term ", term_);
  votes_.emplace(m.from, !m.rejected);  // the first answer counts
  if (notes_.wants(severity::info)) {
    // Of members only, as the verdict is.
    std::size_t yes = 0, no = 0;
    for (const auto& [id, vote] : votes_)
      if (const auto node = members_.nodes.find(id); node != members_.nodes.end() && !node->second.learner()) ++(vote ? yes : no);
    say(severity::info, " has received ", yes, " ", to_text(m.kind), " votes and ", no, " vote rejections");
  }
  switch (members_.config.voters.count(votes_)) {
    case verdict::pending: break;
    case verdict::won:
      if (role_ == role::pre_candidate) {
        campaign(reason::election);
      } else {
        become_leader();
        broadcast_append();
      }
      break;
    // A lost pre-vote arrives in the term that this node has: it stays there.
    case verdict::lost: become_follower(term_, nobody); break;
  }
}

void core::check_quorum() {
  std::map<node_id, bool> heard;
  for (auto& [id, node] : members_.nodes) {
    if (!node.learner()) heard[id] = node.active();
    if (id != options_.id) node.active(false);
  }
  if (members_.config.voters.count(heard) == verdict::won) return;
  say(severity::warning, " stepped down to follower since quorum is not active");
  become_follower(term_, nobody);
}

void core::hand_over(message& m) {
  auto& to = members_.nodes.at(m.from);
  if (to.learner()) {
    say(severity::debug, " is learner. Ignored transferring leadership");
    return;
  }
  if (transferee_ == m.from) {
    say(severity::info, " [term ", term_, "] transfer leadership to ", to_text(m.from), " is in progress, ignores request to same node ", to_text(m.from));
    return;
  }
  if (transferee_ != nobody) say(severity::info, " [term ", term_, "] abort previous transferring leadership to ", to_text(transferee_));
  transferee_ = nobody;
  if (m.from == options_.id) {
    say(severity::debug, " is already leader. Ignored transferring leadership to self");
    return;
  }
  say(severity::info, " [term ", term_, "] starts to transfer leadership to ", to_text(m.from));
  since_election_ = 0;  // it must be done within an election timeout
  transferee_ = m.from;
  if (to.match() == log_.last_index()) {
    send_timeout_now(m.from);
    say(severity::info, " sends MsgTimeoutNow to ", to_text(m.from), " immediately as ", to_text(m.from), " already has up-to-date log");
  } else {
    send_append(m.from, to, true);
  }
}

void core::send_timeout_now(node_id to) {
  message m;
  m.kind = message_kind::timeout_now;
  m.to = to;
  send(std::move(m));
}

}  // namespace weft::cluster::raft
