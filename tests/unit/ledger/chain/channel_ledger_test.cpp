#include "ledger/chain/channel_ledger.hpp"

#include <doctest/doctest.h>

#include "tests/unit/ledger/chain/committing.hpp"
#include "tests/unit/ledger/store/crash_kv.hpp"
#include "tests/unit/ledger/store/scratch_folder.hpp"

using namespace weft;
using namespace weft::ledger;
using testing::add_private;
using testing::all_pairs;
using testing::endorsed;
using testing::golden_block;
using testing::opened;
using testing::writing;
using testing::sealed;

namespace {

std::vector<std::uint8_t> codes_of(const block& b) {
  const bytes& filter = b.metadata(metadata_slot::transactions_filter);
  return {filter.begin(), filter.end()};
}

// Commits the golden chain as a peer that judges as Fabric did.
void commit_golden(channel_ledger& l, const std::string& channel, std::uint64_t from, std::uint64_t end) {
  for (std::uint64_t n = from; n < end; ++n) {
    const block stored = golden_block(channel, n);
    auto s = sealed(l, stored.without_peer_metadata(), codes_of(stored));
    const bool config = stored.envelopes()[0].header()->type == static_cast<std::int32_t>(header_type::config);
    if (config) s.judged.next_bundle = channel_bundle::from_block(stored).value();
    CHECK(s.block.encode() == stored.encode());
    const auto done = l.commit(s.block, s.judged, {});
    REQUIRE_MESSAGE(done.has_value(), done.error().context);
  }
}
void is_golden(const channel_ledger& l, const std::string& channel, std::uint64_t end) {
  REQUIRE(l.height() == block_number(end));
  const auto& v = golden::items(golden::at(golden::vectors(), "blocks", channel))[static_cast<int>(end - 1)];
  CHECK(to_hex(l.last_commit_hash()) == golden::text(v, "commit_hash_hex"));
  CHECK(to_hex(l.last_hash()) == golden::text(v, "header_hash_hex"));
  for (std::uint64_t n = 0; n < end; ++n)
    CHECK(l.blocks().read(block_number(n))->encode() == golden::file(golden::block_path(channel, n)));
}
std::uint64_t golden_height(const std::string& channel) { return channel == "mychannel" ? 26 : 14; }

std::string text(const std::vector<history_entry>& entries) {
  std::string out;
  for (const auto& e : entries)
    out += std::to_string(e.at.block.value) + "." + std::to_string(e.at.tx.value) + (e.is_delete ? " deleted" : "=" + e.value) + "; ";
  return out;
}

const block& genesis() {
  static const block b = golden_block("mychannel", 0);
  return b;
}

}  // namespace

TEST_CASE("golden chains: committed, reopened, and rebuilt from block files alone") {
  for (const std::string channel : {"mychannel", "bftchannel"}) {
    CAPTURE(channel);
    const testing::scratch_folder scratch;
    const block first = golden_block(channel, 0);
    const auto files = [&] { return open_disk_env(scratch.path() / "blocks").value(); };
    const auto state = [&](const char* name) { return open_leveldb(scratch.path() / name).value(); };
    std::vector<std::pair<bytes, bytes>> pairs;
    {
      const auto kv = state("state");
      const auto l = opened(files(), kv, first);
      CHECK(l->height() == block_number(1));
      CHECK(l->last_commit_hash().empty());
      const auto sequence = l->bundle()->sequence();
      commit_golden(*l, channel, 1, golden_height(channel));
      is_golden(*l, channel, golden_height(channel));
      CHECK(l->bundle()->sequence() >= sequence);
      pairs = all_pairs(*kv, "r/");
      CHECK(pairs.size() > 80);
    }
    {
      const auto kv = state("state");
      ledger_open_report report;
      const auto l = opened(files(), kv, first, &report);
      CHECK(report.replayed_blocks == 0);
      CHECK(report.blocks.indexed_blocks == 0);
      is_golden(*l, channel, golden_height(channel));
      CHECK(all_pairs(*kv, "r/") == pairs);
    }
    std::filesystem::remove_all(scratch.path() / "state");
    const auto kv = state("state");
    ledger_open_report report;
    std::vector<std::uint64_t> heard;
    const auto l = open_channel_ledger(files(), kv, first, [&](block_number done, block_number all) {
      CHECK(all.value == golden_height(channel));
      heard.push_back(done.value);
    }, &report);
    REQUIRE(l.has_value());
    CHECK(report.replayed_blocks == golden_height(channel));
    CHECK(heard.size() == golden_height(channel));
    CHECK(heard.back() == golden_height(channel));
    is_golden(**l, channel, golden_height(channel));
    CHECK(all_pairs(*kv, "r/") == pairs);
    CHECK((*l)->bundle()->channel_id() == channel);
  }
}

