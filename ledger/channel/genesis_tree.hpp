// The configuration tree of a genesis block, as configtxgen draws it. interop/02 §1, §7. For ledger/channel and ledger/profile.
#pragma once

#include "ledger/channel/genesis.hpp"

namespace weft::ledger {

/// Everything at version 0 and guarded by "Admins". Errors: `invalid_argument` with the path of the element at fault.
[[nodiscard]] result<::common::ConfigGroup> make_channel_group(const genesis_request& request);

/// The group of one organization as it stands among the orderers: what `configtxgen -printOrg` shows. Errors: as above.
[[nodiscard]] result<::common::ConfigGroup> make_org_group(const genesis_org& org);

/// Signatures that make a block of n BFT consenters valid: ceil((n+f+1)/2) with f = (n-1)/3 faulty ones.
[[nodiscard]] std::size_t bft_quorum(std::size_t n);

}  // namespace weft::ledger
