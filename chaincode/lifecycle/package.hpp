// Chaincode packages: a .tar.gz of metadata.json and code.tar.gz, named by label and digest. interop/05 §4.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "chaincode/lifecycle/connection.hpp"
#include "config/base/bytes.hpp"

namespace weft::chaincode {

/// Larger packages, compressed or not, are refused; so are larger code packages inside.
inline constexpr std::size_t package_bytes_max = 64 * MiB;

/// The type of packages whose contract is compiled into weft; `path` names the contract.
inline constexpr std::string_view native_type = "native";
/// The type of packages whose contract runs as a service: their code.tar.gz holds connection.json.
inline constexpr std::string_view service_type = "ccaas";

struct chaincode_package {
  std::string path, type, label;  ///< From metadata.json.
  bytes code;                     ///< code.tar.gz, as it lies in the package.
};

/// Takes a package apart. Entries that are no regular file, and files of other names, are passed over.
/// Errors: `invalid_argument` that says what is missing, malformed or too large.
[[nodiscard]] result<chaincode_package> parse_package(bytes_view package_tar_gz);

/// Values of the templates in a connection.json, by name: {{.peername}} stands for that of "peername".
using template_values = std::map<std::string, std::string, std::less<>>;

/// "peername" is the peer's name, unless `config` says otherwise: the JSON object of texts that Fabric's builder for services finds in the
/// environment variable CHAINCODE_AS_A_SERVICE_BUILDER_CONFIG. Null or no object: passed over.
[[nodiscard]] template_values builder_values(std::string_view peer, const char* config);

/// Where the service of a package is, as connection.json in its code.tar.gz says; nothing when there is no such file, as in packages of source
/// code. `values` are put for templates in the address and, with TLS, in the PEM texts, as Fabric's builder for services does it.
/// Errors: `invalid_argument` for a code package that cannot be read, a connection.json as parse_connection refuses it, a template without value.
[[nodiscard]] result<std::optional<connection>> service_of(const chaincode_package& p, const template_values& values);

/// label ":" hex(SHA-256(whole package)).
[[nodiscard]] std::string package_id(std::string_view label, bytes_view package_tar_gz);

/// The package of a contract that is compiled in. The same bytes for the same name and label, in every build: nothing is compressed,
/// dates are zero. Requires a label as Fabric wants it.
[[nodiscard]] bytes make_native_package(std::string_view contract, std::string_view label);
/// The package of a contract that runs as a service, of type ccaas; as deterministic. Fabric's peers take it too.
[[nodiscard]] bytes make_service_package(const connection& c, std::string_view label);

/// ^[[:alnum:]][[:alnum:]_.+-]*$
[[nodiscard]] bool valid_label(std::string_view label);

}  // namespace weft::chaincode
