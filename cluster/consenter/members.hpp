// Who is which node of a raft group: consenters of the channel configuration, raft ids, and the step from one list to the next. interop/06 §4.
// Pure; thread-safe.
#pragma once

#include <optional>
#include <vector>

#include "cluster/raft/conf_change.hpp"
#include "crypto/x509/certificate.hpp"
#include "ledger/channel/bundle.hpp"

namespace weft::cluster {

using consenter_list = std::vector<ledger::raft_consenter>;

/// What every block of a raft channel says about the group (pb(etcdraft.BlockMetadata), the consenter metadata of a block).
struct group_metadata {
  std::vector<raft::node_id> ids;  ///< Of the channel's consenters, in the order of their list.
  raft::node_id next_id = 1;       ///< Of the next consenter that joins. Ids are never used again.
  raft::log_index index = 0;       ///< Of the entry that the block was.

  [[nodiscard]] bytes encode() const;
  /// No bytes, or none of ids, is what blocks from before a migration say.
  /// Errors: `corruption` for bytes that no orderer writes: malformed, an id that is zero, twice there or not given out yet, too many.
  [[nodiscard]] static result<group_metadata> decode(bytes_view raw);
  friend bool operator==(const group_metadata&, const group_metadata&) = default;
};

/// The group of a channel that begins: ids 1 to n in the order of the list. Also that of a channel which was migrated to raft.
[[nodiscard]] group_metadata first_group(std::size_t consenters);

/// The step from one list of consenters to the next. At most one joins, leaves or takes another certificate.
struct group_change {
  group_metadata after;                       ///< `index` is not touched.
  std::optional<raft::conf_change> members;   ///< One node added or removed; none for a rotation, or when nobody changes.
  raft::node_id added = raft::nobody, removed = raft::nobody, rotated = raft::nobody;  ///< At most one is somebody.
  [[nodiscard]] bool changes_group() const noexcept { return members.has_value() || rotated != raft::nobody; }
};

/// Consenters are told apart by their client TLS certificate, byte for byte, as in Fabric: host, port, order and server certificate may change
/// freely. Exactly one gone and one new is a rotation: the new certificate inherits the id. `now` has an id for each of `from`.
/// Errors: `invalid_argument` with Fabric's text for more than one change; `corruption` when `now` and `from` do not fit together.
[[nodiscard]] result<group_change> change_group(const group_metadata& now, const consenter_list& from, const consenter_list& to);

/// Whether the group would lose its quorum by this step although it need not: with `active` nodes alive (this one included) and ids as in `now`.
/// A node that rotates counts as down, for it starts again with its new certificate. Joining and rotating in a group that then has at most two
/// nodes is always allowed: it would survive no failure anyway.
[[nodiscard]] bool loses_quorum(const group_change& step, const std::vector<raft::node_id>& active);

/// The place in the list of the consenter whose client or server TLS certificate has the key of `mine`, as the newest certificate may differ from
/// the listed one. Nothing: not a consenter of this channel.
[[nodiscard]] std::optional<std::size_t> find_consenter(const consenter_list& consenters, const crypto::certificate& mine);
/// The same as a raft id; nobody when not listed.
[[nodiscard]] raft::node_id id_of(const group_metadata& group, const consenter_list& consenters, const crypto::certificate& mine);

}  // namespace weft::cluster
