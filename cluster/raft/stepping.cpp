// From a message to the rule that answers it: first terms, then votes, then what a node does in its role.
#include "cluster/raft/core.hpp"
#include "cluster/raft/describe.hpp"
#include "cluster/raft/planted.hpp"
#include "config/base/assert.hpp"

namespace weft::cluster::raft {

namespace {

bool is_vote(message_kind kind) { return kind == message_kind::vote || kind == message_kind::pre_vote; }
bool is_leaders(message_kind kind) {
  return kind == message_kind::append || kind == message_kind::heartbeat || kind == message_kind::snapshot;
}

/// What no correct member sends. A group tolerates members that stop, not ones that lie; but a damaged message shall not stop this one.
result<void> look_at(const message& m) {
  const auto refuse = [&](const char* why) { return fail(errc::invalid_argument, to_text(m.kind) + " from " + to_text(m.from) + ": " + why); };
  if (m.from == nobody) return refuse("no sender");
  const bool termless = m.kind == message_kind::propose;
  if (termless != (m.term == 0)) return refuse(termless ? "a proposal has no term" : "no term");
  if (m.kind == message_kind::propose && m.entries.empty()) return refuse("nothing is proposed");
  if (m.kind == message_kind::snapshot && (!m.state || m.state->empty())) return refuse("no snapshot");
  if (m.kind != message_kind::propose) {
    position before = m.log;
    for (const auto& e : m.entries) {
      if (e.index != before.index + 1 || e.term < before.term || e.term > m.term) return refuse("its entries do not follow each other");
      before = e.at();
    }
  }
  for (const auto& e : m.entries)
    if (e.kind != entry_kind::normal && !parse_conf_change(e)) return refuse("an entry is no change of the membership");
  return {};
}

}  // namespace

void core::send(message m) {
  if (m.from == nobody) m.from = options_.id;
  if (m.term == 0 && m.kind != message_kind::propose) m.term = term_;
  // Acknowledgements and votes promise what is on disk.
  bool promises = m.kind == message_kind::append_reply || m.kind == message_kind::vote_reply || m.kind == message_kind::pre_vote_reply;
  if (planted(mistake::vote_not_written) && m.to != options_.id) promises = promises && m.kind != message_kind::vote_reply;
  if (planted(mistake::acknowledged_before_sync) && m.to != options_.id) promises = promises && m.kind != message_kind::append_reply;
  WEFT_ASSERT(promises || m.to != options_.id, "a message to oneself");
  (promises ? after_write_ : now_).push_back(std::move(m));
}

result<void> core::step(message m) {
  WEFT_CHECK(look_at(m));
  if (is_reply(m.kind) && members_.nodes.count(m.from) == 0) return fail(errc::not_found, "node " + to_text(m.from) + " is no member of this group");
  return handle(m);
}

result<void> core::handle(message& m) {
  if (m.kind != message_kind::propose) {
    if (m.term > term_ && !from_higher_term(m)) return {};
    if (m.term < term_) {
      from_lower_term(m);
      return {};
    }
  }
  if (is_vote(m.kind)) {
    answer_vote(m);
    return {};
  }
  switch (role_) {
    case role::leader: return as_leader(m);
    case role::follower: return as_follower(m);
    case role::candidate:
    case role::pre_candidate: return as_candidate(m);
  }
  return {};
}

/// Whether the message counts; if so this node is then in its term, except for what pre-votes say of the future.
bool core::from_higher_term(const message& m) {
  if (is_vote(m.kind)) {
    // The leader lives: whoever campaigns now was cut off from it, or removed (thesis 4.2.3). Unless the leader itself wants it.
    const bool leased = options_.check_quorum && leader_ != nobody && since_election_ < options_.election_ticks && !planted(mistake::lease_ignored);
    if (leased && !m.transfer) {
      if (notes_.wants(severity::info)) {
        const position last = log_.last();
        say(severity::info, " [logterm: ", last.term, ", index: ", last.index, ", vote: ", to_text(vote_), "] ignored ", to_text(m.kind), " from ",
            to_text(m.from), " [logterm: ", m.log.term, ", index: ", m.log.index, "] at term ", term_, ": lease is not expired (remaining ticks: ",
            options_.election_ticks - since_election_, ")");
      }
      return false;
    }
  }
  if (m.kind == message_kind::pre_vote) return true;                       // a question: no term was begun
  if (m.kind == message_kind::pre_vote_reply && !m.rejected) return true;  // the term that we asked about ourselves
  say(severity::info, " [term: ", term_, "] received a ", to_text(m.kind), " message with higher term from ", to_text(m.from), " [term: ", m.term, "]");
  become_follower(m.term, is_leaders(m.kind) ? m.from : nobody);
  return true;
}

void core::from_lower_term(const message& m) {
  if ((options_.check_quorum || options_.pre_vote) && (m.kind == message_kind::heartbeat || m.kind == message_kind::append)) {
    // A leader of an earlier term does not learn of ours from votes, which it ignores while it leads. Tell it, or it would hold this node
    // off for ever: what the node sends next has too high a term for the leader, what the leader sends too low a one for the node.
    message answer;
    answer.kind = message_kind::append_reply;
    answer.to = m.from;
    send(std::move(answer));
  } else if (m.kind == message_kind::pre_vote) {
    // A refusal with our term lets it catch up; silence could keep a group of old and new members apart.
    const position last = log_.last();
    say(severity::info, " [logterm: ", last.term, ", index: ", last.index, ", vote: ", to_text(vote_), "] rejected ", to_text(m.kind), " from ",
        to_text(m.from), " [logterm: ", m.log.term, ", index: ", m.log.index, "] at term ", term_);
    message answer;
    answer.kind = message_kind::pre_vote_reply;
    answer.to = m.from;
    answer.rejected = true;
    send(std::move(answer));
  } else {
    say(severity::info, " [term: ", term_, "] ignored a ", to_text(m.kind), " message with lower term from ", to_text(m.from), " [term: ", m.term, "]");
  }
}

result<void> core::as_leader(message& m) {
  if (m.kind == message_kind::propose) return take_proposal(m);
  const auto found = members_.nodes.find(m.from);
  if (found == members_.nodes.end()) {
    say(severity::debug, " no progress available for ", to_text(m.from));
    return {};
  }
  switch (m.kind) {
    case message_kind::append_reply: take_append_reply(m, found->second); break;
    case message_kind::heartbeat_reply: take_heartbeat_reply(m, found->second); break;
    case message_kind::transfer_leader: hand_over(m); break;
    default: break;
  }
  return {};
}

result<void> core::as_candidate(message& m) {
  const message_kind mine = role_ == role::pre_candidate ? message_kind::pre_vote_reply : message_kind::vote_reply;
  if (m.kind == mine) {
    count_vote(m);
  } else if (is_leaders(m.kind)) {
    become_follower(term_, m.from);  // somebody else won this term
    return from_leader(m);
  } else if (m.kind == message_kind::propose) {
    say(severity::info, " no leader at term ", term_, "; dropping proposal");
    return fail(errc::unavailable, "no leader at term " + std::to_string(term_));
  } else if (m.kind == message_kind::timeout_now) {
    say(severity::debug, " [term ", term_, " state ", to_text(role_), "] ignored MsgTimeoutNow from ", to_text(m.from));
  }
  return {};
}

result<void> core::as_follower(message& m) {
  if (is_leaders(m.kind)) {
    since_election_ = 0;
    leader_ = m.from;
    return from_leader(m);
  }
  switch (m.kind) {
    case message_kind::propose:
      if (leader_ == nobody) {
        say(severity::info, " no leader at term ", term_, "; dropping proposal");
        return fail(errc::unavailable, "no leader at term " + std::to_string(term_));
      }
      if (!options_.forward_proposals) {
        say(severity::info, " not forwarding to leader ", to_text(leader_), " at term ", term_, "; dropping proposal");
        return fail(errc::not_leader, to_text(leader_));
      }
      m.to = leader_;
      send(std::move(m));
      break;
    case message_kind::transfer_leader:
      if (leader_ == nobody) {
        say(severity::info, " no leader at term ", term_, "; dropping leader transfer msg");
        break;
      }
      m.to = leader_;
      m.term = 0;
      send(std::move(m));
      break;
    case message_kind::timeout_now:
      say(severity::info, " [term ", term_, "] received MsgTimeoutNow from ", to_text(m.from), " and starts an election to get leadership.");
      hup(reason::transfer);  // no pre-vote: the leader knows what it does, and the others would refuse while it lives
      break;
    default: break;
  }
  return {};
}

result<void> core::from_leader(message& m) {
  switch (m.kind) {
    case message_kind::append: return take_append(m);
    case message_kind::heartbeat: return take_heartbeat(m);
    default: take_snapshot(m); return {};
  }
}

}  // namespace weft::cluster::raft
