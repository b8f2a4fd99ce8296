// The golden chain through a real channel ledger: block files, index and state in step, also when it is closed or loses its state
// half way.
#include <doctest/doctest.h>

#include <map>

#include "ledger/chain/channel_ledger.hpp"
#include "tests/golden_replay/peer.hpp"

using namespace weft;
using namespace weft::test;
using ledger::metadata_slot;

namespace {

/// A committer on a ledger; may be closed and opened again on the same files.
struct committer {
  golden_chain chain;
  std::shared_ptr<ledger::memory_env> files = ledger::make_memory_env();
  std::shared_ptr<ledger::kv_store> kv = ledger::make_memory_kv();
  std::shared_ptr<const crypto::verifier> verifier = crypto::make_verifier();
  std::shared_ptr<ledger::channel_ledger> ledger;

  explicit committer(const std::string& channel) : chain(load_chain(channel)) { open(); }

  void open() {
    ledger.reset();
    auto opened = ledger::open_channel_ledger(files, kv, chain.blocks[0]);
    REQUIRE_MESSAGE(opened.has_value(), (opened ? "" : opened.error().context));
    ledger = *opened;
  }

  result<ledger::block> commit(const bytes& from_orderer) {
    WEFT_TRY(auto b, ledger::block::parse(shared_bytes(from_orderer)));
    WEFT_CHECK(ledger::check_links(b, ledger->height(), ledger->last_hash()));
    WEFT_CHECK(ledger::check_block_signatures(b, *ledger->bundle(), *verifier));
    const auto seen = [this](std::string_view id) -> result<bool> {
      WEFT_TRY(const auto at, ledger->blocks().find_tx(id));
      return at.has_value();
    };
    WEFT_TRY(const auto judged,
             ledger::judge(ledger::prepare_all(b, ledger->bundle(), *verifier), *ledger->view(), seen, *verifier,
                           [this](version at) { return ledger->blocks().read(at.block)->envelopes()[at.tx.value].header()->tx_id; }));
    const bytes hash = ledger::seal(b, judged, ledger->last_commit_hash());
    WEFT_CHECK(ledger->commit(b, judged, {}));
    CHECK(ledger->last_commit_hash() == hash);
    return b;
  }

  void replay(std::size_t first, std::size_t last) {
    for (std::size_t n = first; n <= last; ++n) {
      CAPTURE(n);
      const auto b = commit(as_delivered(chain.blocks[n]));
      REQUIRE_MESSAGE(b.has_value(), (b ? "" : b.error().context));
      CHECK(b->metadata(metadata_slot::transactions_filter) == chain.blocks[n].metadata(metadata_slot::transactions_filter));
      CHECK(b->metadata(metadata_slot::commit_hash) == chain.blocks[n].metadata(metadata_slot::commit_hash));
    }
  }
};

}  // namespace

TEST_CASE("both golden chains through a channel ledger") {
  for (const char* channel : {"mychannel", "bftchannel"}) {
    committer c(channel);
    c.replay(1, c.chain.blocks.size() - 1);
    CHECK(c.ledger->height().value == c.chain.blocks.size());
    const auto read = c.ledger->blocks().read(block_number(5));
    REQUIRE(read.has_value());
    CHECK(read->encode() == c.chain.blocks[5].encode());
  }
}

TEST_CASE("a ledger that is opened again goes on, with and without its state") {
  for (const bool state_lost : {false, true}) {
    CAPTURE(state_lost);
    committer c("mychannel");
    c.replay(1, 13);
    if (state_lost) c.kv = ledger::make_memory_kv();
    c.open();
    CHECK(c.ledger->height() == block_number(14));
    CHECK(c.ledger->bundle()->sequence() == config_sequence(1));
    c.replay(14, 25);
  }
}

TEST_CASE("what an invalid golden transaction lacked is kept beside it") {
  committer c("mychannel");
  c.replay(1, 25);
  const auto reason_of = [&](std::size_t n, std::size_t i) {
    const auto kept = c.ledger->reason_of(c.chain.blocks[n].envelopes()[i].header()->tx_id);
    REQUIRE(kept.has_value());
    return *kept;
  };
  CHECK_FALSE(reason_of(5, 0).has_value());
  REQUIRE(reason_of(13, 1).has_value());
  CHECK(reason_of(13, 1)->find(c.chain.blocks[13].envelopes()[0].header()->tx_id) != bytes::npos);
  REQUIRE(reason_of(17, 0).has_value());
  CHECK(reason_of(17, 0)->find("missing: ") != bytes::npos);
}

TEST_CASE("reasons survive the loss of the state: they follow from the blocks") {
  committer c("mychannel");
  c.replay(1, 25);
  const auto all = [&] {
    std::map<std::string, std::string> out;
    for (const auto& b : c.chain.blocks) {
      for (const auto& e : b.envelopes()) {
        if (const auto kept = c.ledger->reason_of(e.header()->tx_id); kept && *kept) out[e.header()->tx_id] = **kept;
      }
    }
    return out;
  };
  const auto before = all();
  REQUIRE(before.size() >= 3);
  c.kv = ledger::make_memory_kv();
  c.open();
  CHECK(all() == before);
}
