// Which contracts of which channels run with a package: committed definitions that the own organization approved with it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "chaincode/system/system.hpp"

namespace weft::chaincode {

struct contract_reference {
  std::string name, version;
};
/// Package id → channel → contracts, by name. Packages that nothing refers to have no entry.
using package_references = std::map<std::string, std::map<std::string, std::vector<contract_reference>>>;

/// Looks at all channels of this peer as they are now. Errors: `io`, `corruption`.
[[nodiscard]] result<package_references> find_references(const peer_channels& channels, const std::string& msp_id, const std::vector<std::string>& package_ids);

}  // namespace weft::chaincode
