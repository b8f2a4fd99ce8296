// Endorsers' answers as a gateway reads them, and transactions made of them.
#include "chaincode/endorsement/reply.hpp"
#include "peer/proposal_response.pb.h"
#include "proto/encode.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/golden.hpp"

using namespace weft;
using namespace weft::fuzz;

namespace {

int fuzz_one(const std::uint8_t* data, std::size_t size) {
  const auto raw = view(data, size);
  const auto seen = chaincode::parse_response(raw);
  static const auto proposal = *ledger::parse_signed_proposal(golden_proposals().front());
  const auto payload = ledger::make_transaction_payload(proposal, {bytes(raw)});
  if (!seen) {
    FUZZ_CHECK(!seen.error().context.empty());
    return 0;
  }
  ::protos::Response answer;
  FUZZ_CHECK(proto::decode(seen->answer, answer));
  FUZZ_CHECK(chaincode::parse_response(chaincode::failed_response(seen->message, seen->status))->message == seen->message);
  if (payload) {
    FUZZ_CHECK(seen->status >= 200 && seen->status < 400);
    const auto made = ledger::envelope::make(*payload, "signature");
    FUZZ_CHECK(made.header().has_value() && made.header()->tx_id == proposal.header.tx_id);
    (void)ledger::parse_endorser_tx(made);
  }
  return 0;
}

std::vector<bytes> seeds() {
  std::vector<bytes> out{chaincode::failed_response("no such key")};
  for (const auto& e : golden_envelopes()) {
    const auto tx = ledger::parse_endorser_tx(e);
    if (!tx || tx->endorsements.empty()) continue;
    ::protos::ProposalResponse response;
    response.set_version(1);
    response.mutable_response()->set_status(200);
    response.mutable_response()->set_message("OK");
    response.set_payload(bytes(tx->proposal_response_payload));
    response.mutable_endorsement()->set_endorser(bytes(tx->endorsements.front().endorser));
    response.mutable_endorsement()->set_signature(bytes(tx->endorsements.front().signature));
    response.mutable_interest()->add_chaincodes()->set_name(tx->chaincode_name);
    out.push_back(proto::encode(response));
  }
  return out;
}

}  // namespace

WEFT_FUZZ_TARGET(response, 150'000);
