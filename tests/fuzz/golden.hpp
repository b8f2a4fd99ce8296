// The golden files as fuzz targets use them: as bytes, and as the world that inputs are judged in.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/base/bytes.hpp"
#include "crypto/msp/msp.hpp"
#include "ledger/block/block.hpp"
#include "ledger/channel/bundle.hpp"

namespace weft::fuzz {

/// A golden file; stops the process when it is not there.
[[nodiscard]] bytes golden_file(const std::string& path);
/// Paths, relative to the golden folder, of all files below `folder` whose names end so; sorted.
[[nodiscard]] std::vector<std::string> golden_paths(const std::string& folder, const std::string& ending);
/// Every golden block as it lies there.
[[nodiscard]] const std::vector<bytes>& golden_blocks();
/// Every envelope of every golden block, and the one that the gateway's client signed.
[[nodiscard]] const std::vector<ledger::envelope>& golden_envelopes();
/// Every certificate of the golden organizations, PEM.
[[nodiscard]] const std::vector<bytes>& golden_certificates();
/// pb(SerializedIdentity) of every certificate that signs, under the right MSP id.
[[nodiscard]] const std::vector<bytes>& golden_identities();
/// pb(SignedProposal), with and without transient data.
[[nodiscard]] const std::vector<bytes>& golden_proposals();
/// User1 of Org1, with RFC 6979 nonces.
[[nodiscard]] const crypto::signing_identity& golden_user();

/// What inputs are judged by. Made once; immutable.
struct world {
  std::shared_ptr<const ledger::channel_bundle> raft;  ///< mychannel's genesis
  std::shared_ptr<const ledger::channel_bundle> bft;   ///< bftchannel's genesis
  std::shared_ptr<const crypto::verifier> verifier;
};
[[nodiscard]] const world& golden_world();

}  // namespace weft::fuzz
