// Golden blocks with one thing wrong: refused before anybody looks inside.
//
// What signatures cover is the header (which holds the digest of the data) and, in slot 0, value and signature headers. Out of
// their scope are slots 1 and 3 with their tag and length: slot 1 repeats the number of the last configuration of slot 0, slot 3
// is a Kafka orderer's own. A flip there is accepted and does no harm: neither hashes nor verdicts depend on it. The test demands
// that accepted flips lie nowhere else and change nothing else. Slots 2 and 4 arrive empty; a flip of their length swallows the
// slot behind, and fewer than five slots are refused.
#include <doctest/doctest.h>

#include <functional>

#include "common/common.pb.h"
#include "config/base/random.hpp"
#include "crypto/msp/folder.hpp"
#include "proto/encode.hpp"
#include "tests/golden_replay/peer.hpp"

using namespace weft;
using namespace weft::test;

namespace {

const golden_chain& mychannel() {
  static const auto chain = load_chain("mychannel");
  return chain;
}
const golden_chain& bftchannel() {
  static const auto chain = load_chain("bftchannel");
  return chain;
}

peer peer_before(const golden_chain& chain, std::size_t n) {
  peer p(chain.blocks[0]);
  for (std::size_t i = 1; i < n; ++i) REQUIRE(p.accept(as_delivered(chain.blocks[i])).has_value());
  return p;
}

/// Where a slot lies in an encoded block, tag and length included.
std::pair<std::size_t, std::size_t> slot_place(const bytes& raw, const bytes& slot) {
  if (slot.empty()) return {0, 0};
  const auto at = raw.rfind(slot);  // metadata come last
  REQUIRE(at != bytes::npos);
  return {at - 2, at + slot.size()};
}

struct flips {
  std::size_t refused = 0, accepted = 0;
};

/// Flips one bit at a time; each must be refused, or lie in slot 1 or 3.
flips flip_all(const peer& p, const ledger::block& stored, const std::function<bool(std::size_t byte, int bit)>& chosen) {
  flips out;
  const bytes raw = as_delivered(stored);
  const auto last_config = slot_place(raw, stored.metadata(ledger::metadata_slot::last_config));
  const auto kafka = slot_place(raw, stored.metadata(ledger::metadata_slot::orderer));
  REQUIRE(p.verify(raw).has_value());
  bytes bent = raw;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      if (!chosen(i, bit)) continue;
      bent[i] = static_cast<char>(raw[i] ^ (1 << bit));
      const auto taken = p.verify(bent);
      bent[i] = raw[i];
      if (!taken) {
        ++out.refused;
        continue;
      }
      const bool unsigned_place = (i >= last_config.first && i < last_config.second) || (i >= kafka.first && i < kafka.second);
      CAPTURE(i);
      CAPTURE(bit);
      CHECK(unsigned_place);
      CHECK(taken->hash() == stored.hash());
      const auto judged = p.judge(*taken);
      REQUIRE(judged.has_value());
      CHECK(judged->filter() == stored.metadata(ledger::metadata_slot::transactions_filter));
      ++out.accepted;
    }
  }
  return out;
}

/// Everything behind the data: all metadata, tags and lengths included.
std::size_t metadata_start(const bytes& raw, const ledger::block& b) {
  const auto at = raw.rfind(b.metadata(ledger::metadata_slot::signatures));
  REQUIRE(at != bytes::npos);
  return at - 8;
}

::common::Block message_of(const ledger::block& b) {
  ::common::Block out;
  REQUIRE(proto::decode(as_delivered(b), out));
  return out;
}

void refuse(const peer& p, const ::common::Block& b, errc expected) {
  const auto taken = p.verify(proto::encode(b));
  REQUIRE_FALSE(taken.has_value());
  INFO(taken.error().context);
  CHECK(taken.error().code == expected);
}

bytes data_hash_of(const ::common::Block& b) {
  crypto::sha256_stream stream;
  for (const auto& entry : b.data().data()) stream.add(entry);
  return crypto::to_bytes(stream.finish());
}

