// What cscc and qscc share: a channel by name, and who may read it.
#pragma once

#include "chaincode/simulation/system_contract.hpp"
#include "chaincode/system/system.hpp"

namespace weft::chaincode {

/// Null when this peer has no such channel.
[[nodiscard]] std::shared_ptr<const ledger::channel_ledger> find_channel(const peer_channels& channels, const system_stub& s, const std::string& name);

/// The proposal's signature was verified with the creator that is judged here. Errors: `permission_denied`
/// "access denied for [GetChainInfo][mychannel]: …".
[[nodiscard]] result<void> check_acl(const ledger::channel_ledger& channel, std::string_view system_contract, const std::string& function, bytes_view creator);

}  // namespace weft::chaincode
