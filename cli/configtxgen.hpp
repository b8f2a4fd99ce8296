// configtxgen, as Fabric has it: flags, messages, exit codes.
#pragma once

namespace weft::cli {

/// Does what the words behind the tool's name ask for. Reads configtx.yaml from -configPath or FABRIC_CFG_PATH, writes the files asked for,
/// JSON to stdout, its log to stderr. Returns Fabric's exit code: 0; 1 for what was refused; 2 for flags and for a document that cannot be read.
[[nodiscard]] int configtxgen(int argc, char** argv);

}  // namespace weft::cli
