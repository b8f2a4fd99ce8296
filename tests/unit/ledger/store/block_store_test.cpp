#include "ledger/store/block_store.hpp"

#include <doctest/doctest.h>

#include <thread>

#include "ledger/store/record.hpp"
#include "tests/unit/ledger/store/answers.hpp"
#include "tests/unit/ledger/store/block_maker.hpp"
#include "tests/unit/ledger/store/scratch_folder.hpp"
#include "tests/unit/ledger/tx/golden.hpp"

using namespace weft;
using namespace weft::ledger;
using testing::make_chain;
using testing::make_tx;
using testing::next_block;

namespace {

std::shared_ptr<block_store> opened(const std::shared_ptr<env>& files, const std::shared_ptr<kv_store>& kv, std::uint64_t segment_bytes = 64 * MiB,
                                    open_report* report = nullptr) {
  auto s = open_block_store(files, kv, segment_bytes, report);
  REQUIRE_MESSAGE(s.has_value(), s.error().context);
  return *s;
}
void append_all(block_store& s, const std::vector<block>& chain, std::size_t from = 0) {
  for (std::size_t i = from; i < chain.size(); ++i) REQUIRE(s.append(chain[i]));
}
void has_all(const block_store& s, const std::vector<block>& chain) {
  REQUIRE(s.height() == block_number(chain.size()));
  CHECK(s.last_hash() == (chain.empty() ? bytes() : chain.back().hash()));
  for (const auto& b : chain) {
    const auto stored = s.read(b.number());
    REQUIRE_MESSAGE(stored.has_value(), stored.error().context);
    CHECK(stored->encode() == b.encode());
    CHECK(testing::answers(s.find_hash(b.hash()), b.number()));
  }
}
bool at(const result<std::optional<tx_location>>& r, std::uint64_t block, std::uint64_t index, std::uint8_t code) {
  return r && *r && (*r)->block.value == block && (*r)->index.value == index && (*r)->code == code;
}
bool absent(const result<std::optional<tx_location>>& r) { return r && !*r; }

}  // namespace

TEST_CASE("golden chains come back byte by byte, before and after sync and reopening") {
  for (const std::string channel : {"mychannel", "bftchannel"}) {
    CAPTURE(channel);
    std::vector<block> chain;
    std::vector<bytes> raw;
    for (std::uint64_t n = 0; n < (channel == "mychannel" ? 26u : 14u); ++n) {
      raw.push_back(golden::file(golden::block_path(channel, n)));
      chain.push_back(block::parse(shared_bytes(raw.back())).value());
    }
    const testing::scratch_folder scratch;
    for (const bool reopened : {false, true}) {
      const auto files = open_disk_env(scratch.path() / "files").value();
      const auto kv = open_leveldb(scratch.path() / "kv").value();
      const auto s = opened(files, kv, 30 * KiB);
      if (!reopened) append_all(*s, chain);
      has_all(*s, chain);
      CHECK(s->sync());
      has_all(*s, chain);
      for (std::size_t n = 0; n < raw.size(); ++n) CHECK(s->read(block_number(n))->encode() == raw[n]);
      const auto& vector = golden::items(golden::at(golden::vectors(), "blocks", channel));
      for (const auto& v : vector)
        for (int i = 0; i < golden::items(golden::at(v, "txs")).size(); ++i) {
          const auto& tx = golden::items(golden::at(v, "txs"))[i];
          if (golden::text(tx, "txid").empty()) continue;
          const auto n = golden::number(v, "number");
          const auto& filter = chain[n].metadata(metadata_slot::transactions_filter);
          CHECK(at(s->find_tx(golden::text(tx, "txid")), n, static_cast<std::uint64_t>(i),
                   filter.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(filter[static_cast<std::size_t>(i)])));
        }
      CHECK(files->list()->size() > 1);
    }
  }
}

TEST_CASE("a block that does not fit is refused and changes nothing") {
  const auto chain = make_chain(3);
  const auto s = opened(make_memory_env(), make_memory_kv());
  CHECK(s->append(chain[1]).error().code == errc::failed_precondition);
  append_all(*s, {chain[0], chain[1]});
  CHECK(s->append(chain[1]).error().code == errc::failed_precondition);
  const auto other = block::make(block_number(2), bytes(32, 'x'), {make_tx("t", "x")});
  const auto refused = s->append(other);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::failed_precondition);
  CHECK(refused.error().context.find(to_hex(chain[1].hash())) != std::string::npos);
  has_all(*s, {chain[0], chain[1]});
  CHECK(s->append(chain[2]));
  has_all(*s, chain);
}

TEST_CASE("what is not there") {
  const auto s = opened(make_memory_env(), make_memory_kv());
  CHECK(s->height() == block_number(0));
  CHECK(s->last_hash().empty());
  CHECK(s->sync());
  CHECK(s->read(block_number(0)).error().code == errc::not_found);
  CHECK(s->find_hash("x").error().code == errc::not_found);
  CHECK(absent(s->find_tx("x")));
}

