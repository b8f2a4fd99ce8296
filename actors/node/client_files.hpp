// What clients need to find a network and to speak for its users, as files in its folder.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "config/base/result.hpp"
#include "config/topology/topology.hpp"

namespace weft::actors {

/// Writes, below `network` and from what it holds:
///   profiles/<domain>/connection.json, connection.yaml, env.sh   for each organization with peers
///   wallet/<user>@<domain>.id                                    for its Admin and User1…
/// Existing ones are replaced: addresses and the folder's place may have changed. `addresses` are those that members can be reached at; who is missing
/// there is left out. Nothing is written for an organization without peers there, or whose users' keys are not in this folder. Keys have mode 0600.
/// Errors: `io`, naming the file.
[[nodiscard]] result<void> write_client_files(const std::filesystem::path& network, const config::topology& t, const std::map<std::string, std::string>& addresses);

}  // namespace weft::actors
