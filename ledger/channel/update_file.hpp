// Configuration updates as people keep them in files, and what is added to them: signatures, and the envelope around. interop/02 §3.
#pragma once

#include <string>
#include <vector>

#include "config/base/random.hpp"
#include "crypto/msp/msp.hpp"
#include "ledger/tx/envelope.hpp"

namespace weft::ledger {

/// An update on its way to an orderer.
struct update_document {
  std::string channel_id;
  bytes envelope;                    ///< pb(ConfigUpdateEnvelope); the bytes of the update in it are those of the file.
  std::vector<bytes> signers;        ///< pb(SerializedIdentity) of each signature, in order. Nothing is verified here.
};

/// Reads pb(Envelope) with a CONFIG_UPDATE, as configtxlator and `peer channel signconfigtx` leave it, pb(ConfigUpdateEnvelope), or a bare
/// pb(ConfigUpdate), as compute_update makes it. Errors: `invalid_argument` that says what the bytes seem to be instead, and what to do with them.
[[nodiscard]] result<update_document> read_update(bytes_view file);

/// Adds a signature; nothing happens when `who` has signed before.
[[nodiscard]] result<void> sign_update(update_document& update, const crypto::signing_identity& who, random_source& random);

/// The CONFIG_UPDATE envelope that `submitter` sends, signed.
[[nodiscard]] result<envelope> wrap_update(const update_document& update, const crypto::signing_identity& submitter, random_source& random, timestamp now);

}  // namespace weft::ledger
