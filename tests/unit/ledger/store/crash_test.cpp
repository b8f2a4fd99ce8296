// Torn tails are cut and damage is refused: at every byte, and over many random crashes.
#include <doctest/doctest.h>

#include "ledger/store/block_store.hpp"
#include "ledger/store/record.hpp"
#include "tests/unit/ledger/store/answers.hpp"
#include "tests/unit/ledger/store/block_maker.hpp"
#include "tests/unit/ledger/store/seeds.hpp"

using namespace weft;
using namespace weft::ledger;
using testing::make_chain;

namespace {

constexpr const char* first_file = "blocks-000000";

std::uint64_t record_size(const block& b) { return record::record_bytes(b.encode().size()); }

// A folder with one file of these bytes.
std::shared_ptr<memory_env> with_file(bytes_view contents) {
  auto e = make_memory_env();
  REQUIRE(e->replace(first_file, contents));
  return e;
}
bytes file_of(const std::vector<block>& chain) {
  const auto e = make_memory_env();
  const auto s = open_block_store(e, make_memory_kv()).value();
  for (const auto& b : chain) REQUIRE(s->append(b));
  REQUIRE(s->sync());
  return e->open(first_file).value()->read(0, 1 * MiB).value();
}
void check_prefix(const block_store& s, const std::vector<block>& chain, std::size_t height) {
  REQUIRE(s.height() == block_number(height));
  CHECK(s.last_hash() == (height == 0 ? bytes() : chain[height - 1].hash()));
  for (std::size_t n = 0; n < height; ++n) {
    const auto b = s.read(block_number(n));
    REQUIRE(b.has_value());
    CHECK(b->encode() == chain[n].encode());
    CHECK(s.find_tx(std::to_string(n) + ".0").value().has_value());
  }
  if (height < chain.size()) CHECK_FALSE(s.find_tx(std::to_string(height) + ".0").value().has_value());
}

}  // namespace

TEST_CASE("a tail torn at any byte, or zeroed from any byte, is cut to the last whole block") {
  const auto chain = make_chain(3, 30);
  const bytes whole = file_of(chain);
  const std::uint64_t second = record_size(chain[0]), third = second + record_size(chain[1]);
  for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
    CAPTURE(cut);
    const std::size_t height = cut < second ? 0 : cut < third ? 1 : cut < whole.size() ? 2 : 3;
    const std::uint64_t kept = height == 0 ? 0 : height == 1 ? second : height == 2 ? third : whole.size();
    for (const std::size_t zeros : {std::size_t{0}, std::size_t{1}, std::size_t{5000}}) {
      CAPTURE(zeros);
      const auto e = with_file(whole.substr(0, cut) + bytes(zeros, '\0'));
      open_report report;
      const auto s = open_block_store(e, make_memory_kv(), 64 * MiB, &report);
      REQUIRE_MESSAGE(s.has_value(), s.error().context);
      check_prefix(**s, chain, height);
      CHECK(report.cut_bytes == cut + zeros - kept);
      CHECK(report.cut_file == (report.cut_bytes == 0 ? "" : first_file));
      if (report.cut_bytes > 0) CHECK(report.cut_at == kept);
      for (std::size_t n = height; n < chain.size(); ++n) REQUIRE((*s)->append(chain[n]));  // and it goes on
      CHECK((*s)->sync());
      CHECK(testing::answers(e->open(first_file).value()->read(0, 1 * MiB), whole));
    }
  }
}

