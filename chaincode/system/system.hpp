// Contracts that belong to every peer: `_lifecycle`, cscc and qscc. A chaincode host finds them by name like any other. interop/04 §5.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "chaincode/contract/contract.hpp"

namespace weft::ledger {
class channel_ledger;
}

namespace weft::chaincode {

class package_store;

/// The channels of a peer. Functions may be empty: then only the proposal's own channel is known. Thread-safe, as contracts are.
struct peer_channels {
  std::function<std::shared_ptr<const ledger::channel_ledger>(std::string_view channel)> find;  ///< Null pointer for an unknown one.
  std::function<std::vector<std::string>()> names;
};

/// Installing, approving, committing and querying definitions; access is checked before (chaincode/endorsement). Arguments: function name,
/// pb(<Function>Args). Not found answers 404, everything else that fails 500. `channels`: where installed packages are looked for in use; none:
/// they are listed without.
[[nodiscard]] contract_ptr make_lifecycle_contract(std::shared_ptr<package_store> packages, peer_channels channels = {});
/// GetConfigBlock CHANNEL, GetChannelConfig CHANNEL, GetChannels. Checks the named channel's ACL for the proposal's creator.
[[nodiscard]] contract_ptr make_cscc(peer_channels channels = {});
/// GetChainInfo CHANNEL, GetBlockByNumber CHANNEL N, GetBlockByHash CHANNEL HASH, GetTransactionByID CHANNEL TXID, GetBlockByTxID CHANNEL TXID.
/// Checks the named channel's ACL for the proposal's creator. A peer's slots 2 and 4 are part of the blocks.
[[nodiscard]] contract_ptr make_qscc(peer_channels channels = {});

}  // namespace weft::chaincode