TEST_CASE("the first occurrence of a transaction id wins") {
  const auto kv = make_memory_kv();
  const auto files = make_memory_env();
  const std::string longer(100'000, 'L');
  auto b0 = next_block({}, {"a", "b", "a", longer});
  b0.set_metadata(metadata_slot::transactions_filter, bytes("\x00\x0b\x09\x00", 4));
  auto b1 = next_block(b0, {"b", "c", longer});
  b1.set_metadata(metadata_slot::transactions_filter, bytes("\x09\x02\x09", 3));
  auto b2 = next_block(b1, {"a", "c"});
  const auto expect = [&](const block_store& s) {
    CHECK(at(s.find_tx("a"), 0, 0, 0));
    CHECK(at(s.find_tx("b"), 0, 1, 11));
    CHECK(at(s.find_tx(longer), 0, 3, 0));
    CHECK(at(s.find_tx("c"), 1, 1, 2));
    CHECK(absent(s.find_tx("")));
  };
  auto s = opened(files, kv);
  append_all(*s, {b0, b1});  // both pending
  expect(*s);
  CHECK(s->sync());
  append_all(*s, {b2});  // one in the index, one pending
  expect(*s);
  CHECK(s->sync());
  expect(*opened(files, kv));
  expect(*opened(files, make_memory_kv()));  // made again from the files
}

TEST_CASE("ids that are computed, and envelopes that have none") {
  bytes no_creator;
  proto::put_present(no_creator, 1, "");
  const auto broken = envelope::keep(shared_bytes(bytes("\xff\xff")));
  const auto b = block::make(block_number(0), "", {make_tx("", "x", "n1"), broken, make_tx("", "x", "n1"), make_tx("", "x", "n2")});
  const auto s = opened(make_memory_env(), make_memory_kv());
  REQUIRE(s->append(b));
  CHECK(at(s->find_tx(compute_txid("n1", "creator")), 0, 0, 0));
  CHECK(at(s->find_tx(compute_txid("n2", "creator")), 0, 3, 0));
  has_all(*s, {b});
}

TEST_CASE("segments: every size gives the same chain, and only whole records move on") {
  const auto chain = make_chain(30, 500);
  const auto record = record::record_bytes(chain[0].encode().size());
  for (const std::uint64_t segment : {std::uint64_t{1}, record, record + 1, 5 * record, std::uint64_t{64 * MiB}}) {
    CAPTURE(segment);
    const auto files = make_memory_env();
    const auto kv = make_memory_kv();
    auto s = opened(files, kv, segment);
    append_all(*s, {chain.begin(), chain.begin() + 20});
    CHECK(s->sync());
    s = opened(files, kv, segment);
    append_all(*s, chain, 20);
    CHECK(s->sync());
    has_all(*s, chain);
    has_all(*opened(files, make_memory_kv(), segment), chain);
    const auto names = files->list().value();
    CHECK(names.front() == "blocks-000000");
    if (segment == 1) CHECK(names.size() == chain.size());
    CHECK((segment > MiB) == (names.size() == 1));
  }
}

TEST_CASE("an index that is missing or behind is made from the files") {
  const auto chain = make_chain(12);
  const auto files = make_memory_env();
  const auto early = make_memory_kv();
  {
    const auto s = opened(files, early);
    append_all(*s, {chain.begin(), chain.begin() + 5});
    CHECK(s->sync());
  }
  {
    const auto s = opened(files, make_memory_kv());  // the early index learns nothing of what follows
    append_all(*s, chain, 5);
    CHECK(s->sync());
  }
  open_report report;
  has_all(*opened(files, early, 64 * MiB, &report), chain);
  CHECK(report.indexed_blocks == 7);
  CHECK(report.cut_bytes == 0);
  open_report all;
  has_all(*opened(files, make_memory_kv(), 64 * MiB, &all), chain);
  CHECK(all.indexed_blocks == 12);
  open_report none;
  has_all(*opened(files, early, 64 * MiB, &none), chain);
  CHECK(none.indexed_blocks == 0);
}

TEST_CASE("an index that knows more than the files refuses to open") {
  const auto chain = make_chain(6);
  struct row { const char* name; void (*damage)(env&); };
  const row rows[] = {
      {"all files removed", [](env& e) {
         const auto names = e.list().value();
         for (const auto& n : names) CHECK(e.remove(n));
       }},
      {"the last file removed", [](env& e) { CHECK(e.remove(e.list()->back())); }},
      {"the last file shortened by a byte", [](env& e) { auto f = e.open(e.list()->back()).value(); CHECK(f->truncate(f->size() - 1)); }},
      {"the last file emptied", [](env& e) { CHECK(e.open(e.list()->back()).value()->truncate(0)); }},
      {"a file in the middle removed", [](env& e) { CHECK(e.remove("blocks-000001")); }},
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    const auto files = make_memory_env();
    const auto kv = make_memory_kv();
    {
      const auto s = opened(files, kv, 400);
      append_all(*s, chain);
      CHECK(s->sync());
      REQUIRE(files->list()->size() > 2);
    }
    r.damage(*files);
    const auto s = open_block_store(files, kv, 400);
    REQUIRE_FALSE(s);
    CHECK(s.error().code == errc::corruption);
    CHECK(s.error().context.find("blocks-00000") != std::string::npos);
  }
}

TEST_CASE("an index of another channel is not believed") {
  const auto chain = make_chain(4);
  const auto files = make_memory_env();
  const auto kv = make_memory_kv();
  const auto s = opened(files, make_memory_kv());
  append_all(*s, chain);
  CHECK(s->sync());
  std::vector<block> other{next_block({}, {"0.0"}, 40)};
  for (const char* id : {"x", "y", "z"}) other.push_back(next_block(other.back(), {id}, 38));
  const auto s2 = opened(make_memory_env(), kv);
  append_all(*s2, other);
  CHECK(s2->sync());
  const auto mixed = open_block_store(files, kv);
  REQUIRE_FALSE(mixed);
  CHECK(mixed.error().code == errc::corruption);
}

TEST_CASE("a full disk refuses the block and the store goes on") {
  const auto chain = make_chain(8, 300);
  const auto files = make_memory_env();
  const auto kv = make_memory_kv();
  const auto s = opened(files, kv, 1000);
  append_all(*s, {chain.begin(), chain.begin() + 4});
  CHECK(s->sync());
  for (const std::uint64_t room : {0u, 1u, 23u, 24u, 100u, 300u}) {
    files->fail_after(room);
    const auto refused = s->append(chain[4]);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == errc::io);
    CHECK(refused.error().context.find("block 4") != std::string::npos);
    has_all(*s, {chain.begin(), chain.begin() + 4});
    CHECK(s->sync());
  }
  files->fail_after(1 * MiB);
  append_all(*s, chain, 4);
  CHECK(s->sync());
  has_all(*s, chain);
  has_all(*opened(files, make_memory_kv(), 1000), chain);
}

