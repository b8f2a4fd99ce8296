// ConsensusType.metadata: what raft and BFT channels say about their consenters. interop/02 §7.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/base/bytes.hpp"
#include "config/configtx/consensus.hpp"

namespace weft::ledger {

struct raft_consenter {
  std::string host;
  std::uint32_t port = 0;
  bytes client_tls_cert, server_tls_cert;  ///< PEM, as the files hold it.
};

/// pb(etcdraft.ConfigMetadata) and pb(orderer.smartbft.Options).
[[nodiscard]] bytes encode_raft_metadata(const std::vector<raft_consenter>& consenters, const config::raft_options& options);
[[nodiscard]] bytes encode_smartbft_options(const config::smartbft_options& options);

}  // namespace weft::ledger
