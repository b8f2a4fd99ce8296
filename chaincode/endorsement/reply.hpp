// An endorser's answers, as pb(ProposalResponse). interop/01 §7, interop/04 §1.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "chaincode/simulation/simulation.hpp"
#include "crypto/msp/msp.hpp"

namespace weft::chaincode {

/// A failure before or during execution: status 500 and a text, nothing endorsed.
[[nodiscard]] bytes failed_response(std::string_view message, std::int32_t status = 500);

/// A contract's answer alone, whatever its status, endorsed by nobody: for proposals without a channel, and for queries.
[[nodiscard]] bytes plain_response(const response& answer);

/// Endorses what a simulation gave: signs payload ‖ endorser. An answer with 400 ≤ status < 500 is returned bare, one with status ≥ 500 with its
/// payload, both unsigned. Errors: `internal` when signing fails.
[[nodiscard]] result<bytes> endorsed_response(const ledger::proposal& p, const simulation_result& r, const crypto::signing_identity& endorser,
                                              const crypto::verifier& verifier);

/// What a gateway needs of a response.
struct endorsement_view {
  std::int32_t status = 0;
  std::string message;
  bytes payload;                ///< pb(ProposalResponsePayload)
  bytes answer;                 ///< pb(protos.Response) of the contract; its payload taken from the ChaincodeAction when there is one
  std::vector<std::string> namespaces;             ///< Other contracts whose policies count (from `interest`).
  std::vector<bytes> key_policies;                 ///< Policies of written keys: pb(SignaturePolicyEnvelope)
  bool endorsed = false;
};
[[nodiscard]] result<endorsement_view> parse_response(bytes_view proposal_response);

}  // namespace weft::chaincode
