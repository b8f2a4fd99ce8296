// Our field walkers against protobuf's own parser, over bent golden messages: they accept the same bytes and see the same values.
#include <doctest/doctest.h>
#include <google/protobuf/stubs/logging.h>

#include "common/common.pb.h"
#include "config/base/random.hpp"
#include "ledger/rwset/kvrwset/kv_rwset.pb.h"
#include "ledger/rwset/rwset.pb.h"
#include "ledger/tx/envelope.hpp"
#include "peer/chaincode.pb.h"
#include "peer/proposal.pb.h"
#include "proto/encode.hpp"
#include "proto/wire.hpp"
#include "tests/unit/ledger/tx/golden.hpp"

namespace golden = weft::golden;
using namespace weft;
using namespace weft::ledger;

namespace {

/// Bits flipped, bytes overwritten, a stretch repeated or cut.
bytes bend(bytes from, seeded_random& random) {
  for (std::uint64_t n = random.below(3); n != 0 && !from.empty(); --n) from[random.below(from.size())] ^= static_cast<char>(1u << random.below(8));
  if (random.below(3) == 0 && !from.empty()) {
    const auto at = random.below(from.size()), length = random.below(from.size() - at) + 1;
    if (random.below(2) == 0) from.insert(at, from.substr(at, length));
    else from.erase(at, length);
  }
  return from;
}

void expect(const version& ours, const ::kvrwset::Version& theirs) {
  CHECK(ours.block.value == theirs.block_num());
  CHECK(ours.tx.value == theirs.tx_num());
}
template <class Ours, class Theirs>
void expect_version(const Ours& ours, const Theirs& theirs) {
  REQUIRE(ours.at.has_value() == theirs.has_version());
  if (ours.at) expect(*ours.at, theirs.version());
}

void expect(const namespace_rwset& ours, const ::kvrwset::KVRWSet& theirs) {
  REQUIRE(ours.reads.size() == static_cast<std::size_t>(theirs.reads_size()));
  for (int i = 0; i < theirs.reads_size(); ++i) {
    const auto& read = ours.reads[static_cast<std::size_t>(i)];
    CHECK(read.key == theirs.reads(i).key());
    expect_version(read, theirs.reads(i));
  }
  REQUIRE(ours.writes.size() == static_cast<std::size_t>(theirs.writes_size()));
  for (int i = 0; i < theirs.writes_size(); ++i) {
    const auto& write = ours.writes[static_cast<std::size_t>(i)];
    CHECK(write == kv_write{theirs.writes(i).key(), theirs.writes(i).is_delete(), theirs.writes(i).value()});
  }
  REQUIRE(ours.metadata_writes.size() == static_cast<std::size_t>(theirs.metadata_writes_size()));
  for (int i = 0; i < theirs.metadata_writes_size(); ++i)
    CHECK(ours.metadata_writes[static_cast<std::size_t>(i)].entries.size() == static_cast<std::size_t>(theirs.metadata_writes(i).entries_size()));
  REQUIRE(ours.ranges.size() == static_cast<std::size_t>(theirs.range_queries_info_size()));
  for (int i = 0; i < theirs.range_queries_info_size(); ++i) {
    const auto& range = ours.ranges[static_cast<std::size_t>(i)];
    const auto& other = theirs.range_queries_info(i);
    CHECK(range.start_key == other.start_key());
    CHECK(range.end_key == other.end_key());
    CHECK(range.exhausted == other.itr_exhausted());
    CHECK(range.raw_reads.size() == static_cast<std::size_t>(other.raw_reads().kv_reads_size()));
    CHECK(range.max_degree == other.reads_merkle_hashes().max_degree());
    CHECK(range.max_level == other.reads_merkle_hashes().max_level());
    CHECK(range.hashes.size() == static_cast<std::size_t>(other.reads_merkle_hashes().max_level_hashes_size()));
  }
}

void expect(const collection_rwset& ours, const ::kvrwset::HashedRWSet& theirs) {
  REQUIRE(ours.reads.size() == static_cast<std::size_t>(theirs.hashed_reads_size()));
  for (int i = 0; i < theirs.hashed_reads_size(); ++i) {
    CHECK(ours.reads[static_cast<std::size_t>(i)].key_hash == theirs.hashed_reads(i).key_hash());
    expect_version(ours.reads[static_cast<std::size_t>(i)], theirs.hashed_reads(i));
  }
  REQUIRE(ours.writes.size() == static_cast<std::size_t>(theirs.hashed_writes_size()));
  for (int i = 0; i < theirs.hashed_writes_size(); ++i) {
    const auto& w = theirs.hashed_writes(i);
    CHECK(ours.writes[static_cast<std::size_t>(i)] == hashed_write{w.key_hash(), w.value_hash(), w.is_delete(), w.is_purge()});
  }
  CHECK(ours.metadata_writes.size() == static_cast<std::size_t>(theirs.metadata_writes_size()));
}

/// A whole set as protobuf sees it.
struct reference_set {
  ::rwset::TxReadWriteSet outer;
  std::vector<::kvrwset::KVRWSet> sets;
  std::vector<std::vector<::kvrwset::HashedRWSet>> hashed;

