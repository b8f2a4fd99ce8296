// When do enough agree? Two pure questions over a set of voters, and over two sets at once while the membership changes.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <set>

#include "cluster/raft/types.hpp"

namespace weft::cluster::raft {

using voter_set = std::set<node_id>;

enum class verdict : std::uint8_t { pending, lost, won };

/// What an empty set has agreed on: everything. So a joint configuration with an empty half equals its other half.
inline constexpr log_index everything = std::numeric_limits<log_index>::max();

/// The index that a voter has acknowledged, or nothing if it was never heard of.
using acknowledged = std::function<std::optional<log_index>(node_id)>;

/// The highest index that a majority of `voters` has acknowledged.
[[nodiscard]] log_index committed_by(const voter_set& voters, const acknowledged& of);
/// Whether a majority of `voters` said yes, or can no longer do so. An empty set has said yes.
[[nodiscard]] verdict count(const voter_set& voters, const std::map<node_id, bool>& votes);

/// Voters of a membership that is being changed: both halves must agree (paper section 6). `outgoing` is empty at all other times.
struct joint_voters {
  voter_set incoming;
  voter_set outgoing;
  [[nodiscard]] bool joint() const noexcept { return !outgoing.empty(); }
  [[nodiscard]] bool contains(node_id id) const { return incoming.count(id) != 0 || outgoing.count(id) != 0; }
  /// Everybody of both halves, ascending.
  [[nodiscard]] voter_set all() const;
  [[nodiscard]] log_index committed(const acknowledged& of) const;
  [[nodiscard]] verdict count(const std::map<node_id, bool>& votes) const;
  friend bool operator==(const joint_voters&, const joint_voters&) = default;
};

}  // namespace weft::cluster::raft
