// Contracts for Node as they come in packages of source code: unpacked, and started as services.
#pragma once

#include <filesystem>

#include "config/base/bytes.hpp"

namespace weft::chaincode {

/// The type of packages that hold a Node contract's source code.
inline constexpr std::string_view node_type = "node";

/// Puts the package's files into `folder`/src and a script beside them that installs what its package.json names, once, and then runs the contract as a service
/// (service_environment() says where). Returns the script's path, an executable for plan_launch(). What is there already stays as it is.
/// Errors: `invalid_argument` for a package without src/package.json or one that is malformed; `io`.
[[nodiscard]] result<std::filesystem::path> unpack_node_source(bytes_view code_tar_gz, const std::filesystem::path& folder);

}  // namespace weft::chaincode
