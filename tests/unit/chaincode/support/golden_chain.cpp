#include "tests/unit/chaincode/support/golden_chain.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <iterator>
#include <map>

#include "crypto/msp/msp.hpp"
#include "ledger/state/apply.hpp"
#include "ledger/store/kv.hpp"
#include "peer/proposal.pb.h"
#include "peer/proposal_response.pb.h"
#include "proto/encode.hpp"
#include "proto/wire.hpp"
#include "proto/wire_write.hpp"

namespace weft::chaincode::testing {

using ledger::metadata_slot;

bytes read_golden(const std::string& path) {
  std::ifstream in(std::string(WEFT_GOLDEN_DIR) + "/" + path, std::ios::binary);
  REQUIRE_MESSAGE(in.good(), path);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

const ledger::block& golden_block(std::uint64_t number) {
  static std::map<std::uint64_t, ledger::block> blocks;
  auto& b = blocks[number];
  if (!b) {
    const auto path = number == 0 ? std::string("config/mychannel.genesis.block") : "blocks/mychannel." + std::to_string(number) + ".block";
    b = ledger::block::parse(shared_bytes(read_golden(path))).value();
  }
  return b;
}

std::shared_ptr<const ledger::channel_bundle> golden_bundle() {
  static const auto bundle = ledger::channel_bundle::from_block(golden_block(0)).value();
  return bundle;
}

golden_state::golden_state() : store_(ledger::open_state_store(ledger::make_memory_kv()).value()) {}

void golden_state::advance_to(std::uint64_t height) {
  while (store_->height().value < height) {
    const auto& b = golden_block(store_->height().value);
    const auto view = store_->view();
    ledger::state_batch batch;
    if (b.number().value > 0) batch = ledger::updates_of(b, b.metadata(metadata_slot::transactions_filter), *view).value();
    for (const auto& writes : privates_) REQUIRE(ledger::apply_private_writes(batch, writes, ledger::pending_state(batch, *view)));
    privates_.clear();
    REQUIRE(store_->apply(b.number(), batch));
  }
}

golden_tx golden_transaction(std::uint64_t block, std::size_t index) {
  golden_tx out;
  out.envelope = golden_block(block).envelopes().at(index);
  auto parsed = ledger::parse_endorser_tx(out.envelope);
  REQUIRE(parsed);
  out.parsed = std::move(*parsed);
  std::string_view header;
  REQUIRE(proto::find_bytes(out.envelope.payload(), 1, header) == proto::wire_status::found);
  bytes proposal;
  proto::put_bytes(proposal, 1, header);
  proto::put_bytes(proposal, 2, out.parsed.chaincode_proposal_payload);
  out.proposal = ledger::parse_signed_proposal(ledger::make_signed_proposal(proposal, "not judged here")).value();
  ::protos::ProposalResponsePayload payload;
  ::protos::ChaincodeAction action;
  REQUIRE(proto::decode(out.parsed.proposal_response_payload, payload));
  REQUIRE(proto::decode(payload.extension(), action));
  out.answer = {action.response().status(), action.response().message(), action.response().payload()};
  return out;
}

ledger::proposal make_test_proposal(const std::string& contract, std::vector<bytes> args, bool is_init,
                                    std::vector<std::pair<std::string, bytes>> transient_map) {
  static const bytes creator =
      crypto::serialize_identity("Org1MSP", read_golden("crypto/peerOrganizations/org1.example.com/users/User1@org1.example.com/msp/signcerts/User1@org1.example.com-cert.pem"));
  const auto p = ledger::make_proposal({"mychannel", contract, std::move(args), std::move(transient_map), is_init}, creator, "nonce",
                                       timestamp{std::chrono::seconds{1'790'000'000}});
  return ledger::parse_signed_proposal(ledger::make_signed_proposal(p.proposal_bytes, "not judged here")).value();
}

}  // namespace weft::chaincode::testing
