// Block signatures under the golden channels' policies: nobody else's blocks pass.
#include <set>

#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/golden.hpp"

using namespace weft;
using namespace weft::fuzz;

namespace {

std::vector<bytes> seeds() {
  std::vector<bytes> out;
  for (const auto& path : golden_paths("blocks", ".block")) out.push_back(golden_file(path));
  return out;
}

bool is_golden(const bytes& hash) {
  static const auto known = [] {
    std::set<bytes> out;
    for (const auto& raw : golden_blocks()) out.insert(ledger::block::parse(shared_bytes(raw))->hash());
    return out;
  }();
  return known.contains(hash);
}

int fuzz_one(const std::uint8_t* data, std::size_t size) {
  const auto b = ledger::block::parse(shared_bytes(bytes(view(data, size))));
  if (!b) return 0;
  for (const auto& bundle : {golden_world().raft, golden_world().bft}) {
    const auto ok = ledger::check_block_signatures(*b, *bundle, *golden_world().verifier);
    if (ok) FUZZ_CHECK(is_golden(b->hash()));
    else FUZZ_CHECK(!ok.error().context.empty());
  }
  return 0;
}

}  // namespace

WEFT_FUZZ_TARGET(block_signatures, 8'000);