  [[nodiscard]] bool parse(const bytes& raw) {
    if (!proto::decode(raw, outer)) return false;
    for (const auto& ns : outer.ns_rwset()) {
      if (!proto::decode(ns.rwset(), sets.emplace_back())) return false;
      hashed.emplace_back();
      for (const auto& c : ns.collection_hashed_rwset())
        if (!proto::decode(c.hashed_rwset(), hashed.back().emplace_back())) return false;
    }
    return true;
  }
  /// Ours refuses summaries whose degree no tree has.
  [[nodiscard]] bool degrees_fit() const {
    for (const auto& set : sets)
      for (const auto& range : set.range_queries_info())
        if (range.has_reads_merkle_hashes() && range.reads_merkle_hashes().max_degree() < 2) return false;
    return true;
  }
};

std::vector<bytes> golden_payloads() {
  std::vector<bytes> out;
  for (const auto& [path, raw] : golden::all_blocks()) {
    bytes_view data;
    if (path.starts_with("config/")) continue;  // a payload of 20 KB of certificates each
    REQUIRE(proto::find_bytes(raw, 2, data) == proto::wire_status::found);
    CHECK(proto::for_each_field(data, [&](const proto::wire_field& entry) {
      const auto e = envelope::keep(shared_bytes(bytes(entry.payload)));
      out.emplace_back(e.payload());
    }));
  }
  return out;
}

}  // namespace

TEST_CASE("read/write sets: protobuf and we accept the same bytes and see the same values") {
  const google::protobuf::LogSilencer quiet;  // it writes a line for every bad text
  seeded_random random(0x5e75);
  std::vector<bytes> sets;
  for (const auto& payload : golden_payloads())
    if (const auto tx = parse_endorser_tx(envelope::make(payload, "s"))) sets.emplace_back(tx->results);
  REQUIRE(sets.size() > 30);
  std::size_t accepted = 0, refused = 0;
  for (const auto& original : sets)
    for (int round = 0; round < 150; ++round) {
      const bytes bent = bend(original, random);
      reference_set theirs;
      const bool theirs_ok = theirs.parse(bent) && theirs.degrees_fit();
      const auto ours = ledger::rwset::parse(bent);
      REQUIRE_MESSAGE(ours.has_value() == theirs_ok, to_hex(bent));
      ++(ours ? accepted : refused);
      if (!ours) continue;
      REQUIRE(ours->namespaces.size() == theirs.sets.size());
      for (std::size_t i = 0; i < theirs.sets.size(); ++i) {
        const auto& ns = ours->namespaces[i];
        CHECK(ns.name == theirs.outer.ns_rwset(static_cast<int>(i)).namespace_());
        expect(ns, theirs.sets[i]);
        REQUIRE(ns.collections.size() == theirs.hashed[i].size());
        for (std::size_t c = 0; c < ns.collections.size(); ++c) expect(ns.collections[c], theirs.hashed[i][c]);
      }
    }
  CHECK(accepted > 500);
  CHECK(refused > 500);
}

