// Whole transactions up to the point where the state is needed: only payloads that golden clients signed come through.
#include <set>

#include "ledger/validation/validator.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/golden.hpp"

using namespace weft;
using namespace weft::fuzz;

namespace {

bool is_golden(bytes_view payload) {
  static const auto known = [] {
    std::set<bytes, std::less<>> out;
    for (const auto& e : golden_envelopes()) out.emplace(e.payload());
    return out;
  }();
  return known.contains(payload);
}

int fuzz_one(const std::uint8_t* data, std::size_t size) {
  const auto e = ledger::envelope::keep(shared_bytes(bytes(view(data, size))));
  const auto& world = golden_world();
  for (const auto& bundle : {world.raft, world.bft}) {
    const auto tx = ledger::prepare(e, *bundle, *world.verifier);
    if (tx.code != ledger::verdict::valid) {
      FUZZ_CHECK(!tx.why.empty() && !ledger::to_string(tx.code).empty());
      continue;
    }
    FUZZ_CHECK(is_golden(e.payload()));
    FUZZ_CHECK(tx.signers.size() + tx.dropped.size() <= tx.tx.endorsements.size());
  }
  return 0;
}

std::vector<bytes> seeds() {
  std::vector<bytes> out;
  for (const auto& e : golden_envelopes()) out.push_back(e.raw().to_bytes());
  return out;
}

}  // namespace

WEFT_FUZZ_TARGET(transaction, 25'000);
