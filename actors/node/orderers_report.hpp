// What the orderers of a node know of their channels, for status here and at other nodes.
#pragma once

#include <memory>
#include <vector>

#include "actors/site.hpp"

namespace weft::control {
class OrdererHeight;
}

namespace weft::actors {

/// The orderer's height in a channel, and on a raft channel what its consenter knows of the group.
void describe(const orderer_site& orderer, const orderer_channel& held, ::weft::control::OrdererHeight& out);

/// All channels of these orderers: pb(weft.control.OrderersReport). Thread-safe, as the sites are.
[[nodiscard]] bytes orderers_report(const std::vector<std::shared_ptr<const orderer_site>>& orderers);

}  // namespace weft::actors
