// Changes of the membership, as they stand in the log: what is proposed, and its bytes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cluster/raft/types.hpp"
#include "config/base/result.hpp"

namespace weft::cluster::raft {

enum class change_kind : std::uint8_t {
  add_voter = 0,
  remove = 1,
  update = 2,       ///< Changes nothing here; carries the application's `context`.
  add_learner = 3,  ///< Receives the log, counts in no quorum. Demotes a voter.
};

struct single_change {
  change_kind kind = change_kind::add_voter;
  node_id node = nobody;
  friend bool operator==(const single_change&, const single_change&) = default;
};

enum class transition : std::uint8_t {
  automatic = 0,       ///< One change is made directly; several go through a joint configuration that is left by itself.
  joint_implicit = 1,  ///< Always joint; left by itself when every change is committed.
  joint_explicit = 2,  ///< Always joint; left when somebody proposes the empty change.
};

/// What to do with the membership in one entry.
struct conf_change {
  transition how = transition::automatic;
  std::vector<single_change> changes;
  bytes context;  ///< The application's own; ignored here.

  /// The empty change: leave the joint configuration.
  [[nodiscard]] bool leaves_joint() const noexcept { return how == transition::automatic && changes.empty(); }
  /// More than one voter cannot be changed safely in one step.
  [[nodiscard]] bool enters_joint() const noexcept { return how != transition::automatic || changes.size() > 1; }
  [[nodiscard]] bool leaves_by_itself() const noexcept { return how != transition::joint_explicit; }
  friend bool operator==(const conf_change&, const conf_change&) = default;
};

/// The bytes of an entry (`raftpb.ConfChange`, `raftpb.ConfChangeV2`: protobuf, fields in order).
[[nodiscard]] entry make_entry(const single_change& change, bytes_view context = {});
[[nodiscard]] entry make_entry(const conf_change& change);
/// Reads an entry of either kind; no bytes at all are the empty change. Errors: `invalid_argument` for other bytes or another kind of entry.
[[nodiscard]] result<conf_change> parse_conf_change(const entry& e);

/// "v1 l2 r3 u4": voter, learner, remove, update. Errors: `invalid_argument`, naming the word.
[[nodiscard]] result<std::vector<single_change>> parse_changes(std::string_view text);
[[nodiscard]] std::string to_string(const std::vector<single_change>& changes);

}  // namespace weft::cluster::raft
