// Signed proposals, and what an endorser checks of them: only the golden ones may run, whatever is done to them.
#include <algorithm>

#include "chaincode/endorsement/proposal_check.hpp"
#include "peer/proposal.pb.h"
#include "proto/encode.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/golden.hpp"

using namespace weft;
using namespace weft::fuzz;

namespace {

std::vector<bytes> seeds() { return golden_proposals(); }

bool is_golden(bytes_view proposal_bytes) {
  static const auto known = [] {
    std::vector<bytes> out;
    for (const auto& seed : seeds()) out.push_back(ledger::parse_signed_proposal(seed)->raw.to_bytes());
    return out;
  }();
  return std::find(known.begin(), known.end(), proposal_bytes) != known.end();
}

timestamp golden_time() {
  static const auto time = ledger::parse_signed_proposal(golden_proposals().front())->header.time;
  return time;
}

void check_round_trip(const ledger::proposal& p, bytes_view raw) {
  ::protos::SignedProposal wire;
  FUZZ_CHECK(proto::decode(raw, wire) && wire.proposal_bytes() == p.raw.view() && wire.signature() == p.signature);
  const auto again = ledger::parse_signed_proposal(ledger::make_signed_proposal(p.raw, p.signature));
  FUZZ_CHECK(again && again->chaincode_name == p.chaincode_name && again->args == p.args && again->transient_map == p.transient_map);
  FUZZ_CHECK(std::is_sorted(p.transient_map.begin(), p.transient_map.end(), [](const auto& a, const auto& b) { return a.first < b.first; }));
  FUZZ_CHECK(ledger::proposal_hash(p.header, p.input) == ledger::proposal_hash(again->header, again->input));
}

int fuzz_one(const std::uint8_t* data, std::size_t size) {
  const auto raw = view(data, size);
  const auto p = ledger::parse_signed_proposal(raw);
  if (!p) {
    FUZZ_CHECK(!p.error().context.empty());
    return 0;
  }
  check_round_trip(*p, raw);
  const auto& world = golden_world();
  const chaincode::proposal_rules rules{*world.raft, *world.verifier, "Org1MSP", golden_time(), [](std::string_view) -> result<bool> { return false; }};
  const auto refusal = chaincode::check_proposal(*p, rules);
  if (refusal) FUZZ_CHECK(!refusal->text.empty());
  else FUZZ_CHECK(is_golden(p->raw));
  return 0;
}

}  // namespace

WEFT_FUZZ_TARGET(proposal, 150'000);
