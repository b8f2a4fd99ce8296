// Read/write sets, public and private: what was read can be written, and reads the same again.
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/golden.hpp"

using namespace weft;
using namespace weft::fuzz;

namespace {

int fuzz_one(const std::uint8_t* data, std::size_t size) {
  const auto raw = view(data, size);
  if (const auto sets = ledger::rwset::parse(raw)) {
    const auto encoded = sets->encode();
    const auto again = ledger::rwset::parse(encoded);
    FUZZ_CHECK(again && *again == *sets && again->encode() == encoded);
    for (const auto& ns : sets->namespaces) (void)ns.writes_anything();
  }
  if (const auto writes = ledger::private_writes::parse("ns", "collection", raw)) {
    const auto again = ledger::private_writes::parse("ns", "collection", writes->encode());
    FUZZ_CHECK(again && again->writes == writes->writes && again->metadata_writes == writes->metadata_writes);
  }
  return 0;
}

std::vector<bytes> seeds() {
  std::vector<bytes> out;
  for (const auto& e : golden_envelopes())
    if (const auto tx = ledger::parse_endorser_tx(e)) {
      out.emplace_back(tx->results);
      for (const auto& ns : tx->sets.namespaces) {
        const auto inner = ledger::private_writes{ns.name, {}, ns.writes, ns.metadata_writes}.encode();
        if (!inner.empty()) out.push_back(inner);
      }
    }
  return out;
}

}  // namespace

WEFT_FUZZ_TARGET(rwset, 250'000);