TEST_CASE("a flipped bit anywhere is refused: on opening without an index, on reading with one") {
  const auto chain = make_chain(3, 30);
  const bytes whole = file_of(chain);
  const auto kv = make_memory_kv();
  CHECK(open_block_store(with_file(whole), kv).has_value());
  for (std::uint64_t bit = 0; bit < whole.size() * 8; ++bit) {
    CAPTURE(bit);
    const auto e = with_file(whole);
    e->flip_bit(first_file, bit);
    const bytes before = e->open(first_file).value()->read(0, 1 * MiB).value();
    const auto unindexed = open_block_store(e, make_memory_kv());
    REQUIRE_FALSE(unindexed);
    CHECK(unindexed.error().code == errc::corruption);
    CHECK(unindexed.error().context.find("blocks-000000 at offset ") != std::string::npos);
    CHECK(testing::answers(e->open(first_file).value()->read(0, 1 * MiB), before));  // evidence stays
    const auto indexed = open_block_store(e, kv);
    if (!indexed) {
      CHECK(indexed.error().code == errc::corruption);  // in the last block, which opening reads
      CHECK(bit / 8 >= record_size(chain[0]) + record_size(chain[1]));
      continue;
    }
    std::size_t damaged = 0;
    for (std::uint64_t n = 0; n < 3; ++n) {
      const auto b = (*indexed)->read(block_number(n));
      if (b) continue;
      ++damaged;
      CHECK(b.error().code == errc::corruption);
      CHECK(b.error().context.find("blocks-000000 at offset ") != std::string::npos);
    }
    CHECK(damaged == 1);
  }
}

TEST_CASE("what else can stand in a file") {
  const auto chain = make_chain(3, 30);
  const bytes whole = file_of(chain), first = file_of({chain[0]});
  const bytes second = whole.substr(first.size(), record_size(chain[1])), third = whole.substr(first.size() + second.size());
  struct row { const char* name; bytes contents; const char* text; };
  const row rows[] = {
      {"foreign bytes", "#!/bin/sh\necho this is no block file\n", "no record's header"},
      {"a block is missing", first + third, "the next one is 1"},
      {"a block stands twice", first + second + second, "the next one is 2"},
      {"a torn block and more behind it", first + second.substr(0, 60) + third, "differs from its checksum"},
      {"zeros between blocks", first + bytes(64, '\0') + second, "no record's header"},
      {"a block of another chain", first + file_of(make_chain(2, 31)).substr(record_size(make_chain(1, 31)[0])), "follows"},
      {"a length that nobody writes",
       first + record::encode_header({0xffffffff, block_number(1), 0}) + bytes(40, 'x'), "claims 4294967295 bytes"},
      {"a record that holds no block", record::encode_header({2, block_number(0), 0x12345678}) + "xx" + bytes(record::end_mark), "checksum"},
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    const auto s = open_block_store(with_file(r.contents), make_memory_kv());
    REQUIRE_FALSE(s);
    CHECK(s.error().code == errc::corruption);
    CHECK_MESSAGE(s.error().context.find(r.text) != std::string::npos, s.error().context);
  }
}

TEST_CASE("a torn file before the last one is damage") {
  const auto chain = make_chain(4, 30);
  const auto e = make_memory_env();
  const auto s = open_block_store(e, make_memory_kv(), 1).value();
  for (const auto& b : chain) REQUIRE(s->append(b));
  auto f = e->open("blocks-000001").value();
  CHECK(f->truncate(f->size() - 3));
  const auto again = open_block_store(e, make_memory_kv(), 1);
  REQUIRE_FALSE(again);
  CHECK(again.error().code == errc::corruption);
  CHECK(again.error().context.find("blocks-000001 at offset 0") != std::string::npos);
}

TEST_CASE("no synced block is lost in any crash, and what survives is a prefix of the chain") {
  const auto chain = make_chain(60, 200);
  for (const auto seed : testing::seeds(300)) {
    CAPTURE(seed);
    seeded_random random(seed);
    const std::uint64_t segment = 1 + random.below(4000);
    std::shared_ptr<memory_env> files = make_memory_env();
    auto kv = make_memory_kv();
    std::size_t synced = 0;
    for (int life = 0; life < 6; ++life) {
      const auto s = open_block_store(files, kv, segment);
      REQUIRE_MESSAGE(s.has_value(), s.error().context);
      const std::size_t height = (*s)->height().value;
      REQUIRE(height >= synced);
      check_prefix(**s, chain, height);
      synced = height;  // what opening shows, it has made durable
      std::size_t next = height;
      for (auto n = random.below(12); n > 0 && next < chain.size(); --n) {
        REQUIRE((*s)->append(chain[next]));
        ++next;
        if (random.below(3) == 0) {
          REQUIRE((*s)->sync());
          synced = next;
        }
      }
      if (random.below(3) == 0) continue;  // only the process died: what it wrote is still in the page cache
      files = files->crash(random);
      if (random.below(3) == 0) kv = make_memory_kv();  // the index went with the crash
    }
  }
}
