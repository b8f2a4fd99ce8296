// From a topology with several nodes to a folder for each: what one host needs, and nothing that is another's.
#pragma once

#include "actors/node/material.hpp"
#include "actors/remoting/remoting.hpp"

namespace weft::actors {

/// `<out>/operator` holds everything: all keys, the authorities of the organizations and of the nodes. `<out>/<node>` holds the topology, the genesis
/// blocks, every organization's public definition, the TLS certificates of all orderers, the keys of that node's members, the administrators of organizations whose first peer lives
/// there (they approve contracts), and the node's certificate for the tunnel.
/// Errors: `already_exists` when `out` is there and not empty; `invalid_argument` for a topology with one node; those of the material.
[[nodiscard]] result<void> lay_out_nodes(const std::filesystem::path& out, const config::topology& t, const material_seams& seams,
                                         const std::function<void(const std::string&, const std::string&)>& progress);

/// How the node of that folder finds and recognizes the others. Errors: `io`.
[[nodiscard]] result<remoting::settings> read_link_settings(const std::filesystem::path& folder, const config::topology& t, const config::node& self);

}  // namespace weft::actors
