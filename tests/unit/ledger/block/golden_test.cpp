// Blocks written by Fabric 3.1.5, against values recomputed outside Fabric.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>

#include "ledger/block/block.hpp"
#include "tests/unit/ledger/tx/golden.hpp"

namespace golden = weft::golden;
using namespace weft;
using namespace weft::ledger;

namespace {

block load(const std::string& path) {
  auto b = block::parse(shared_bytes(golden::file(path)));
  REQUIRE_MESSAGE(b.has_value(), path);
  return *b;
}

template <class Visit>
void for_each_vector(Visit visit) {
  for (const char* channel : {"mychannel", "bftchannel"})
    for (const auto& v : golden::items(golden::at(golden::vectors(), "blocks", channel))) {
      const auto path = golden::block_path(channel, golden::number(v, "number"));
      CAPTURE(path);
      visit(load(path), v);
    }
}

}  // namespace

TEST_CASE("every golden block encodes to the bytes that Go wrote") {
  for (const auto& [path, raw] : golden::all_blocks()) {
    CAPTURE(path);
    const auto b = block::parse(shared_bytes(raw));
    REQUIRE(b.has_value());
    CHECK(b->slots_seen() == metadata_slots);
    CHECK(b->encode() == raw);
  }
}

TEST_CASE("header, hashes and orderer metadata of the golden chains") {
  for_each_vector([](const block& b, const golden::json& v) {
    CHECK(to_hex(header_bytes(b.header())) == golden::text(v, "header_der_hex"));
    CHECK(to_hex(b.hash()) == golden::text(v, "header_hash_hex"));
    CHECK(to_hex(compute_data_hash(b.envelopes())) == golden::text(v, "data_hash_hex"));
    CHECK(to_hex(b.header().data_hash) == golden::text(v, "data_hash_hex"));
    CHECK(to_hex(b.header().previous_hash) == golden::text(v, "previous_hash_hex"));
    const auto index = last_config_index(b);
    REQUIRE(index.has_value());
    CHECK(index->value == golden::number(v, "last_config_index"));
    const auto signatures = block_signatures(b);
    REQUIRE(signatures.has_value());
    CHECK(signatures->size() == golden::number(v, "signatures"));
  });
}

TEST_CASE("orderer metadata are the value that block signatures cover") {
  for_each_vector([](const block& b, const golden::json& v) {
    const bytes value = golden::hex(golden::text(v, "orderer_block_metadata_hex"));
    const auto signatures = block_signatures(b);
    REQUIRE(signatures.has_value());
    for (const auto& s : *signatures) {
      CHECK(s.signed_bytes.starts_with(value));
      CHECK(s.signed_bytes.ends_with(header_bytes(b.header())));
    }
    CHECK(b.metadata(metadata_slot::signatures).find(value) != bytes::npos);
    // The consenter's part is field 2, the last; everything before it is ours to rebuild.
    const auto index = block_number(golden::number(v, "last_config_index"));
    const bytes prefix = orderer_block_metadata(index, {});
    REQUIRE(value.starts_with(prefix));
    if (value.size() > prefix.size()) CHECK(orderer_block_metadata(index, bytes_view(value).substr(prefix.size() + 2)) == value);
  });
}

TEST_CASE("CFT signatures carry an identity, BFT signatures a consenter id") {
  const auto cft = block_signatures(load("blocks/mychannel.5.block"));
  REQUIRE(cft.has_value());
  CHECK_FALSE(cft->front().by_consenter_id);
  CHECK(cft->front().identity.find("BEGIN CERTIFICATE") != bytes::npos);
  const auto bft = block_signatures(load("blocks/bftchannel.5.block"));
  REQUIRE(bft.has_value());
  std::vector<std::uint32_t> ids;
  for (const auto& s : *bft) {
    CHECK(s.by_consenter_id);
    CHECK(s.identity.empty());
    CHECK(s.signature.size() >= 68);
    CHECK((s.consenter_id >= 1 && s.consenter_id <= 4));
    ids.push_back(s.consenter_id);
  }
  std::sort(ids.begin(), ids.end());
  CHECK(std::unique(ids.begin(), ids.end()) == ids.end());
}

TEST_CASE("the golden chains are linked, block by block") {
  for (const char* channel : {"mychannel", "bftchannel"}) {
    bytes previous;
    const auto count = static_cast<std::uint64_t>(golden::items(golden::at(golden::vectors(), "blocks", channel)).size());
    for (std::uint64_t n = 0; n < count; ++n) {
      const auto b = load(golden::block_path(channel, n));
      const auto ok = check_links(b, block_number(n), previous);
      CHECK_MESSAGE(ok.has_value(), (ok ? "" : ok.error().context));
      previous = b.hash();
    }
  }
}

TEST_CASE("transactions of the golden chains: type, id, canonical bytes") {
  for_each_vector([](const block& b, const golden::json& v) {
    const auto& txs = golden::items(golden::at(v, "txs"));
    REQUIRE(b.envelopes().size() == static_cast<std::size_t>(txs.size()));
    for (int i = 0; i < txs.size(); ++i) {
      const auto& e = b.envelopes()[static_cast<std::size_t>(i)];
      const auto& h = e.header();
      REQUIRE(h.has_value());
      CHECK(e.canonical());
      CHECK(e.header_code() == 0);
      CHECK(h->type == static_cast<std::int32_t>(golden::number(txs[i], "type")));
      CHECK(h->epoch == 0);
      CHECK(h->has_time);
      CHECK(h->tx_id == golden::text(txs[i], "txid"));
      if (!h->tx_id.empty()) CHECK(compute_txid(h->nonce, h->creator) == h->tx_id);
    }
  });
}