TEST_CASE("the configuration after a restart is that of the last config block") {
  const auto files = make_memory_env();
  const auto kv = make_memory_kv();
  config_sequence sequence;
  {
    const auto l = opened(files, kv, genesis());
    const auto before = l->bundle()->sequence();
    commit_golden(*l, "mychannel", 1, 3);  // block 1 sets an anchor peer
    sequence = l->bundle()->sequence();
    CHECK(sequence > before);
  }
  CHECK(opened(files, kv, genesis())->bundle()->sequence() == sequence);
  CHECK(opened(files, make_memory_kv(), genesis())->bundle()->sequence() == sequence);
}

TEST_CASE("history names every valid write of a key, newest first") {
  const auto l = opened(make_memory_env(), make_memory_kv(), genesis());
  commit_golden(*l, "mychannel", 1, 26);
  // 5 put k1, 6 get+put k1; 13 two conflicting writes of k1 (0, 11): what golden block 11 asked its history for.
  const auto k1 = l->history("golden", "k1", 100);
  REQUIRE(k1.has_value());
  REQUIRE(k1->size() >= 3);
  CHECK(text(*k1).ends_with("6.0=v2; 5.0=v1; "));
  for (std::size_t i = 1; i < k1->size(); ++i) CHECK((*k1)[i].at < (*k1)[i - 1].at);
  for (const auto& e : *k1) {
    const auto b = l->blocks().read(e.at.block).value();
    const auto& h = b.envelopes()[e.at.tx.value].header();
    CHECK(e.tx_id == h->tx_id);
    CHECK(e.time == h->time);
    CHECK(b.metadata(metadata_slot::transactions_filter)[e.at.tx.value] == '\0');
  }
  CHECK(l->history("golden", "k1", 2)->size() == 2);
  CHECK(l->history("golden", "k1", 0)->empty());
  CHECK(l->history("golden", "nothing", 9)->empty());
  CHECK(l->history("golde", "nk1", 9)->empty());
}

TEST_CASE("history: several writes in a block, deletes, awkward keys, verdicts") {
  const auto l = opened(make_memory_env(), make_memory_kv(), genesis());
  const std::string zero("\0a", 2), longer("\0a\0\1", 4);
  auto s = sealed(*l, {endorsed(writing({{"k", false, "1"}, {zero, false, "z"}}), "a"), endorsed(writing({{"k", false, "2"}}), "b"),
                       endorsed(writing({{"k", false, "not valid"}}), "c"), endorsed(writing({{longer, false, "l"}}), "d")},
                  {0, 0, 11, 0});
  REQUIRE(l->commit(s.block, s.judged, {}));
  s = sealed(*l, {endorsed(writing({{"k", true, ""}}), "e"), endorsed(writing({}, {{"k", {{"VALIDATION_PARAMETER", "p"}}}}), "f")}, {0, 0});
  REQUIRE(l->commit(s.block, s.judged, {}));
  s = sealed(*l, {endorsed(writing({{"k", false, ""}}), "g")}, {0});
  REQUIRE(l->commit(s.block, s.judged, {}));
  CHECK(text(l->history("cc", "k", 9).value()) == "3.0 deleted; 2.0 deleted; 1.1=2; 1.0=1; ");
  CHECK(text(l->history("cc", zero, 9).value()) == "1.0=z; ");
  CHECK(text(l->history("cc", longer, 9).value()) == "1.3=l; ");
  CHECK(text(l->history("cc", "", 9).value()).empty());
}

