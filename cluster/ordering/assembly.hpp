// Turns a batch into a block: links it to the one before and puts an orderer's metadata and signature on it. interop/01 §9, 06 §2.
#pragma once

#include <vector>

#include "config/base/random.hpp"
#include "crypto/msp/msp.hpp"
#include "ledger/block/block.hpp"

namespace weft::cluster {

/// The end of a chain, as far as the next block needs it.
struct chain_tip {
  block_number next;            ///< Number of the next block.
  bytes last_hash;              ///< Hash of the block before; empty before genesis.
  block_number last_config;     ///< Number of the last config block.
};

/// Builds the next block, unsigned, and moves the tip behind it. A config transaction must come alone.
[[nodiscard]] ledger::block assemble(chain_tip& tip, std::vector<ledger::envelope> envelopes);

/// Fills slots 0 and 1: last config, consenter metadata (the value of its pb(Metadata); empty: none), and this orderer's signature over value ‖ signature header ‖ header.
/// Errors: `internal` when signing fails.
[[nodiscard]] result<void> sign_block(ledger::block& b, block_number last_config, bytes_view consenter_metadata,
                                      const crypto::signing_identity& orderer, random_source& random, const crypto::verifier& verifier);

/// The tip behind a stored block. Errors: `invalid_argument` when its metadata do not parse.
[[nodiscard]] result<chain_tip> tip_after(const ledger::block& last);

}  // namespace weft::cluster
