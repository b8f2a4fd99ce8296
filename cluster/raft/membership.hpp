// Who belongs to the group, and the only ways in which that may change.
#pragma once

#include <iosfwd>
#include <map>
#include <vector>

#include "cluster/raft/conf_change.hpp"
#include "cluster/raft/progress.hpp"
#include "cluster/raft/quorum.hpp"
#include "config/base/result.hpp"

namespace weft::cluster::raft {

struct configuration {
  joint_voters voters;
  voter_set learners;
  /// Voters of the outgoing half that become learners once it is left: a node is never voter and learner at once.
  voter_set learners_next;
  bool auto_leave = false;  ///< The leader proposes to leave the joint configuration by itself.

  [[nodiscard]] conf_state state() const;
  friend bool operator==(const configuration&, const configuration&) = default;
};

/// "voters=(1 2 3)&&(1) learners=(4) autoleave".
std::ostream& operator<<(std::ostream& out, const configuration& c);

using progress_map = std::map<node_id, progress>;

/// Members with what the leader knows of each of them. Copied, changed and put back as a whole.
struct membership {
  configuration config;
  progress_map nodes;
  friend std::ostream& operator<<(std::ostream& out, const membership& m);  ///< The configuration, then a line for each node.
};

/// How new members start: where their log may agree, and their window.
struct newcomers {
  log_index last_index = 0;
  std::size_t inflight_messages = 256;
  std::uint64_t inflight_bytes = 0;
};

/// Changes at most one voter, without a joint configuration. Errors: `failed_precondition`; nothing is changed then.
[[nodiscard]] result<membership> change_one(const membership& from, const newcomers& how, const std::vector<single_change>& changes);
/// Begins a joint configuration: from now on both the old and the new voters must agree.
[[nodiscard]] result<membership> enter_joint(const membership& from, const newcomers& how, bool auto_leave, const std::vector<single_change>& changes);
/// Ends it: only the new voters count.
[[nodiscard]] result<membership> leave_joint(const membership& from);
/// Whichever of the three an entry asks for.
[[nodiscard]] result<membership> apply(const membership& from, const newcomers& how, const conf_change& change);
/// The membership that a snapshot carries. Errors: `invalid_argument` for one that contradicts itself.
[[nodiscard]] result<membership> restore(const conf_state& state, const newcomers& how);

}  // namespace weft::cluster::raft
