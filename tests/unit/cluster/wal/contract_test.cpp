// What the raft core relies on, asked of every storage there is: in memory, and on disk with and without a memory of its own.
#include <doctest/doctest.h>

#include <functional>

#include "cluster/raft/memory_storage.hpp"
#include "tests/unit/cluster/wal/model.hpp"

using namespace weft;
using namespace weft::testing;

namespace {

/// A storage and its writer.
class subject {
 public:
  virtual ~subject() = default;
  [[nodiscard]] virtual const log_storage& log() const = 0;
  virtual result<void> write(const wal_batch& b) = 0;
  virtual result<void> compact(snapshot_ptr made, log_index forget) = 0;
};

class in_memory final : public subject {
 public:
  explicit in_memory(const conf_state& members) {
    auto s = std::make_shared<snapshot>();
    s->members = members;
    REQUIRE(storage_.restore(s));
  }
  const log_storage& log() const override { return storage_; }
  result<void> write(const wal_batch& b) override {
    if (b.restore) WEFT_CHECK(storage_.restore(b.restore));
    storage_.append({b.entries.begin(), b.entries.end()});
    if (b.hard) storage_.save(*b.hard);
    return {};
  }
  result<void> compact(snapshot_ptr made, log_index forget) override {
    if (made) {
      auto done = storage_.make_snapshot(made->at.index, made->members, made->data);
      if (!done) return fail(std::move(done).error());
    }
    return forget >= storage_.first_index() ? storage_.compact(forget) : result<void>{};
  }

 private:
  memory_storage storage_;
};

class on_disk final : public subject {
 public:
  on_disk(const conf_state& members, wal_options options, bool reopen) : options_(options), reopen_(reopen) {
    open();
    REQUIRE(log_->begin(members));
  }
  const log_storage& log() const override { return *log_; }
  result<void> write(const wal_batch& b) override { return then(log_->write(b)); }
  result<void> compact(snapshot_ptr made, log_index forget) override { return then(log_->compact(std::move(made), forget)); }

 private:
  void open() {
    log_.reset();
    auto opened = write_ahead_log::open(files_, options_);
    REQUIRE_MESSAGE(opened.has_value(), opened.error().context);
    log_ = *std::move(opened);
  }
  result<void> then(result<void> done) {
    if (reopen_) open();
    return done;
  }
  std::shared_ptr<ledger::memory_env> files_ = ledger::make_memory_env();
  wal_options options_;
  bool reopen_;
  std::unique_ptr<write_ahead_log> log_;
};

struct kind { const char* name; std::function<std::unique_ptr<subject>(const conf_state&)> make; };
const kind kinds[] = {
    {"memory_storage", [](const conf_state& m) { return std::make_unique<in_memory>(m); }},
    {"write_ahead_log", [](const conf_state& m) { return std::make_unique<on_disk>(m, wal_options{}, false); }},
    {"small files, no cache", [](const conf_state& m) { return std::make_unique<on_disk>(m, wal_options{1, 0}, false); }},
    {"a cache of some entries", [](const conf_state& m) { return std::make_unique<on_disk>(m, wal_options{300, 150}, false); }},
    {"opened anew after each write", [](const conf_state& m) { return std::make_unique<on_disk>(m, wal_options{500, 100}, true); }},
};

void for_each_kind(const std::function<void(subject&)>& check) {
  for (const auto& k : kinds) {
    CAPTURE(k.name);
    const auto s = k.make(conf_state{{1, 2, 3}, {4}, {}, {}, false});
    check(*s);
  }
}

std::vector<log_index> indices(const std::vector<entry>& all) {
  std::vector<log_index> out;
  for (const auto& e : all) out.push_back(e.index);
  return out;
}

}  // namespace

TEST_CASE("a new log is empty and knows the first members") {
  for_each_kind([](subject& s) {
    const auto initial = s.log().initial_state();
    REQUIRE(initial.has_value());
    CHECK(initial->hard.empty());
    CHECK(initial->members == conf_state{{1, 2, 3}, {4}, {}, {}, false});
    CHECK(s.log().first_index() == 1);
    CHECK(s.log().last_index() == 0);
    CHECK(s.log().term(0) == term_number{0});
    CHECK_FALSE(s.log().term(1));
    REQUIRE(s.log().latest_snapshot() != nullptr);
    CHECK(s.log().latest_snapshot()->empty());
  });
}

TEST_CASE("terms are known from the entry before the first to the last") {
  for_each_kind([](subject& s) {
    REQUIRE(s.write({std::nullopt, make_snapshot({3, 3}), {}, true}));
    REQUIRE(s.write({std::nullopt, nullptr, std::vector{make_entry(4, 4), make_entry(5, 5), make_entry(5, 6)}, true}));
    struct row { log_index index; std::optional<term_number> term; };
    for (const auto& r : {row{2, {}}, row{3, 3}, row{4, 4}, row{5, 5}, row{6, 5}, row{7, {}}}) {
      CAPTURE(r.index);
      CHECK(s.log().term(r.index) == r.term);
    }
    std::vector<entry> out;
    const auto gone = s.log().entries(3, 5, unlimited, out);
    REQUIRE_FALSE(gone);
    CHECK(gone.error().code == errc::not_found);
    CHECK(out.empty());
  });
}