TEST_CASE("a deferred store leaves its entries to the owner's batch") {
  const auto chain = make_chain(6);
  const auto files = make_memory_env();
  const auto kv = make_memory_kv();
  auto s = open_deferred_block_store(files, kv).value();
  append_all(*s, {chain.begin(), chain.begin() + 3});
  CHECK(s->index_ops().ops.empty());  // nothing is on disk yet
  CHECK(s->sync());
  REQUIRE(s->append(chain[3]));
  kv_batch batch = s->index_ops();
  CHECK_FALSE(batch.ops.empty());
  has_all(*s, {chain.begin(), chain.begin() + 4});
  CHECK(testing::answers(kv->get("i/checkpoint"), std::optional<bytes>()));
  batch.put("mine", "too");
  CHECK(kv->write(batch, false));
  s->index_written();
  CHECK(s->index_ops().ops.empty());
  has_all(*s, {chain.begin(), chain.begin() + 4});
  CHECK(s->sync());
  CHECK_FALSE(s->index_ops().ops.empty());
  s.reset();
  open_report report;
  s = open_deferred_block_store(files, kv, 64 * MiB, &report).value();
  CHECK(report.indexed_blocks == 1);
  append_all(*s, chain, 4);
  has_all(*s, chain);
}

TEST_CASE("readers work beside the writer") {
  const auto chain = make_chain(120);
  const testing::scratch_folder scratch;
  const auto s = opened(open_disk_env(scratch.path() / "f", durability::off).value(), open_leveldb(scratch.path() / "kv").value(), 2000);
  bool good = true, written = true;  // the reader's, the writer's
  std::thread reader([&] {
    for (block_number seen; seen.value < chain.size();) {
      seen = s->height();
      if (seen.value == 0) continue;
      const std::size_t n = seen.value - 1;
      const auto b = s->read(block_number(n));
      good = good && b && b->hash() == chain[n].hash();
      good = good && at(s->find_tx(std::to_string(n) + ".0"), n, 0, static_cast<std::uint8_t>(n % 5));
      const auto old = s->read(block_number(n / 2));
      good = good && old && old->hash() == chain[n / 2].hash();
    }
  });
  for (const auto& b : chain) {
    written = written && s->append(b);
    if (b.number().value % 3 == 2) written = written && s->sync();
  }
  reader.join();
  CHECK(good);
  CHECK(written);
}