TEST_CASE("reasons of invalid transactions are found by id; a duplicate does not speak for the first") {
  const auto l = opened(make_memory_env(), make_memory_kv(), genesis());
  auto s = sealed(*l, {endorsed(writing({{"k", false, "1"}}), "a"), endorsed(writing({{"k", false, "2"}}), "b")}, {0, 11});
  REQUIRE(l->commit(s.block, s.judged, {}));
  s = sealed(*l, {endorsed(writing({{"k", false, "1"}}), "a")}, {9});
  REQUIRE(l->commit(s.block, s.judged, {}));
  const auto id = [](const char* nonce) { return compute_txid(nonce, "creator"); };
  CHECK_FALSE(l->reason_of(id("a"))->has_value());
  REQUIRE(l->reason_of(id("b"))->has_value());
  CHECK(l->reason_of(id("b"))->value().find("because 11") != std::string::npos);
  CHECK_FALSE(l->reason_of("unknown")->has_value());
  CHECK(l->blocks().find_tx(id("b")).value()->code == 11);
}

TEST_CASE("private data: in the state, with the block, and after losing the state") {
  const auto files = make_memory_env();
  const private_writes secret{"cc", "c", {{"k", false, "plain"}, {"gone", true, ""}}, {}};
  const private_writes other{"cc", "d", {{"k", false, "other"}}, {}};
  const auto expect = [&](const channel_ledger& l) {
    const auto view = l.view();
    CHECK(view->get_private("cc", "c", "k").value()->value == "plain");
    CHECK(view->get_private("cc", "c", "k").value()->at == version{block_number(1), tx_number(1)});
    CHECK(view->get_private("cc", "d", "k").value()->value == "other");
    CHECK(view->get_hashed("cc", "c", crypto::to_bytes(crypto::sha256("k"))).value()->value == crypto::to_bytes(crypto::sha256("plain")));
    const auto data = l.private_data(block_number(1), tx_number(1), "cc", "c");
    REQUIRE(data.has_value());
    REQUIRE(data->has_value());
    CHECK((*data)->encode() == secret.encode());
    CHECK(l.private_data(block_number(1), tx_number(1), "cc", "d").value()->encode() == other.encode());
    CHECK_FALSE(l.private_data(block_number(1), tx_number(0), "cc", "c")->has_value());
    CHECK_FALSE(l.private_data(block_number(1), tx_number(1), "cc", "e")->has_value());
    CHECK_FALSE(l.private_data(block_number(0), tx_number(0), "cc", "c")->has_value());
    CHECK_FALSE(l.private_data(block_number(9), tx_number(0), "cc", "c")->has_value());
  };
  const auto kv = make_memory_kv();
  {
    const auto l = opened(files, kv, genesis());
    auto sets = writing({{"public", false, "v"}});
    add_private(sets, secret);
    add_private(sets, other);
    const auto s = sealed(*l, {endorsed(writing({}), "a"), endorsed(sets, "b")}, {0, 0});
    const auto refused = l->commit(s.block, s.judged, {{tx_number(2), secret}});
    CHECK(refused.error().code == errc::invalid_argument);
    REQUIRE(l->commit(s.block, s.judged, {{tx_number(1), secret}, {tx_number(1), other}}));
    expect(*l);
  }
  expect(*opened(files, kv, genesis()));
  const auto fresh = make_memory_kv();
  expect(*opened(files, fresh, genesis()));
  CHECK(all_pairs(*fresh) == all_pairs(*kv));
}

TEST_CASE("a block that does not fit is refused and the ledger goes on") {
  const auto l = opened(make_memory_env(), make_memory_kv(), genesis());
  auto good = sealed(*l, {endorsed(writing({{"k", false, "1"}}), "a")}, {0});
  struct row { const char* name; testing::sealed_block s; errc code; };
  std::vector<row> rows;
  rows.push_back({"another number", good, errc::failed_precondition});
  rows.back().s.block = block::make(block_number(2), l->last_hash(), good.block.envelopes());
  rows.push_back({"another predecessor", good, errc::failed_precondition});
  rows.back().s.block = block::make(block_number(1), bytes(32, 'x'), good.block.envelopes());
  rows.push_back({"not sealed", good, errc::invalid_argument});
  rows.back().s.block = good.block.without_peer_metadata();
  rows.push_back({"sealed with other verdicts", good, errc::invalid_argument});
  rows.back().s.judged.verdicts[0] = verdict::mvcc_read_conflict;
  rows.push_back({"no bundle", good, errc::invalid_argument});
  rows.back().s.judged.next_bundle = nullptr;
  rows.push_back({"a new configuration without a config block", good, errc::invalid_argument});
  rows.back().s.judged.next_bundle = channel_bundle::from_block(golden_block("mychannel", 1)).value();
  rows.push_back({"no block", good, errc::invalid_argument});
  rows.back().s.block = block();
  for (const auto& r : rows) {
    CAPTURE(r.name);
    const auto done = l->commit(r.s.block, r.s.judged, {});
    REQUIRE_FALSE(done);
    CHECK(done.error().code == r.code);
    CHECK(l->height() == block_number(1));
  }
  CHECK(l->commit(good.block, good.judged, {}));
  CHECK(l->height() == block_number(2));
}

