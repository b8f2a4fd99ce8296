// What an orderer checks before it orders an envelope: the table of interop/06 §1, in its order, with its texts.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "ledger/channel/bundle.hpp"
#include "ledger/tx/envelope.hpp"

namespace weft::cluster {

/// common.Status numbers that Broadcast answers with.
inline constexpr int status_success = 200, status_bad_request = 400, status_forbidden = 403, status_not_found = 404,
                     status_not_implemented = 501, status_internal = 500, status_unavailable = 503;

/// "SERVICE_UNAVAILABLE" for 503; the number for one that is none of common.Status.
[[nodiscard]] std::string status_name(int status);

/// `status` 200: order it. Anything else is the answer to the client.
struct admission {
  int status = status_success;
  std::string info;
};

/// The channel an envelope names, or why it cannot be told.
[[nodiscard]] result<std::string> channel_of(const ledger::envelope& e);

/// Judges a normal envelope for a channel: rows 3 to 9. Pure; thread-safe. `now` decides about expired clients.
/// The orderer does not look into the transaction: no endorsement, no duplicate check. Updates of the configuration: config_admission.hpp.
[[nodiscard]] admission admit(const ledger::envelope& e, const ledger::channel_bundle& bundle, const crypto::verifier& verifier, timestamp now);
/// The same for several, in order, with their signatures verified together.
[[nodiscard]] std::vector<admission> admit(std::span<const ledger::envelope> envelopes, const ledger::channel_bundle& bundle,
                                           const crypto::verifier& verifier, timestamp now);

/// Rows 6 to 9, which every kind of message passes: not empty, not too large, canonical, signed by somebody who may write and has not expired.
[[nodiscard]] admission apply_filters(const ledger::envelope& e, const ledger::channel_bundle& bundle, const crypto::verifier& verifier, timestamp now);

/// True for what admit_update judges.
[[nodiscard]] bool is_config_update(const ledger::envelope& e);

}  // namespace weft::cluster
