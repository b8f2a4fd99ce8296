#include "cluster/consenter/following.hpp"

#include <algorithm>

namespace weft::cluster {

bool store_is_ahead(const chain_start& start, const raft::log_storage& log) { return start.newest_entry > std::max(log.last_index(), start.followed); }

std::optional<raft::log_index> note_before_following(const chain_start& start, const raft::log_storage& log) {
  if (start.followed == raft::still_following || store_is_ahead(start, log)) return std::nullopt;
  return raft::still_following;
}

std::optional<raft::log_index> note_before_opening(const chain_start& start) {
  if (start.followed != raft::still_following) return std::nullopt;
  return start.newest_entry;
}

}  // namespace weft::cluster
