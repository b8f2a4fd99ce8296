// config.yaml of an MSP folder: which organizational units make a client, a peer, an admin, an orderer. interop/03 §1.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "config/base/bytes.hpp"
#include "config/base/result.hpp"

namespace msp {
class FabricMSPConfig;
}

namespace weft::crypto {

/// Gives a file that the document names, by its path in the MSP folder.
using msp_file_reader = std::function<result<bytes>(const std::string& path)>;

/// Puts what the document says into `config`. Keys that we do not know are passed over, as Fabric does; a certificate that cannot be read does
/// not restrict a role, and is an error where a unit is required of every member. Any text is read to its end within config/yaml's bounds.
/// Errors: `invalid_argument` with every problem on a line of its own, by `name`, line and path; those of `file`.
[[nodiscard]] result<void> read_units_file(std::string_view yaml, std::string_view name, const msp_file_reader& file, ::msp::FabricMSPConfig& config);

}  // namespace weft::crypto