crypto::signing_identity golden_identity(const std::string& folder, const std::string& msp_id) {
  auto who = crypto::read_signing_identity(std::string(WEFT_GOLDEN_DIR) + "/crypto/" + folder + "/msp", msp_id);
  REQUIRE_MESSAGE(who.has_value(), (who ? "" : who.error().context));
  return *std::move(who);
}
crypto::signing_identity orderer(int n) {
  return golden_identity("ordererOrganizations/example.com/orderers/orderer" + std::to_string(n) + ".example.com", "OrdererMSP");
}
crypto::signing_identity org1_peer() {
  return golden_identity("peerOrganizations/org1.example.com/peers/peer0.org1.example.com", "Org1MSP");
}

/// Replaces slot 0's signatures by one of `who`, CFT form, over the block's real header.
::common::Block signed_by(const ledger::block& b, const crypto::signing_identity& who, const std::string& claimed_creator = {}) {
  auto out = message_of(b);
  ::common::Metadata slot;
  REQUIRE(proto::decode(out.metadata().metadata(0), slot));
  slot.clear_signatures();
  ::common::SignatureHeader header;
  header.set_creator(claimed_creator.empty() ? who.serialized() : claimed_creator);
  header.set_nonce("nonce");
  auto* signature = slot.add_signatures();
  signature->set_signature_header(proto::encode(header));
  signature->set_signature(*who.sign(slot.value() + signature->signature_header() + ledger::header_bytes(b.header())));
  out.mutable_metadata()->set_metadata(0, proto::encode(slot));
  return out;
}

}  // namespace

TEST_CASE("one flipped bit, sampled over whole blocks, is refused") {
  seeded_random random(0xb17f11b);
  for (const std::size_t n : {1U, 5U, 13U, 19U}) {
    CAPTURE(n);
    const auto p = peer_before(mychannel(), n);
    const auto bits = as_delivered(mychannel().blocks[n]).size() * 8;
    const auto found = flip_all(p, mychannel().blocks[n], [&](std::size_t, int) { return random.below(bits) < 750; });
    CHECK(found.refused > 500);
  }
  const auto p = peer_before(bftchannel(), 6);
  const auto bits = as_delivered(bftchannel().blocks[6]).size() * 8;
  CHECK(flip_all(p, bftchannel().blocks[6], [&](std::size_t, int) { return random.below(bits) < 750; }).refused > 500);
}

TEST_CASE("every single bit of header and metadata, flipped, is refused or outside of what is signed") {
  const auto check = [](const golden_chain& chain, std::size_t n) {
    const auto p = peer_before(chain, n);
    const auto& b = chain.blocks[n];
    const bytes raw = as_delivered(b);
    const std::size_t header_end = 2 + ledger::header_bytes(b.header()).size() + 8, metadata = metadata_start(raw, b);
    const auto found = flip_all(p, b, [&](std::size_t byte, int) { return byte < header_end || byte >= metadata; });
    CHECK(found.refused > 3000);
    CHECK(found.accepted <= 8 * (2 + b.metadata(ledger::metadata_slot::last_config).size()));
  };
  check(mychannel(), 5);
  check(bftchannel(), 5);
}

TEST_CASE("transactions cannot be dropped, swapped, added or doubled") {
  const auto p = peer_before(mychannel(), 13);
  const auto& b = mychannel().blocks[13];
  REQUIRE(b.envelopes().size() == 2);
  struct row {
    std::string name;
    std::function<void(::common::BlockData&)> bend;
  };
  const row rows[] = {
      {"dropped", [](auto& d) { d.mutable_data()->RemoveLast(); }},
      {"swapped", [](auto& d) { d.mutable_data()->SwapElements(0, 1); }},
      {"doubled", [](auto& d) { *d.add_data() = d.data(0); }},
      {"another block's", [](auto& d) { d.set_data(1, mychannel().blocks[5].envelopes()[0].raw().to_bytes()); }},
      {"none left", [](auto& d) { d.clear_data(); }},
      {"an empty entry", [](auto& d) { d.add_data(); }},
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    auto bent = message_of(b);
    r.bend(*bent.mutable_data());
    if (data_hash_of(bent) != bent.header().data_hash()) refuse(p, bent, errc::corruption);
    bent.mutable_header()->set_data_hash(data_hash_of(bent));  // the digest repaired: now the signature is over another header
    const auto taken = p.verify(proto::encode(bent));
    REQUIRE_FALSE(taken.has_value());
    CHECK((taken.error().code == errc::permission_denied || taken.error().code == errc::invalid_argument));
  }
}

