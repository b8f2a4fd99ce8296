#include "cluster/raft/describe.hpp"

#include <array>
#include <sstream>

namespace weft::cluster::raft {

namespace {

constexpr std::array message_names = {"MsgProp",         "MsgApp",  "MsgAppResp",     "MsgSnap",    "MsgHeartbeat",   "MsgHeartbeatResp",
                                      "MsgVote",         "MsgVoteResp", "MsgPreVote", "MsgPreVoteResp", "MsgTimeoutNow", "MsgTransferLeader"};
constexpr std::array entry_names = {"EntryNormal", "EntryConfChange", "EntryConfChangeV2"};
constexpr std::array role_names = {"StateFollower", "StateCandidate", "StateLeader", "StatePreCandidate"};

std::string list(const std::vector<node_id>& ids) {
  std::string out = "[";
  for (const node_id id : ids) out += (out.size() > 1 ? " " : "") + std::to_string(id);
  return out + "]";
}

}  // namespace

std::string to_text(node_id id) {
  std::ostringstream out;
  out << std::hex << id;
  return out.str();
}
std::string to_text(role r) { return role_names[static_cast<std::size_t>(r)]; }
std::string to_text(message_kind k) { return message_names[static_cast<std::size_t>(k)]; }
std::string to_text(entry_kind k) { return entry_names[static_cast<std::size_t>(k)]; }

std::string to_text(const hard_state& s) {
  std::string out = "Term:" + std::to_string(s.term);
  if (s.vote != nobody) out += " Vote:" + std::to_string(s.vote);
  return out + " Commit:" + std::to_string(s.commit);
}

std::string to_text(const soft_state& s) { return "Lead:" + std::to_string(s.leader) + " State:" + to_text(s.as); }

std::string to_text(const conf_state& s) {
  return "Voters:" + list(s.voters) + " VotersOutgoing:" + list(s.voters_outgoing) + " Learners:" + list(s.learners) +
         " LearnersNext:" + list(s.learners_next) + " AutoLeave:" + (s.auto_leave ? "true" : "false");
}

std::string to_text(const snapshot& s) {
  return "Index:" + std::to_string(s.at.index) + " Term:" + std::to_string(s.at.term) + " ConfState:" + to_text(s.members);
}

std::string to_text(const conf_change& c) {
  constexpr std::array transitions = {"ConfChangeTransitionAuto", "ConfChangeTransitionJointImplicit", "ConfChangeTransitionJointExplicit"};
  constexpr std::array kinds = {"ConfChangeAddNode", "ConfChangeRemoveNode", "ConfChangeUpdateNode", "ConfChangeAddLearnerNode"};
  std::string out = std::string("transition:") + transitions[static_cast<std::size_t>(c.how)] + ' ';
  for (const auto& one : c.changes)
    out += std::string("changes:<type:") + kinds[static_cast<std::size_t>(one.kind)] + " node_id:" + std::to_string(one.node) + " > ";
  return out;
}

std::string to_text(const entry& e) {
  std::string out = std::to_string(e.term) + '/' + std::to_string(e.index) + ' ' + to_text(e.kind);
  if (e.kind == entry_kind::normal) return out + ' ' + quoted(e.data);
  const auto change = parse_conf_change(e);
  const std::string what = change ? to_string(change->changes) : change.error().context;
  return what.empty() ? out : out + ' ' + what;
}

std::string to_text(const message& m) {
  std::string out = to_text(m.from) + "->" + to_text(m.to) + ' ' + to_text(m.kind) + " Term:" + std::to_string(m.term) + " Log:" +
                    std::to_string(m.log.term) + '/' + std::to_string(m.log.index);
  if (m.rejected) out += " Rejected (Hint: " + std::to_string(m.hint) + ")";
  if (m.commit != 0) out += " Commit:" + std::to_string(m.commit);
  if (m.entries.size() == 1) {
    out += " Entries:[" + to_text(m.entries.front()) + "]";
  } else if (!m.entries.empty()) {
    out += " Entries:[";
    for (const auto& e : m.entries) out += "\n  " + to_text(e);
    out += "\n]";
  }
  if (m.state && !m.state->empty()) out += "\n  Snapshot: " + to_text(*m.state);
  return out;
}

std::string to_text(const ready& r) {
  std::string out;
  if (r.soft) out += to_text(*r.soft) + '\n';
  if (r.hard) out += "HardState " + to_text(*r.hard) + '\n';
  const auto part = [&](const char* title, const auto& values) {
    if (!values.empty()) out += std::string(title) + ":\n";
    for (const auto& value : values) out += to_text(value) + '\n';
  };
  part("Entries", r.entries);
  if (r.restore) out += "Snapshot " + to_text(*r.restore) + '\n';
  part("CommittedEntries", r.committed);
  part("Messages", r.messages);
  if (out.empty()) return "<empty Ready>";
  return std::string("Ready MustSync=") + (r.must_sync ? "true" : "false") + ":\n" + out;
}

std::string quoted(bytes_view data) {
  constexpr std::string_view plain = "\a\b\f\n\r\t\v\\\"";
  constexpr std::string_view names = "abfnrtv\\\"";
  std::string out = "\"";
  for (const char c : data) {
    if (const auto at = plain.find(c); at != plain.npos) {
      out += '\\';
      out += names[at];
    } else if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7f) {
      out += "\\x" + to_hex(bytes_view(&c, 1));
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::optional<message_kind> message_kind_of(std::string_view name) {
  for (std::size_t i = 0; i < message_names.size(); ++i)
    if (name == message_names[i]) return static_cast<message_kind>(i);
  return std::nullopt;
}

}  // namespace weft::cluster::raft
