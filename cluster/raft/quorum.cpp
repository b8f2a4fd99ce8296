#include "cluster/raft/quorum.hpp"

#include <algorithm>
#include <vector>

namespace weft::cluster::raft {

log_index committed_by(const voter_set& voters, const acknowledged& of) {
  if (voters.empty()) return everything;
  std::vector<log_index> indices;
  indices.reserve(voters.size());
  for (const node_id id : voters) indices.push_back(of(id).value_or(0));
  // In descending order the element at n/2 is held by n/2 + 1 voters: a majority.
  const auto middle = indices.begin() + static_cast<std::ptrdiff_t>(indices.size() / 2);
  std::nth_element(indices.begin(), middle, indices.end(), std::greater<>{});
  return *middle;
}

verdict count(const voter_set& voters, const std::map<node_id, bool>& votes) {
  const std::size_t needed = voters.size() / 2 + 1;
  std::size_t yes = 0;
  std::size_t no = 0;
  for (const node_id id : voters)
    if (const auto vote = votes.find(id); vote != votes.end()) ++(vote->second ? yes : no);
  if (voters.empty() || yes >= needed) return verdict::won;
  return voters.size() - no >= needed ? verdict::pending : verdict::lost;
}

voter_set joint_voters::all() const {
  voter_set both = incoming;
  both.insert(outgoing.begin(), outgoing.end());
  return both;
}

log_index joint_voters::committed(const acknowledged& of) const { return std::min(committed_by(incoming, of), committed_by(outgoing, of)); }

verdict joint_voters::count(const std::map<node_id, bool>& votes) const {
  const verdict in = raft::count(incoming, votes);
  const verdict out = raft::count(outgoing, votes);
  if (in == out) return in;
  return in == verdict::lost || out == verdict::lost ? verdict::lost : verdict::pending;
}

}  // namespace weft::cluster::raft