TEST_CASE("blocks come in order, once, and of this channel") {
  auto p = peer_before(mychannel(), 5);
  refuse(p, message_of(mychannel().blocks[6]), errc::invalid_argument);
  refuse(p, message_of(mychannel().blocks[4]), errc::invalid_argument);
  refuse(p, message_of(bftchannel().blocks[5]), errc::corruption);
  REQUIRE(p.accept(as_delivered(mychannel().blocks[5])).has_value());
  refuse(p, message_of(mychannel().blocks[5]), errc::invalid_argument);
  REQUIRE(p.accept(as_delivered(mychannel().blocks[6])).has_value());
}

TEST_CASE("a block without five slots is not from an orderer") {
  const auto p = peer_before(mychannel(), 5);
  auto bent = message_of(mychannel().blocks[5]);
  bent.mutable_metadata()->mutable_metadata()->RemoveLast();
  refuse(p, bent, errc::invalid_argument);
  bent.clear_metadata();
  refuse(p, bent, errc::invalid_argument);
}

TEST_CASE("a data entry that encodes differently is refused even under an orderer's signature") {
  const auto p = peer_before(mychannel(), 5);
  auto bent = message_of(mychannel().blocks[5]);
  bent.mutable_data()->mutable_data(0)->append("\x1a\x01x");  // an unknown field: Fabric's peers refuse the whole block
  bent.mutable_header()->set_data_hash(data_hash_of(bent));
  auto b = ledger::block::parse(shared_bytes(proto::encode(bent)));
  REQUIRE(b.has_value());
  refuse(p, signed_by(*b, orderer(1)), errc::invalid_argument);
}

TEST_CASE("raft: any orderer of the organization may sign, nobody else") {
  const auto p = peer_before(mychannel(), 5);
  const auto& b = mychannel().blocks[5];
  CHECK(p.verify(proto::encode(signed_by(b, orderer(2)))).has_value());
  refuse(p, signed_by(b, org1_peer()), errc::permission_denied);
  refuse(p, signed_by(b, org1_peer(), orderer(1).serialized()), errc::permission_denied);
  auto none = message_of(b);
  none.mutable_metadata()->set_metadata(0, "");
  refuse(p, none, errc::permission_denied);
  auto other_block = message_of(b);
  other_block.mutable_metadata()->set_metadata(0, mychannel().blocks[6].metadata(ledger::metadata_slot::signatures));
  refuse(p, other_block, errc::permission_denied);
}

TEST_CASE("bft: three different consenters of four, each over this header") {
  const auto p = peer_before(bftchannel(), 5);
  const auto& b = bftchannel().blocks[5];
  const auto bend = [&](const std::function<void(::common::Metadata&)>& how) {
    auto out = message_of(b);
    ::common::Metadata slot;
    REQUIRE(proto::decode(out.metadata().metadata(0), slot));
    REQUIRE(slot.signatures_size() == 3);
    how(slot);
    out.mutable_metadata()->set_metadata(0, proto::encode(slot));
    return out;
  };
  CHECK(p.verify(proto::encode(bend([](auto&) {}))).has_value());
  CHECK(p.verify(proto::encode(bend([](auto& s) { s.mutable_signatures()->SwapElements(0, 2); }))).has_value());
  refuse(p, bend([](auto& s) { s.mutable_signatures()->RemoveLast(); }), errc::permission_denied);
  refuse(p, bend([](auto& s) { *s.mutable_signatures(2) = s.signatures(0); }), errc::permission_denied);
  refuse(p, bend([](auto& s) { s.mutable_signatures(0)->set_signature(s.signatures(1).signature()); }), errc::permission_denied);
  refuse(p, bend([](auto& s) { s.mutable_signatures(0)->set_identifier_header(s.signatures(1).identifier_header()); }),
         errc::permission_denied);
  refuse(p, bend([&](auto& s) {
           ::common::SignatureHeader header;
           const auto stranger = org1_peer();
           header.set_creator(stranger.serialized());
           auto* forged = s.mutable_signatures(0);
           forged->clear_identifier_header();
           forged->set_signature_header(proto::encode(header));
           forged->set_signature(*stranger.sign(s.value() + forged->signature_header() + ledger::header_bytes(b.header())));
         }),
         errc::permission_denied);
  refuse(p, bend([&](auto& s) { s.set_value(s.value() + std::string("\x18\x01", 2)); }), errc::permission_denied);
}
