// Chaincode packages: a .tar.gz of metadata.json and code.tar.gz, named by label and digest. interop/05 §4.
#pragma once

#include <string>

#include "config/base/bytes.hpp"

namespace weft::chaincode {

/// Larger packages, compressed or not, are refused.
inline constexpr std::size_t package_bytes_max = 64 * MiB;

/// The type of packages whose contract is compiled into weft; `path` names the contract.
inline constexpr std::string_view native_type = "native";

struct chaincode_package {
  std::string path, type, label;  ///< From metadata.json.
  bytes code;                     ///< code.tar.gz, as it lies in the package.
};

/// Takes a package apart. Entries that are no regular file, and files of other names, are passed over.
/// Errors: `invalid_argument` that says what is missing, malformed or too large.
[[nodiscard]] result<chaincode_package> parse_package(bytes_view package_tar_gz);

/// label ":" hex(SHA-256(whole package)).
[[nodiscard]] std::string package_id(std::string_view label, bytes_view package_tar_gz);

/// The package of a contract that is compiled in. The same bytes for the same name and label, in every build: nothing is compressed,
/// dates are zero. Requires a label as Fabric wants it.
[[nodiscard]] bytes make_native_package(std::string_view contract, std::string_view label);

/// ^[[:alnum:]][[:alnum:]_.+-]*$
[[nodiscard]] bool valid_label(std::string_view label);

}  // namespace weft::chaincode
