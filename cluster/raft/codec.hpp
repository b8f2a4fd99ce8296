// Messages between members as bytes, for those that live in other processes: protobuf, with the field numbers of raftpb.Message.
#pragma once

#include <vector>

#include "cluster/raft/types.hpp"
#include "config/base/result.hpp"

namespace weft::cluster::raft {

/// Bounds on what a stranger's bytes may unfold to.
inline constexpr std::size_t messages_max = 10'000, entries_max = 100'000, members_max = 1'000;

/// One behind the other, each as a present field 1.
[[nodiscard]] bytes encode(const std::vector<message>& batch);
/// Data of entries and snapshots share `raw`. What a message says is judged by `core::step`, not here.
/// Errors: `invalid_argument` for what `encode` never writes: malformed, unknown kinds, above the bounds.
[[nodiscard]] result<std::vector<message>> decode_messages(const shared_bytes& raw);

}  // namespace weft::cluster::raft
