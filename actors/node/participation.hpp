// PARTICIPATION of a node: its members join channels while they run, and remember them.
#pragma once

#include <functional>

#include "actors/interfaces.hpp"
#include "actors/node/deployer.hpp"
#include "actors/node/material.hpp"
#include "actors/node/sites.hpp"
#include "actors/role_spec.hpp"

namespace weft::actors {

/// What the role works with; the node owns it and outlives the role.
struct node_parts {
  const config::topology& topology;
  const node_settings& settings;
  material_seams seams;
  const material& made;
  const node_sites& sites;
  directory_ptr where;
  std::map<std::string, std::shared_ptr<role_meter>>& meters;
  std::function<void(const std::string& channel, const std::string& text)> note;  ///< How the deployment on a channel goes (deployer.hpp).
};

/// What deploying contracts on a channel needs to know: the members of its organizations as the orderer's configuration has them now. Without
/// organizations when no peer of this node may take part.
[[nodiscard]] deployment make_deployment(const node_parts& parts, const std::string& channel, std::vector<config::contract_placement> contracts);

[[nodiscard]] role_spec participation_role(seat s, std::shared_ptr<const node_parts> parts, bool own_thread);

}  // namespace weft::actors
