// What an endorser checks before it runs anything: the table of interop/04 §1, in its order, with its texts.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "config/base/clock.hpp"
#include "ledger/channel/bundle.hpp"
#include "ledger/tx/envelope.hpp"

namespace weft::chaincode {

/// Why a proposal is not run. Fabric answers some refusals as a gRPC error and some as a response with status 500.
struct proposal_refusal {
  bool as_response = false;
  std::string text;
};

/// What a proposal is judged by. Borrowed for the call.
struct proposal_rules {
  const ledger::channel_bundle& bundle;
  const crypto::verifier& verifier;
  std::string_view local_msp_id;  ///< Whose admins may approve and install here.
  timestamp now;
  /// True when the ledger holds a transaction of that id. Errors are passed on as a refusal.
  std::function<result<bool>(std::string_view tx_id)> seen;
};

/// Nothing when the proposal may run. Pure; thread-safe.
[[nodiscard]] std::optional<proposal_refusal> check_proposal(const ledger::proposal& p, const proposal_rules& rules);

/// The same for a proposal that names no channel (joining one, asking which there are): judged by the rules of the peer's own organization. Gives who
/// asks. What the function demands of them is not checked.
[[nodiscard]] tl::expected<crypto::identity_ptr, proposal_refusal> check_channelless_proposal(const ledger::proposal& p, const crypto::msp& local,
                                                                                             const crypto::verifier& verifier, timestamp now);

/// Why somebody may not do what is left to administrators of the peer's own organization, in Fabric's words; empty when they may.
[[nodiscard]] std::string not_local_admin(const crypto::identity& who, std::string_view local_msp_id);

}  // namespace weft::chaincode
