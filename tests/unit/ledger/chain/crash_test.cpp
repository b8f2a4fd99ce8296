// Over hundreds of crashes: every acknowledged block is there, and all that stands beside it equals a replay from block 0.
#include <doctest/doctest.h>

#include <map>

#include "config/base/random.hpp"
#include "tests/unit/ledger/chain/committing.hpp"
#include "tests/unit/ledger/store/crash_kv.hpp"
#include "tests/unit/ledger/store/seeds.hpp"

using namespace weft;
using namespace weft::ledger;
using testing::all_pairs;
using testing::crash_kv;
using testing::opened;

namespace {

struct planned {
  testing::sealed_block s;
  std::vector<block_private_data> privates;
};

// One random block: blind writes, deletes, metadata, private data, invalid transactions.
planned next_block(const channel_ledger& l, seeded_random& random) {
  planned out;
  std::vector<envelope> txs;
  std::vector<std::uint8_t> codes;
  for (auto count = 1 + random.below(4); count > 0; --count) {
    const auto key = [&] { return "k" + std::to_string(random.below(6)); };
    std::map<std::string, kv_write> writes;
    for (auto n = random.below(4); n > 0; --n) {
      const auto k = key();
      writes[k] = {k, random.below(4) == 0, random.make_bytes(random.below(30))};
    }
    std::vector<kv_write> in_order;
    for (auto& [k, w] : writes) {
      if (w.is_delete || w.value.empty()) w = {k, true, ""};
      in_order.push_back(w);
    }
    std::vector<metadata_write> metadata;
    if (random.below(4) == 0) metadata.push_back({key(), {{"VALIDATION_PARAMETER", random.make_bytes(3)}}});
    auto sets = testing::writing(in_order, metadata);
    codes.push_back(random.below(5) == 0 ? 11 : 0);
    if (random.below(3) == 0) {
      const private_writes secret{"cc", "c", {{key(), false, random.make_bytes(1 + random.below(20))}}, {}};
      testing::add_private(sets, secret);
      if (codes.back() == 0 && random.below(4) != 0) out.privates.push_back({tx_number(txs.size()), secret});
    }
    txs.push_back(testing::endorsed(sets, random.make_bytes(24)));
  }
  out.s = testing::sealed(l, std::move(txs), codes);
  return out;
}

// What the key-value store held after each block, when nothing went wrong.
struct reference {
  std::vector<planned> blocks;                              // blocks[i] is block i + 1
  std::vector<std::vector<std::pair<bytes, bytes>>> pairs;  // pairs[h] at height h
};
reference run_undisturbed(const block& genesis, std::uint64_t seed, std::size_t count, std::uint64_t segment_bytes) {
  reference out;
  seeded_random random(seed);
  const auto kv = make_memory_kv();
  const auto l = opened(make_memory_env(), kv, genesis, nullptr, segment_bytes);
  out.pairs.resize(1);
  out.pairs.push_back(all_pairs(*kv, "r/"));
  for (std::size_t i = 0; i < count; ++i) {
    out.blocks.push_back(next_block(*l, random));
    REQUIRE(l->commit(out.blocks.back().s.block, out.blocks.back().s.judged, out.blocks.back().privates));
    out.pairs.push_back(all_pairs(*kv, "r/"));
  }
  return out;
}

}  // namespace

TEST_CASE("crashes at random moments, of files and state, change nothing that was acknowledged") {
  const block genesis = testing::golden_block("mychannel", 0);
  std::uint64_t replays = 0, dropped = 0;
  for (const auto seed : testing::seeds(150)) {
    CAPTURE(seed);
    seeded_random random(seed);
    const std::uint64_t segment_bytes = 1 + random.below(30'000);
    const auto truth = run_undisturbed(genesis, seed, 12, segment_bytes);
    std::shared_ptr<memory_env> files = make_memory_env();
    auto kv = std::make_shared<crash_kv>();
    std::uint64_t acknowledged = 0;
    for (int life = 0; life < 5; ++life) {
      ledger_open_report report;
      const auto l = opened(files, kv, genesis, &report, segment_bytes);
      const std::uint64_t height = l->height().value;
      REQUIRE(height >= acknowledged);
      REQUIRE(height >= 1);
      acknowledged = height;  // what opening shows, it has made durable
      CHECK(all_pairs(*kv, "r/") == truth.pairs[height]);
      CHECK(l->last_hash() == (height == 1 ? genesis.hash() : truth.blocks[height - 2].s.block.hash()));
      for (std::uint64_t n = 1; n < height; ++n) {
        CHECK(l->blocks().read(block_number(n))->encode() == truth.blocks[n - 1].s.block.encode());
        for (const auto& d : truth.blocks[n - 1].privates)
          CHECK(l->private_data(block_number(n), d.tx, d.writes.ns, d.writes.collection).value()->encode() == d.writes.encode());
      }
      replays += report.replayed_blocks;
      dropped += report.dropped_private_data;
      std::uint64_t next = height - 1;
      for (auto n = random.below(5); n > 0 && next < truth.blocks.size(); --n, ++next) {
        const auto& p = truth.blocks[next];
        REQUIRE(l->commit(p.s.block, p.s.judged, p.privates));
      }
      acknowledged = l->height().value;
      // Half of the time the disk fills up within the next commit, so that the crash finds it half done.
      if (next < truth.blocks.size() && random.below(2) == 0) {
        const auto& p = truth.blocks[next];
        if (random.below(3) == 0)
          kv->failing = true;
        else
          files->fail_after(random.below(6000));
        if (l->commit(p.s.block, p.s.judged, p.privates)) acknowledged = l->height().value;
      }
      kv->failing = false;
      files->fail_after(100 * MiB);
      if (random.below(4) == 0) continue;  // only the process died
      files = files->crash(random);
      kv = random.below(4) == 0 ? std::make_shared<crash_kv>() : kv->crash(random);
    }
  }
  if (testing::seeds(2).size() > 1) {
    CHECK(replays > 100);
    CHECK(dropped > 10);
  }
}
