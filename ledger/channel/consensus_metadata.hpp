// ConsensusType.metadata: what raft and BFT channels say about their consenters. interop/02 §7.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/base/bytes.hpp"
#include "config/configtx/consensus.hpp"
#include "ledger/channel/bundle.hpp"

namespace weft::ledger {

/// Consenters that a raft channel may have. Fabric has no bound; a group of more voters would never be faster than its slowest half.
inline constexpr int raft_consenters_max = 255;

/// Reads pb(etcdraft.ConfigMetadata) and checks what can be checked without a clock and without the channel's organizations: options that a
/// consenter can run by, at least one consenter, certificates that are certificates, nobody listed twice.
/// Errors: `invalid_argument` with Fabric's text.
[[nodiscard]] result<raft_settings> read_raft_metadata(bytes_view metadata);

/// pb(etcdraft.ConfigMetadata) and pb(orderer.smartbft.Options).
[[nodiscard]] bytes encode_raft_metadata(const std::vector<raft_consenter>& consenters, const config::raft_options& options);
[[nodiscard]] bytes encode_smartbft_options(const config::smartbft_options& options);

}  // namespace weft::ledger
