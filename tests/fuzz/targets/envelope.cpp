// Envelopes, their headers and the endorser transaction inside. What we read must be what libprotobuf reads.
#include "common/common.pb.h"
#include "proto/encode.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/golden.hpp"

using namespace weft;
using namespace weft::fuzz;

namespace {

void check_headers(const ledger::envelope& e) {
  const auto& h = e.header();
  FUZZ_CHECK(h.has_value() == (e.header_code() == 0));
  ::common::Payload payload;
  ::common::ChannelHeader channel;
  ::common::SignatureHeader signature;
  if (!h) {
    FUZZ_CHECK(!h.error().context.empty());
    return;
  }
  FUZZ_CHECK(proto::decode(e.payload(), payload) && payload.has_header());
  FUZZ_CHECK(proto::decode(payload.header().channel_header(), channel) && proto::decode(payload.header().signature_header(), signature));
  FUZZ_CHECK(e.data() == payload.data());
  FUZZ_CHECK(h->channel_header == payload.header().channel_header() && h->signature_header == payload.header().signature_header());
  FUZZ_CHECK(h->type == channel.type() && h->epoch == static_cast<std::int64_t>(channel.epoch()) && h->has_time == channel.has_timestamp());
  FUZZ_CHECK(h->channel_id == channel.channel_id() && h->tx_id == channel.tx_id() && h->extension == channel.extension());
  FUZZ_CHECK(h->creator == signature.creator() && h->nonce == signature.nonce());
  FUZZ_CHECK(ledger::compute_txid(h->nonce, h->creator).size() == 64);
}

void check_transaction(const ledger::envelope& e) {
  const auto tx = ledger::parse_endorser_tx(e);
  if (!tx) {
    FUZZ_CHECK(tx.error().code != 0 && !tx.error().why.empty());
    return;
  }
  FUZZ_CHECK(tx->action_count == 1 && tx->proposal_hash.size() == 32);
  FUZZ_CHECK(ledger::rwset::parse(tx->results) == tx->sets);
}

int fuzz_one(const std::uint8_t* data, std::size_t size) {
  const auto raw = view(data, size);
  const auto e = ledger::envelope::keep(shared_bytes(bytes(raw)));
  FUZZ_CHECK(e.raw().view() == raw);
  FUZZ_CHECK(ledger::envelope::parse(shared_bytes(bytes(raw))).has_value() == e.well_formed());
  if (e.canonical()) FUZZ_CHECK(e.well_formed());
  if (e.well_formed()) {
    ::common::Envelope wire;
    FUZZ_CHECK(proto::decode(raw, wire) && wire.payload() == e.payload() && wire.signature() == e.signature());
    const auto again = ledger::envelope::make(bytes(e.payload()), bytes(e.signature()));
    FUZZ_CHECK(again.canonical() && again.payload() == e.payload() && again.signature() == e.signature());
    FUZZ_CHECK(e.canonical() == (again.raw().view() == raw));
    FUZZ_CHECK(proto::encode(wire) == raw || !e.canonical());
    FUZZ_CHECK(again.header_code() == e.header_code());
  }
  check_headers(e);
  check_transaction(e);
  (void)ledger::parse_headers(raw);
  return 0;
}

std::vector<bytes> seeds() {
  std::vector<bytes> out;
  for (const auto& e : golden_envelopes()) out.push_back(e.raw().to_bytes());
  return out;
}

}  // namespace

WEFT_FUZZ_TARGET(envelope, 60'000);