TEST_CASE("headers: protobuf and we accept the same bytes and see the same values") {
  const google::protobuf::LogSilencer quiet;  // it writes a line for every bad text
  seeded_random random(0x4ead);
  std::size_t accepted = 0, refused = 0;
  for (const auto& original : golden_payloads()) {
    bytes_view header;
    REQUIRE(proto::find_bytes(original, 1, header) == proto::wire_status::found);
    for (int round = 0; round < 150; ++round) {
      ::common::Header theirs;
      ::common::ChannelHeader channel;
      ::common::SignatureHeader signature;
      // Most of a header is the certificate; bend the channel header half of the time.
      bytes bent(header);
      if (random.below(2) == 0) {
        REQUIRE(proto::decode(header, theirs));
        theirs.set_channel_header(bend(theirs.channel_header(), random));
        bent = proto::encode(theirs);
      } else {
        bent = bend(std::move(bent), random);
      }
      const bool theirs_ok = proto::decode(bent, theirs) && proto::decode(theirs.channel_header(), channel) && proto::decode(theirs.signature_header(), signature);
      const auto ours = parse_headers(bent);
      REQUIRE_MESSAGE(ours.has_value() == theirs_ok, to_hex(bent));
      ++(ours ? accepted : refused);
      if (!ours) continue;
      CHECK(ours->channel_header == theirs.channel_header());
      CHECK(ours->signature_header == theirs.signature_header());
      CHECK(ours->type == channel.type());
      CHECK(ours->epoch == static_cast<std::int64_t>(channel.epoch()));
      CHECK(ours->channel_id == channel.channel_id());
      CHECK(ours->tx_id == channel.tx_id());
      CHECK(ours->has_time == channel.has_timestamp());
      CHECK(ours->extension == channel.extension());
      CHECK(ours->tls_cert_hash == channel.tls_cert_hash());
      CHECK(ours->creator == signature.creator());
      CHECK(ours->nonce == signature.nonce());
    }
  }
  CHECK(accepted > 500);
  CHECK(refused > 500);
}

TEST_CASE("proposals: protobuf and we accept the same bytes and see the same values") {
  const google::protobuf::LogSilencer quiet;  // it writes a line for every bad text
  seeded_random random(0x9409);
  std::size_t accepted = 0, refused = 0;
  const bytes request = golden::file("tx/proposed_transaction_transient.pb");
  bytes_view signed_proposal;
  REQUIRE(proto::find_bytes(request, 2, signed_proposal) == proto::wire_status::found);
  const auto honest = parse_signed_proposal(signed_proposal);
  REQUIRE(honest.has_value());
  for (int round = 0; round < 6000; ++round) {
    bytes payload(honest->payload);
    payload = bend(std::move(payload), random);
    ::protos::Proposal whole;
    whole.set_header(bytes(honest->header_bytes));
    whole.set_payload(payload);
    const auto ours = parse_signed_proposal(make_signed_proposal(proto::encode(whole), "s"));
    ::protos::ChaincodeProposalPayload theirs;
    ::protos::ChaincodeInvocationSpec spec;
    const bool theirs_ok = proto::decode(payload, theirs) && proto::decode(theirs.input(), spec) && spec.has_chaincode_spec() && spec.chaincode_spec().has_input();
    REQUIRE_MESSAGE(ours.has_value() == theirs_ok, to_hex(payload));
    ++(ours ? accepted : refused);
    if (!ours) continue;
    CHECK(ours->input == theirs.input());
    CHECK(ours->is_init == spec.chaincode_spec().input().is_init());
    REQUIRE(ours->args.size() == static_cast<std::size_t>(spec.chaincode_spec().input().args_size()));
    for (int i = 0; i < spec.chaincode_spec().input().args_size(); ++i)
      CHECK(ours->args[static_cast<std::size_t>(i)] == spec.chaincode_spec().input().args(i));
    REQUIRE(ours->transient_map.size() == theirs.transientmap().size());
    for (const auto& [key, value] : ours->transient_map) CHECK(theirs.transientmap().at(key) == value);
  }
  CHECK(accepted > 500);
  CHECK(refused > 500);
}