TEST_CASE("a store that is opened with many ids in its index knows them all at once, and when it has read them") {
  constexpr std::size_t blocks = 60, txs = 500;  // 30,000: more than is read at once
  const auto files = make_memory_env();
  const auto kv = make_memory_kv();
  std::vector<block> chain;
  const auto id = [](std::size_t b, std::size_t t) { return std::to_string(b) + "/" + std::to_string(t); };
  for (std::size_t b = 0; b < blocks; ++b) {
    std::vector<std::string> ids;
    for (std::size_t t = 0; t < txs; ++t) ids.push_back(id(b, t));
    chain.push_back(next_block(chain.empty() ? block{} : chain.back(), ids, 1));
  }
  {
    const auto first = open_block_store(files, kv).value();
    append_all(*first, chain);
    REQUIRE(first->sync());
  }
  const std::string long_id(500, 'l');
  const auto s = open_block_store(files, kv).value();
  for (std::size_t more = 0; more < 15; ++more) {  // each block lets it read some more
    CAPTURE(more);
    for (std::size_t b = 0; b < blocks; b += 7) {
      for (std::size_t t = 0; t < txs; t += 83) CHECK(at(s->find_tx(id(b, t)), b, t, 0));
    }
    CHECK_FALSE(s->find_tx("never seen").value().has_value());
    CHECK(s->find_tx(long_id).value().has_value() == (more > 0));
    chain.push_back(next_block(chain.back(), {more == 0 ? long_id : "more" + std::to_string(more), id(3, 3)}));
    REQUIRE(s->append(chain.back()));
    REQUIRE(s->sync());
    CHECK(at(s->find_tx(id(3, 3)), 3, 3, 0));
  }
}

TEST_CASE("a store without transaction index keeps blocks all the same, and says that it cannot look a transaction up") {
  const auto chain = make_chain(3);
  const auto files = make_memory_env();
  for (const bool reopened : {false, true}) {
    const auto kv = make_memory_kv();  // the index is made again from the files
    const auto s = open_block_store(files, kv, segment_bytes_default, nullptr, tx_index::none).value();
    if (!reopened) {
      append_all(*s, chain);
      REQUIRE(s->sync());
    }
    has_all(*s, chain);
    const auto found = s->find_tx(chain.back().envelopes().front().header()->tx_id);
    REQUIRE_FALSE(found.has_value());
    CHECK(found.error().code == errc::failed_precondition);
    const auto entries = kv->snapshot()->cursor();
    for (entries->seek("t/"); entries->valid(); entries->next()) CHECK_FALSE(entries->key().starts_with("t/"));
  }
}

TEST_CASE("ids that look alike are different ids, whether they are digests or not, also for a store that is opened again") {
  const std::string digest(64, 'a'), capitals(64, 'A'), mixed = std::string(63, 'a') + "A", no_hex = std::string(63, 'a') + "g", raw(32, '*');
  const std::vector<std::string> ids = {digest, capitals, mixed, no_hex, digest.substr(1), digest + "a", to_hex(raw), raw, std::string(1, '\0') + raw, "1"};
  const auto files = make_memory_env();
  const auto kv = make_memory_kv();
  const auto b = next_block(block{}, ids, 1);
  for (const bool reopened : {false, true, true}) {
    const auto s = open_block_store(files, kv).value();
    if (!reopened) {
      REQUIRE(s->append(b));
      REQUIRE(s->sync());
    }
    for (std::size_t i = 0; i < ids.size(); ++i) {
      CAPTURE(ids[i]);
      CHECK(at(s->find_tx(ids[i]), 0, i, 0));
    }
    for (const auto& absent : {std::string(64, 'b'), std::string(62, 'a') + "AA", std::string(1, '\1') + raw, std::string("a")}) {
      CAPTURE(absent);
      CHECK_FALSE(s->find_tx(absent).value().has_value());
    }
  }
}

TEST_CASE("an index of another format is made anew from the block files") {
  const std::string digest(64, 'c');
  const auto files = make_memory_env();
  const auto b = next_block(block{}, {digest, "two"}, 1);
  const auto kv = make_memory_kv();
  {
    const auto s = open_block_store(files, kv).value();
    REQUIRE(s->append(b));
    REQUIRE(s->sync());
  }
  auto checkpoint = kv->get("i/checkpoint").value().value();
  checkpoint[0] = 1;
  kv_batch old;  // as the first format wrote it: the id as it is, to a place that is wrong
  old.put("i/checkpoint", checkpoint);
  old.put("t/" + digest, bytes(17, '\x7f'));
  old.put("t/two", bytes(17, '\x7f'));
  REQUIRE(kv->write(old, false));
  open_report report;
  const auto s = open_block_store(files, kv, segment_bytes_default, &report).value();
  CHECK(report.indexed_blocks == 1);
  CHECK(at(s->find_tx(digest), 0, 0, 0));
  CHECK(at(s->find_tx("two"), 0, 1, 0));
}
