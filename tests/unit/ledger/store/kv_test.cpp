#include "ledger/store/kv.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <map>
#include <thread>

#include "config/base/random.hpp"
#include "tests/unit/ledger/store/answers.hpp"
#include "tests/unit/ledger/store/scratch_folder.hpp"
#include "tests/unit/ledger/store/seeds.hpp"

using namespace weft;
using namespace weft::ledger;
using weft::testing::answers;

namespace {

using pairs = std::vector<std::pair<bytes, bytes>>;

pairs all_from(kv_cursor& c, bytes_view start = {}) {
  pairs out;
  for (c.seek(start); c.valid(); c.next()) out.emplace_back(c.key(), c.value());
  CHECK(c.status());
  return out;
}

// Runs the test against both stores.
template <class Test>
void on_both(Test test) {
  SUBCASE("memory") { test(*make_memory_kv()); }
  SUBCASE("leveldb") {
    const testing::scratch_folder scratch;
    auto kv = open_leveldb(scratch.path() / "db");
    REQUIRE(kv);
    test(**kv);
  }
}

}  // namespace

TEST_CASE("a batch is applied in order, and the last change of a key wins") {
  on_both([](kv_store& kv) {
    kv_batch b;
    b.put("k", "1");
    b.put("k", "2");
    b.put("gone", "x");
    b.erase("gone");
    b.put("", "the empty key");
    b.put(bytes("\0\xff", 2), "");
    CHECK(kv.write(b, true));
    CHECK(answers(kv.get("k"), std::optional<bytes>("2")));
    CHECK(answers(kv.get("gone"), std::optional<bytes>()));
    CHECK(answers(kv.get(""), std::optional<bytes>("the empty key")));
    CHECK(answers(kv.get(bytes_view("\0\xff", 2)), std::optional<bytes>("")));
    CHECK(answers(kv.get("never"), std::optional<bytes>()));
    CHECK(kv.write({}, false));
  });
}

TEST_CASE("cursors walk unsigned byte order") {
  on_both([](kv_store& kv) {
    kv_batch b;
    for (const bytes& k : {bytes("b"), bytes("a"), bytes("\xff"), bytes("\x7f"), bytes("a\0", 2), bytes("\0", 1)}) b.put(k, "v" + k);
    CHECK(kv.write(b, false));
    const auto cursor = kv.snapshot()->cursor();
    CHECK_FALSE(cursor->valid());
    const pairs everything = all_from(*cursor);
    REQUIRE(everything.size() == 6);
    const bytes order[] = {bytes("\0", 1), "a", bytes("a\0", 2), "b", "\x7f", "\xff"};
    for (std::size_t i = 0; i < 6; ++i) CHECK(everything[i] == std::pair<bytes, bytes>(order[i], "v" + order[i]));
    CHECK(all_from(*cursor, bytes_view("a\0", 2)).size() == 4);
    cursor->seek("\xff\xff");
    CHECK_FALSE(cursor->valid());
    cursor->next();
    CHECK(cursor->key().empty());
  });
}

TEST_CASE("a snapshot and its cursors do not see later writes") {
  on_both([](kv_store& kv) {
    kv_batch first;
    first.put("a", "1");
    first.put("b", "1");
    CHECK(kv.write(first, false));
    const auto before = kv.snapshot();
    auto cursor = before->cursor();
    cursor->seek("");
    kv_batch second;
    second.erase("a");
    second.put("b", "2");
    second.put("aa", "2");
    CHECK(kv.write(second, false));
    CHECK(answers(before->get("a"), std::optional<bytes>("1")));
    CHECK(answers(before->get("aa"), std::optional<bytes>()));
    CHECK(all_from(*cursor) == pairs{{"a", "1"}, {"b", "1"}});
    CHECK(all_from(*kv.snapshot()->cursor()) == pairs{{"aa", "2"}, {"b", "2"}});
    auto orphan = kv.snapshot()->cursor();  // outlives its snapshot
    CHECK(kv.write(first, false));
    CHECK(all_from(*orphan) == pairs{{"aa", "2"}, {"b", "2"}});
  });
}

TEST_CASE("both stores agree with each other and with a plain map, snapshots included") {
  for (const auto seed : testing::seeds(20)) {
    CAPTURE(seed);
    const testing::scratch_folder scratch;
    auto opened = open_leveldb(scratch.path(), {.write_buffer_bytes = 64 * KiB});
    REQUIRE(opened);
    const std::shared_ptr<kv_store> stores[] = {*opened, make_memory_kv()};
    seeded_random random(seed);
    std::map<bytes, bytes> model;
    struct moment { std::map<bytes, bytes> model; std::shared_ptr<const kv_snapshot> seen[2]; };
    std::vector<moment> moments;
    for (int step = 0; step < 150; ++step) {
      kv_batch b;
      for (auto n = random.below(8); n > 0; --n) {
        const bytes key = "k" + std::to_string(random.below(40));
        if (random.below(3) == 0) {
          b.erase(key);
          model.erase(key);
        } else {
          b.put(key, random.make_bytes(random.below(400)));
          model[key] = b.ops.back().value;
        }
      }
      for (const auto& kv : stores) REQUIRE(kv->write(b, false));
      if (random.below(10) == 0) moments.push_back({model, {stores[0]->snapshot(), stores[1]->snapshot()}});
      if (!moments.empty() && random.below(15) == 0) moments.erase(moments.begin() + static_cast<long>(random.below(moments.size())));
    }
    moments.push_back({model, {stores[0]->snapshot(), stores[1]->snapshot()}});
    for (const auto& m : moments)
      for (const auto& seen : m.seen) {
        CHECK(all_from(*seen->cursor()) == pairs(m.model.begin(), m.model.end()));
        CHECK(answers(seen->get("k7"), (m.model.contains("k7") ? std::optional<bytes>(m.model.at("k7")) : std::nullopt)));
      }
  }
}

TEST_CASE("readers and a writer work at the same time") {
  on_both([](kv_store& kv) {
    std::thread writer([&] {
      for (int i = 0; i < 300; ++i) {
        kv_batch b;
        b.put("left", std::to_string(i));
        b.put("right", std::to_string(i));
        if (!kv.write(b, false)) break;
      }
    });
    bool equal = true;
    for (int i = 0; i < 300; ++i) {
      const auto s = kv.snapshot();
      equal = equal && s->get("left") == s->get("right");
      pairs seen = all_from(*s->cursor());
      equal = equal && (seen.empty() || (seen.size() == 2 && seen[0].second == seen[1].second));
    }
    writer.join();
    CHECK(equal);
    CHECK(answers(kv.get("left"), std::optional<bytes>("299")));
  });
}

TEST_CASE("LevelDB keeps its contents; a second owner and damage are told apart") {
  const testing::scratch_folder scratch;
  {
    auto kv = open_leveldb(scratch.path());
    REQUIRE(kv);
    kv_batch b;
    b.put("k", "v");
    CHECK((*kv)->write(b, true));
    const auto second = open_leveldb(scratch.path());
    REQUIRE_FALSE(second);
    CHECK(second.error().code == errc::io);
    CHECK(second.error().context.find(scratch.path().string()) != std::string::npos);
  }
  {
    auto kv = open_leveldb(scratch.path());
    REQUIRE(kv);
    CHECK(answers((*kv)->get("k"), std::optional<bytes>("v")));
  }
  std::ofstream(scratch.path() / "CURRENT", std::ios::trunc) << "MANIFEST-999999\n";
  const auto damaged = open_leveldb(scratch.path());
  REQUIRE_FALSE(damaged);
  CHECK(damaged.error().code == errc::corruption);
}
