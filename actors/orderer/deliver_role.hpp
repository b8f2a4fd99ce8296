// DELIVER of a member that orders: it says, too, when it is no good source.
#pragma once

#include "actors/orderer/roles.hpp"

namespace weft::actors {

/// Why a channel's consenter cannot order, when it lacks a quorum; else empty.
using find_trouble_fn = std::function<std::string(const std::string& channel)>;
[[nodiscard]] role_spec deliver_role(seat s, std::shared_ptr<const site> where, find_source_fn find, find_trouble_fn trouble);

}  // namespace weft::actors
