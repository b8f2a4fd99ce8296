#include "tests/raft_datadriven/pure.hpp"

#include <sstream>

#include "cluster/raft/quorum.hpp"

namespace weft::datadriven {

using namespace cluster::raft;

namespace {

std::vector<node_id> ids(const argument* a) {
  std::vector<node_id> out;
  if (a != nullptr)
    for (const auto& value : a->values)
      if (value != "zero") out.push_back(std::stoull(value));
  return out;
}

/// What each voter said, in the order in which the voters are named; "_" is silence.
std::map<node_id, std::string> answers(const block& b, const char* key) {
  std::map<node_id, std::string> out;
  const argument* given = b.find(key);
  std::size_t next = 0;
  for (const char* half : {"cfg", "cfgj"})
    for (const node_id id : ids(b.find(half)))
      if (given != nullptr && out.count(id) == 0 && next < given->values.size()) out[id] = given->values[next++];
  for (auto it = out.begin(); it != out.end();) it = it->second == "_" ? out.erase(it) : std::next(it);
  return out;
}

}  // namespace

std::optional<std::string> run_quorum(const block& b) {
  if (b.command != "committed" && b.command != "vote") return std::nullopt;
  joint_voters voters;
  for (const node_id id : ids(b.find("cfg"))) voters.incoming.insert(id);
  for (const node_id id : ids(b.find("cfgj"))) voters.outgoing.insert(id);
  if (b.command == "vote") {
    std::map<node_id, bool> votes;
    for (const auto& [id, answer] : answers(b, "votes")) votes[id] = answer == "y";
    switch (voters.count(votes)) {
      case verdict::pending: return "VotePending\n";
      case verdict::lost: return "VoteLost\n";
      case verdict::won: return "VoteWon\n";
    }
  }
  const auto said = answers(b, "idx");
  const log_index index = voters.committed([&](node_id id) -> std::optional<log_index> {
    const auto found = said.find(id);
    return found == said.end() ? std::nullopt : std::optional<log_index>(std::stoull(found->second));
  });
  return (index == everything ? "∞" : std::to_string(index)) + "\n";
}

std::optional<std::string> configuration_cases::run(const block& b) {
  if (b.command != "simple" && b.command != "enter-joint" && b.command != "leave-joint") return std::nullopt;
  const newcomers how{last_index_++, 10, 0};
  const auto changes = parse_changes(b.input);
  if (!changes) return changes.error().context + "\n";
  const argument* leaving = b.find("autoleave");
  auto next = b.command == "simple"        ? change_one(members_, how, *changes)
              : b.command == "enter-joint" ? enter_joint(members_, how, leaving != nullptr && leaving->values.front() == "true", *changes)
                                           : leave_joint(members_);
  if (!next) return next.error().context + "\n";
  members_ = std::move(*next);
  std::ostringstream out;
  out << members_;
  return out.str();
}

}  // namespace weft::datadriven