TEST_CASE("another genesis is refused, and so is what is none") {
  const auto files = make_memory_env();
  const auto kv = make_memory_kv();
  CHECK(open_channel_ledger(files, kv, block()).error().code == errc::invalid_argument);
  CHECK(open_channel_ledger(files, kv, golden_block("mychannel", 1)).error().code == errc::invalid_argument);
  CHECK_FALSE(open_channel_ledger(files, kv, block::make(block_number(0), "", {envelope::make("p", "s")})));
  CHECK(files->list()->empty());  // nothing was begun
  static_cast<void>(opened(files, kv, genesis()));
  const auto other = open_channel_ledger(files, kv, golden_block("bftchannel", 0));
  REQUIRE_FALSE(other);
  CHECK(other.error().code == errc::failed_precondition);
  CHECK(other.error().context.find(to_hex(genesis().hash())) != std::string::npos);
}

TEST_CASE("after a failed commit reads go on, blocks are refused, and reopening mends it") {
  const private_writes secret{"cc", "c", {{"k", false, "plain"}}, {}};
  for (const char* fault : {"disk full before the private data", "disk full before the block", "key-value store fails"}) {
    CAPTURE(fault);
    const bool kv_fails = std::string_view(fault).starts_with("key");
    const auto files = make_memory_env();
    const auto kv = std::make_shared<testing::crash_kv>();
    auto l = opened(files, kv, genesis());
    auto s = sealed(*l, {endorsed(writing({{"k", false, "1"}}), "a")}, {0});
    REQUIRE(l->commit(s.block, s.judged, {}));
    auto sets = writing({{"k", false, "2"}});
    add_private(sets, secret);
    s = sealed(*l, {endorsed(sets, "b")}, {0});
    if (kv_fails)
      kv->failing = true;
    else
      files->fail_after(std::string_view(fault).ends_with("block") ? 200 : 10);
    const auto refused = l->commit(s.block, s.judged, {{tx_number(0), secret}});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == errc::io);
    CHECK(refused.error().context.find("disk full") != std::string::npos);
    kv->failing = false;
    files->fail_after(1 * MiB);
    const auto again = l->commit(s.block, s.judged, {{tx_number(0), secret}});
    REQUIRE_FALSE(again);
    CHECK(again.error().code == errc::io);
    CHECK(again.error().context.find("opened anew") != std::string::npos);
    CHECK(l->height() == block_number(2));
    CHECK(l->view()->get("cc", "k").value()->value == "1");
    CHECK(l->blocks().read(block_number(1)).has_value());
    CHECK(l->history("cc", "k", 9)->size() == 1);
    CHECK_FALSE(l->private_data(block_number(2), tx_number(0), "cc", "c")->has_value());
    l.reset();
    l = opened(files, kv, genesis());
    CHECK(l->height() == block_number(kv_fails ? 3 : 2));  // the block was on disk before the store failed
    if (!kv_fails) {
      s = sealed(*l, {endorsed(sets, "b")}, {0});
      REQUIRE(l->commit(s.block, s.judged, {{tx_number(0), secret}}));
    }
    CHECK(l->view()->get("cc", "k").value()->value == "2");
    CHECK(l->view()->get_private("cc", "c", "k").value()->value == "plain");
    CHECK(l->private_data(block_number(2), tx_number(0), "cc", "c").value()->encode() == secret.encode());
  }
}