TEST_CASE("every endorser transaction of the golden chains comes apart") {
  std::size_t count = 0;
  for_each_vector([&](const block& b, const golden::json&) {
    for (const auto& e : b.envelopes()) {
      if (e.header()->type != static_cast<std::int32_t>(header_type::endorser_transaction)) {
        CHECK_FALSE(parse_endorser_tx(e).has_value());
        continue;
      }
      const auto tx = parse_endorser_tx(e);
      REQUIRE_MESSAGE(tx.has_value(), tx.error().why);
      ++count;
      CHECK(tx->action_count == 1);
      CHECK(tx->endorsements.size() >= 1);
      CHECK(tx->chaincode_name == tx->header_chaincode_name);
      CHECK_FALSE(tx->chaincode_version.empty());
      CHECK(tx->sets.encode() == tx->results);
      CHECK(tx->action_header == e.header()->signature_header);
    }
  });
  CHECK(count > 30);
}

TEST_CASE("slots 2 and 4 emptied: the block as an orderer delivers it") {
  for (const char* n : {"1", "5"}) {
    const auto stored = load(std::string("blocks/mychannel.") + n + ".block");
    const auto delivered = load(std::string("blocks/mychannel.") + n + ".from-orderer.block");
    CHECK(stored.hash() == delivered.hash());
    CHECK(stored.encode() != delivered.encode());
    for (auto slot : {metadata_slot::transactions_filter, metadata_slot::commit_hash}) CHECK(stored.without_peer_metadata().metadata(slot).empty());
    // Slot 0 may come from another orderer; the rest must agree.
    auto same_signer = stored.without_peer_metadata();
    same_signer.set_metadata(metadata_slot::signatures, delivered.metadata(metadata_slot::signatures));
    CHECK(same_signer.encode() == delivered.encode());
    CHECK_FALSE(stored.metadata(metadata_slot::transactions_filter).empty());
  }
}

TEST_CASE("a block made of golden envelopes has the golden header") {
  const auto original = load("blocks/mychannel.13.block");
  auto made = block::make(original.number(), original.header().previous_hash, original.envelopes());
  CHECK(made.header() == original.header());
  CHECK(made.hash() == original.hash());
  for (std::size_t i = 0; i < metadata_slots; ++i) made.set_metadata(static_cast<metadata_slot>(i), original.metadata()[i]);
  CHECK(made.encode() == original.encode());
}

TEST_CASE("the commit hash of golden block 6") {
  const auto& example = golden::at(golden::vectors(), "misc", "commit_hash_example_block6");
  const auto& blocks = golden::items(golden::at(golden::vectors(), "blocks", "mychannel"));
  const bytes previous = golden::hex(golden::text(blocks[5], "commit_hash_hex"));
  const bytes filter = load("blocks/mychannel.6.block").metadata(metadata_slot::transactions_filter);
  const bytes hash = next_commit_hash(filter, golden::hex(golden::text(example, "updates_proto_hex")), previous);
  CHECK(to_hex(hash) == golden::text(example, "expected"));
  CHECK(to_hex(hash) == golden::text(blocks[6], "commit_hash_hex"));
}

TEST_CASE("a block that writes nothing hashes its filter only") {
  // Block 1 is a configuration: no updates, no predecessor.
  const auto& blocks = golden::items(golden::at(golden::vectors(), "blocks", "mychannel"));
  CHECK(to_hex(next_commit_hash(bytes(1, '\0'), {}, {})) == golden::text(blocks[1], "commit_hash_hex"));
  CHECK(next_commit_hash(bytes(200, '\0'), {}, {}) != next_commit_hash(bytes(199, '\0'), {}, {}));
}

TEST_CASE("range summaries of blocks 19 and 20 follow from what block 18 wrote") {
  const auto sets_of = [](const char* path) {
    std::vector<rwset> out;
    const auto b = load(path);
    for (const auto& e : b.envelopes()) out.push_back(parse_endorser_tx(e).value().sets);
    return out;
  };
  std::map<std::string, version> written;  // sorted as the state is
  const auto puts = sets_of("blocks/mychannel.18.block");
  for (std::size_t i = 0; i < puts.size(); ++i)
    for (const auto& ns : puts[i].namespaces)
      for (const auto& write : ns.writes) written[write.key] = {block_number(18), tx_number(i)};
  REQUIRE(written.size() == 130);

  struct row { const char* path; bool exhausted; std::size_t reads; std::vector<std::size_t> leaves; };
  for (const auto& r : {row{"blocks/mychannel.19.block", true, 130, {51, 51, 28}}, row{"blocks/mychannel.20.block", false, 101, {51, 50}}}) {
    CAPTURE(r.path);
    const range_query* recorded = nullptr;
    const auto sets = sets_of(r.path);
    for (const auto& ns : sets.at(0).namespaces)
      if (!ns.ranges.empty()) recorded = &ns.ranges.front();
    REQUIRE(recorded != nullptr);
    range_query rebuilt{recorded->start_key, recorded->end_key, r.exhausted};
    range_summary summary;
    std::size_t reads = 0;
    std::string last;
    for (const auto& [key, at] : written) {
      if (reads == r.reads) break;
      summary.add({key, at});
      last = key;
      ++reads;
    }
    summary.finish(rebuilt);
    CHECK(rebuilt == *recorded);
    CHECK(recorded->max_level == 1);
    CHECK(recorded->hashes.size() == r.leaves.size());
    if (!r.exhausted) CHECK(recorded->end_key == last);
  }
}
