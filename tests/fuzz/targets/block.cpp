// Blocks: parsing, writing, links, signatures, and the index of the last configuration.
#include "common/common.pb.h"
#include "proto/encode.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/golden.hpp"

using namespace weft;
using namespace weft::fuzz;

namespace {

/// Requires: nothing in front of the content, so `a` and `b` may come from different bytes.
bool same(const ledger::block& a, const ledger::block& b) {
  if (a.header() != b.header() || a.hash() != b.hash() || a.metadata() != b.metadata() || a.envelopes().size() != b.envelopes().size()) return false;
  for (std::size_t i = 0; i < a.envelopes().size(); ++i)
    if (a.envelopes()[i].raw() != b.envelopes()[i].raw()) return false;
  return true;
}

void check_against_protobuf(const ledger::block& b, bytes_view raw) {
  ::common::Block wire;
  FUZZ_CHECK(proto::decode(raw, wire) && wire.has_header());
  FUZZ_CHECK(wire.header().number() == b.number().value && wire.header().previous_hash() == b.header().previous_hash &&
             wire.header().data_hash() == b.header().data_hash);
  FUZZ_CHECK(static_cast<std::size_t>(wire.data().data_size()) == b.envelopes().size());
  for (int i = 0; i < wire.data().data_size(); ++i) FUZZ_CHECK(wire.data().data(i) == b.envelopes()[static_cast<std::size_t>(i)].raw().view());
  FUZZ_CHECK(static_cast<std::size_t>(wire.metadata().metadata_size()) == b.slots_seen());
}

void check_links(const ledger::block& b) {
  const auto strict = ledger::check_links(b, b.number(), b.header().previous_hash);
  const auto loose = ledger::check_links(b, b.number(), b.header().previous_hash, false);
  if (strict) FUZZ_CHECK(loose && b.slots_seen() >= ledger::metadata_slots);
  if (!loose) return;
  FUZZ_CHECK(!b.envelopes().empty() && ledger::compute_data_hash(b.envelopes()) == b.header().data_hash);
  FUZZ_CHECK(!ledger::check_links(b, b.number().next(), b.header().previous_hash, false));
  FUZZ_CHECK(!ledger::check_links(b, b.number(), b.header().previous_hash + "x", false));
}

void check_metadata(const ledger::block& b) {
  (void)ledger::last_config_index(b);
  const auto signatures = ledger::block_signatures(b);
  if (!signatures) return;
  const auto header = ledger::header_bytes(b.header());
  for (const auto& s : *signatures) FUZZ_CHECK(bytes_view(s.signed_bytes).ends_with(header) && (!s.by_consenter_id || s.identity.empty()));
}

int fuzz_one(const std::uint8_t* data, std::size_t size) {
  const auto raw = view(data, size);
  const auto b = ledger::block::parse(shared_bytes(bytes(raw)));
  if (!b) return 0;
  check_against_protobuf(*b, raw);
  const auto encoded = b->encode();
  const auto again = ledger::block::parse(shared_bytes(encoded));
  FUZZ_CHECK(again && same(*b, *again) && again->encode() == encoded && again->slots_seen() == ledger::metadata_slots);
  const auto delivered = ledger::block::parse(shared_bytes(b->without_peer_metadata().encode()));
  FUZZ_CHECK(delivered && delivered->hash() == b->hash() && delivered->metadata(ledger::metadata_slot::transactions_filter).empty());
  check_links(*b);
  check_metadata(*b);
  for (const auto& e : b->envelopes()) (void)e.header_code();
  return 0;
}

std::vector<bytes> seeds() { return golden_blocks(); }

}  // namespace

WEFT_FUZZ_TARGET(block, 40'000);
