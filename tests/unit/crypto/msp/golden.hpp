// What the golden network holds: its MSP definitions and the identities that signed its blocks.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "crypto/msp/msp.hpp"
#include "msp/msp_config.pb.h"

namespace weft::crypto::test {

[[nodiscard]] bytes read_golden(const std::filesystem::path& relative);
/// Every MSP definition in a genesis block, by MSP id.
[[nodiscard]] std::map<std::string, ::msp::FabricMSPConfig> msp_definitions(const std::filesystem::path& genesis_block);
/// pb(SerializedIdentity) of every creator, endorser and block signer of one block.
[[nodiscard]] std::vector<bytes> signers_of_block(const std::filesystem::path& block);
/// The MSPs of a golden genesis block at the level of their channel.
[[nodiscard]] std::shared_ptr<const msp_manager> golden_manager(const std::filesystem::path& genesis_block, msp_level level);

}  // namespace weft::crypto::test