TEST_CASE("entries come up to a weight, and the first one always") {
  for_each_kind([](subject& s) {
    std::vector<entry> all;
    for (log_index i = 1; i <= 6; ++i) all.push_back(make_entry(i, i, bytes(i == 4 ? 0 : 100, 'x')));
    REQUIRE(s.write({std::nullopt, nullptr, all, true}));
    const std::size_t one = weight(all[0]), empty = weight(all[3]);
    struct row { const char* name; log_index from, until; std::size_t bytes_max; std::vector<log_index> want; };
    const row rows[] = {
        {"no limit", 1, 7, unlimited, {1, 2, 3, 4, 5, 6}},
        {"a part", 3, 5, unlimited, {3, 4}},
        {"nothing fits, so one comes", 2, 7, 0, {2}},
        {"exactly two", 1, 7, 2 * one, {1, 2}},
        {"two, but for a byte", 1, 7, 2 * one - 1, {1}},
        {"an empty one weighs a little", 3, 7, one + empty, {3, 4}},
        {"no range", 3, 3, unlimited, {}},
    };
    for (const auto& r : rows) {
      CAPTURE(r.name);
      std::vector<entry> out{make_entry(9, 99)};
      REQUIRE(s.log().entries(r.from, r.until, r.bytes_max, out));
      CHECK(out[0] == make_entry(9, 99));  // appended behind what was there
      out.erase(out.begin());
      CHECK(indices(out) == r.want);
      for (const auto& e : out) CHECK(e == all[e.index - 1]);
    }
  });
}

TEST_CASE("entries replace what stands at their places and behind") {
  struct row { const char* name; std::vector<entry> second; std::vector<position> want; };
  const row rows[] = {
      {"behind the last", {make_entry(5, 6)}, {{3, 3}, {4, 4}, {5, 5}, {5, 6}}},
      {"the same again", {make_entry(3, 3), make_entry(4, 4), make_entry(5, 5)}, {{3, 3}, {4, 4}, {5, 5}}},
      {"others, and more", {make_entry(6, 3), make_entry(6, 4), make_entry(6, 5), make_entry(6, 6)}, {{6, 3}, {6, 4}, {6, 5}, {6, 6}}},
      {"a shorter log", {make_entry(6, 4)}, {{3, 3}, {6, 4}}},
      {"from within the snapshot on", {make_entry(2, 1), make_entry(2, 2), make_entry(6, 3)}, {{6, 3}}},
      {"only what the snapshot covers", {make_entry(2, 1), make_entry(2, 2)}, {{3, 3}, {4, 4}, {5, 5}}},
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    for_each_kind([&](subject& s) {
      REQUIRE(s.write({std::nullopt, make_snapshot({2, 2}), std::vector{make_entry(3, 3), make_entry(4, 4), make_entry(5, 5)}, true}));
      REQUIRE(s.write({std::nullopt, nullptr, r.second, true}));
      std::vector<position> have;
      const auto shown = state_of(s.log()).value();
      for (const auto& e : shown.entries) have.push_back(e.at());
      CHECK(have == r.want);
    });
  }
}

TEST_CASE("a snapshot made here stays beside entries that it covers, until they are forgotten") {
  for_each_kind([](subject& s) {
    REQUIRE(s.write({hard_state{5, 2, 6}, nullptr, make_entries(5, 1, 8), true}));
    REQUIRE(s.compact(make_snapshot({5, 6}, {1, 2}, "at six"), 3));
    CHECK(s.log().first_index() == 4);
    CHECK(s.log().last_index() == 8);
    CHECK(s.log().term(3) == term_number{5});
    CHECK_FALSE(s.log().term(2));
    CHECK(s.log().latest_snapshot()->at == position{5, 6});
    CHECK(s.log().latest_snapshot()->data.view() == "at six");
    CHECK(s.log().initial_state()->members.voters == std::vector<node_id>{1, 2});
    CHECK(s.log().initial_state()->hard == hard_state{5, 2, 6});
    REQUIRE(s.compact(nullptr, 6));
    CHECK(s.log().first_index() == 7);
    const auto older = s.compact(make_snapshot({5, 6}), 6);
    REQUIRE_FALSE(older);
    CHECK(older.error().code == errc::already_exists);
    const auto beyond = s.compact(make_snapshot({5, 9}), 6);
    REQUIRE_FALSE(beyond);
    CHECK(beyond.error().code == errc::not_found);
    CHECK(s.log().latest_snapshot()->at == position{5, 6});
  });
}

TEST_CASE("a snapshot of another replaces the log, also in the middle of it") {
  for (const log_index at : {log_index{4}, log_index{8}, log_index{20}}) {
    CAPTURE(at);
    for_each_kind([&](subject& s) {
      REQUIRE(s.write({hard_state{5, 2, 3}, nullptr, make_entries(5, 1, 8), true}));
      REQUIRE(s.write({hard_state{6, 0, at}, make_snapshot({6, at}, {7}), {}, true}));
      CHECK(s.log().first_index() == at + 1);
      CHECK(s.log().last_index() == at);
      CHECK(s.log().term(at) == term_number{6});
      CHECK(s.log().initial_state()->members.voters == std::vector<node_id>{7});
      REQUIRE(s.write({std::nullopt, nullptr, make_entries(7, at + 1, 2), true}));
      CHECK(s.log().last_index() == at + 2);
      CHECK(state_of(s.log())->entries == make_entries(7, at + 1, 2));
    });
  }
}

TEST_CASE("every storage tells the same after the same random history") {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    for_each_kind([&](subject& s) {
      seeded_random random(seed);
      histories draw(random);
      log_state want = state_of(s.log()).value();
      for (int i = 0; i < 40; ++i) {
        const auto op = draw.next(want);
        const auto done = op.is_compaction ? s.compact(op.made, op.forget) : s.write(op.batch());
        REQUIRE_MESSAGE(done.has_value(), done.error().context);
        op.apply_to(want);
        const auto have = state_of(s.log());
        REQUIRE_MESSAGE(have.has_value(), have.error().context);
        REQUIRE((*have == want));
      }
    });
  }
}
