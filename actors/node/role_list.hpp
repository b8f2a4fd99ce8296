// Which roles serve the members of a node.
#pragma once

#include "actors/membership/roles.hpp"
#include "actors/node/sites.hpp"
#include "actors/node/supervisor.hpp"

namespace weft::actors {

/// Makes the specs of all roles, in the order in which they start. Meters are shared by kind, and added to `meters`.
struct role_list {
  const config::topology& network;
  const node_sites& sites;
  const material& material_;
  const node_settings& settings;
  std::map<std::string, std::shared_ptr<role_meter>>& meters;

  [[nodiscard]] std::vector<role_spec> make();
  /// Those of one channel of one member.
  [[nodiscard]] std::vector<role_spec> of_channel(const std::shared_ptr<const peer_site>& site, const std::string& id);
  [[nodiscard]] std::vector<role_spec> of_channel(const std::shared_ptr<const orderer_site>& site, const std::string& id);

 private:
  std::shared_ptr<role_meter> meter(const std::string& kind);
  void add_peer(std::vector<role_spec>& out, const std::shared_ptr<const peer_site>& site);
  void add_orderer(std::vector<role_spec>& out, const std::shared_ptr<const orderer_site>& site);
  void add_membership(std::vector<role_spec>& out);
};

}  // namespace weft::actors