TEST_CASE("a state that was not left by these blocks is found out") {
  const auto files = make_memory_env();
  const auto kv = make_memory_kv();
  {
    const auto l = opened(files, kv, genesis());
    auto s = sealed(*l, {endorsed(writing({{"k", false, "1"}}), "a")}, {0});
    REQUIRE(l->commit(s.block, s.judged, {}));
    s = sealed(*l, {endorsed(writing({}, {{"k", {{"name", "n"}}}}), "b")}, {0});  // hashes the value that it meets
    REQUIRE(l->commit(s.block, s.judged, {}));
  }
  const bytes key("s/p/cc\0\1k", 9);
  const auto height = [](char n) { return bytes(7, '\0') + n; };
  struct row { const char* name; char height; bytes value; const char* text; };
  const row rows[] = {
      {"block 2 replayed on another value", 2, bytes("\x01\x00\x00" "2", 4), "commit hash"},
      {"block 2 replayed on a damaged value", 2, "\x01", "damaged"},
      {"a savepoint behind the last block", 7, bytes("\x01\x00\x00" "1", 4), "shortened or removed"},
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    kv_batch damage;
    damage.put("s/height", height(r.height));
    damage.put(key, r.value);
    REQUIRE(kv->write(damage, false));
    const auto l = open_channel_ledger(files, kv, genesis());
    REQUIRE_FALSE(l);
    CHECK(l.error().code == errc::corruption);
    CHECK_MESSAGE(l.error().context.find(r.text) != std::string::npos, l.error().context);
  }
  CHECK(opened(files, make_memory_kv(), genesis())->view()->get("cc", "k").value()->value == "1");
}

TEST_CASE("files of private data: shortened, damaged, or without an index") {
  const auto files = make_memory_env();
  const auto kv = make_memory_kv();
  const private_writes secret{"cc", "c", {{"k", false, "plain"}}, {}};
  {
    const auto l = opened(files, kv, genesis());
    for (const char* nonce : {"a", "b"}) {
      auto sets = writing({});
      add_private(sets, secret);
      const auto s = sealed(*l, {endorsed(sets, nonce)}, {0});
      REQUIRE(l->commit(s.block, s.judged, {{tx_number(0), secret}}));
    }
  }
  const auto pvt = files->open("pvt-000000").value();
  const bytes whole = pvt->read(0, 1 * MiB).value();
  SUBCASE("shortened under an index that knows better") {
    REQUIRE(pvt->truncate(whole.size() - 1));
    const auto l = open_channel_ledger(files, kv, genesis());
    REQUIRE_FALSE(l);
    CHECK(l.error().code == errc::corruption);
    CHECK(l.error().context.find("pvt-000000") != std::string::npos);
  }
  SUBCASE("shortened, and the index lost: what is left is used") {
    REQUIRE(pvt->truncate(whole.size() - 1));
    ledger_open_report report;
    const auto l = opened(files, make_memory_kv(), genesis(), &report);
    CHECK(report.privates.cut_bytes > 0);
    CHECK(l->private_data(block_number(1), tx_number(0), "cc", "c")->has_value());
    CHECK_FALSE(l->private_data(block_number(2), tx_number(0), "cc", "c")->has_value());
  }
  SUBCASE("a flipped bit") {
    files->flip_bit("pvt-000000", 8 * 30);
    const auto rebuilt = open_channel_ledger(files, make_memory_kv(), genesis());
    REQUIRE_FALSE(rebuilt);
    CHECK(rebuilt.error().code == errc::corruption);
    const auto l = opened(files, kv, genesis());
    CHECK(l->private_data(block_number(1), tx_number(0), "cc", "c").error().code == errc::corruption);
    CHECK(l->private_data(block_number(2), tx_number(0), "cc", "c")->has_value());
    CHECK(l->view()->get_private("cc", "c", "k").value()->value == "plain");
  }
  SUBCASE("a record twice") {
    REQUIRE(pvt->append(whole));
    const auto l = open_channel_ledger(files, make_memory_kv(), genesis());
    REQUIRE_FALSE(l);
    CHECK(l.error().code == errc::corruption);
    CHECK(l.error().context.find("stand behind") != std::string::npos);
  }
}
