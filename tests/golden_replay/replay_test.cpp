// The golden chains, replayed from genesis: the verdicts and commit hashes that Fabric's own peers recorded, block by block.
#include <doctest/doctest.h>

#include "tests/golden_replay/peer.hpp"
#include "tests/unit/ledger/tx/golden.hpp"

using namespace weft;
using namespace weft::test;
using ledger::metadata_slot;

namespace {

/// Slot 2 as names, the way vectors.json lists them.
std::vector<std::string> names_of(const bytes& filter) {
  std::vector<std::string> out;
  for (const char code : filter)
    out.emplace_back(ledger::to_string(static_cast<ledger::verdict>(static_cast<std::uint8_t>(code))));
  return out;
}

std::vector<std::string> recorded_names(const golden::json& v) {
  std::vector<std::string> out;
  for (const auto& tx : golden::items(golden::at(v, "txs"))) out.push_back(golden::text(tx, "code"));
  return out;
}

void replay(const std::string& channel) {
  const auto chain = load_chain(channel);
  peer p(chain.blocks[0]);
  const auto& recorded = golden::items(golden::at(golden::vectors(), "blocks", channel));
  for (std::size_t n = 1; n < chain.blocks.size(); ++n) {
    CAPTURE(n);
    const auto& stored = chain.blocks[n];
    const auto b = p.accept(as_delivered(stored));
    REQUIRE_MESSAGE(b.has_value(), (b ? "" : b.error().context));
    const auto& v = recorded[static_cast<int>(n)];
    CHECK(names_of(b->metadata(metadata_slot::transactions_filter)) == recorded_names(v));
    CHECK(to_hex(p.commit_hash) == golden::text(v, "commit_hash_hex"));
    CHECK(b->metadata(metadata_slot::transactions_filter) == stored.metadata(metadata_slot::transactions_filter));
    CHECK(b->metadata(metadata_slot::commit_hash) == stored.metadata(metadata_slot::commit_hash));
    CHECK(b->encode() == stored.encode());
  }
  CHECK(p.height().value == chain.blocks.size());
}

/// The peer after blocks 1..n of mychannel.
peer peer_after(const golden_chain& chain, std::size_t n) {
  peer p(chain.blocks[0]);
  for (std::size_t i = 1; i <= n; ++i) REQUIRE(p.accept(as_delivered(chain.blocks[i])).has_value());
  return p;
}

}  // namespace

TEST_CASE("mychannel: 25 blocks, every verdict and commit hash as recorded") { replay("mychannel"); }
TEST_CASE("bftchannel: 13 blocks with three signatures each, every verdict and commit hash as recorded") { replay("bftchannel"); }

TEST_CASE("the blocks that an orderer really delivered lead to the same place") {
  const auto chain = load_chain("mychannel");
  peer p(chain.blocks[0]);
  for (std::size_t n = 1; n <= 5; ++n) {
    const bool original = n == 1 || n == 5;
    const bytes raw =
        original ? golden::file("blocks/mychannel." + std::to_string(n) + ".from-orderer.block") : as_delivered(chain.blocks[n]);
    const auto b = p.accept(raw);
    REQUIRE(b.has_value());
    CHECK(b->hash() == chain.blocks[n].hash());
    CHECK(b->metadata(metadata_slot::commit_hash) == chain.blocks[n].metadata(metadata_slot::commit_hash));
  }
}

TEST_CASE("a configuration block changes the bundle, other blocks keep it") {
  const auto chain = load_chain("mychannel");
  peer p(chain.blocks[0]);
  const auto before = p.bundle;
  CHECK(before->sequence() == config_sequence(0));
  REQUIRE(p.accept(as_delivered(chain.blocks[1])).has_value());
  const auto after = p.bundle;
  CHECK(after->sequence() == config_sequence(1));
  bool anchors = false;
  for (const auto& org : after->application_orgs()) anchors |= !org.anchor_peers.empty();
  CHECK(anchors);
  REQUIRE(p.accept(as_delivered(chain.blocks[2])).has_value());
  CHECK(p.bundle == after);
}

TEST_CASE("a configuration that does not follow from the current one halts the channel") {
  const auto chain = load_chain("mychannel");
  auto p = peer_after(chain, 1);
  const auto again = ledger::block::make(p.height(), p.last_hash(), chain.blocks[1].envelopes());
  const auto judged = p.judge(again);
  REQUIRE_FALSE(judged.has_value());
  CHECK(judged.error().context.find("block 2: configuration transaction 0: ") == 0);
}

TEST_CASE("reasons of the golden chain's failures teach") {
  const auto chain = load_chain("mychannel");
  auto p = peer_after(chain, 12);
  CHECK(p.reasons[0].text.find("endorsement policy of chaincode 'golden'") == 0);
  CHECK(p.reasons[0].text.find("missing: ") != std::string::npos);

  REQUIRE(p.accept(as_delivered(chain.blocks[13])).has_value());
  CHECK(p.reasons[0].text.empty());
  const auto& conflict = p.reasons[1];
  CHECK(conflict.ns == "golden");
  CHECK(conflict.winner == chain.blocks[13].envelopes()[0].header()->tx_id);
  CHECK(conflict.committed == version{block_number(13), tx_number(0)});
  CHECK(conflict.text.find("key '" + conflict.key + "' of 'golden' was read at block ") == 0);

  REQUIRE(p.accept(as_delivered(chain.blocks[14])).has_value());
  const auto& phantom = p.reasons[1];
  CHECK(phantom.winner == chain.blocks[14].envelopes()[0].header()->tx_id);
  CHECK(phantom.text.find("the range from ") == 0);
  CHECK(phantom.text.find(" is new, at block 14, transaction 0") != std::string::npos);
}

TEST_CASE("private values of the golden chain are nowhere, and nobody asked for them") {
  const auto chain = load_chain("mychannel");
  auto p = peer_after(chain, 9);
  const auto judged = p.judge(chain.blocks[10]);
  REQUIRE(judged.has_value());
  REQUIRE_FALSE(judged->claims.empty());
  CHECK(judged->claims[0].ns == "golden");
  CHECK(judged->claims[0].hash.size() == 32);
  for (const auto& [ns, updates] : judged->updates.namespaces) CHECK(updates.privates.empty());
}

TEST_CASE("a transaction that comes again in a later block is a duplicate") {
  const auto chain = load_chain("mychannel");
  auto p = peer_after(chain, 25);
  for (std::size_t n : {2U, 5U, 12U, 25U}) {  // 12 was invalid: its id is taken all the same
    CAPTURE(n);
    const auto judged = p.judge(ledger::block::make(p.height(), p.last_hash(), {chain.blocks[n].envelopes()[0]}));
    REQUIRE(judged.has_value());
    CHECK(judged->verdicts[0] == ledger::verdict::duplicate_txid);
    CHECK(judged->updates.empty());
  }
}
