// How it writes: one append and one sync, what happens when the disk refuses, what stays bounded, and readers beside the writer.
#include <doctest/doctest.h>

#include <thread>

#include "cluster/raft/core.hpp"
#include "tests/unit/cluster/wal/faulty_env.hpp"
#include "tests/unit/cluster/wal/model.hpp"
#include "tests/unit/ledger/store/scratch_folder.hpp"

using namespace weft;
using namespace weft::testing;

namespace {

struct rig {
  explicit rig(wal_options o = {}) : options(o) { open(); REQUIRE(log->begin(conf_state{{1, 2, 3}, {}, {}, {}, false})); }
  void open() {
    log.reset();
    disk = std::make_shared<faulty_env>(folder);
    auto opened = write_ahead_log::open(disk, options);
    REQUIRE_MESSAGE(opened.has_value(), opened.error().context);
    log = *std::move(opened);
  }
  log_state state() const { return state_of(*log).value(); }

  wal_options options;
  std::shared_ptr<ledger::memory_env> folder = ledger::make_memory_env();
  std::shared_ptr<faulty_env> disk;
  std::unique_ptr<write_ahead_log> log;
};

errc code_of(const result<void>& r) {
  REQUIRE_FALSE(r);
  return r.error().code;
}

}  // namespace

TEST_CASE("a new log takes and tells nothing before it is begun, and is begun once") {
  auto log = write_ahead_log::open(ledger::make_memory_env()).value();
  CHECK_FALSE(log->begun());
  CHECK(log->initial_state().error().code == errc::failed_precondition);
  CHECK(code_of(log->write(wal_batch{hard_state{1, 1, 0}, nullptr, {}, true})) == errc::failed_precondition);
  CHECK(code_of(log->compact(nullptr, 0)) == errc::failed_precondition);
  REQUIRE(log->begin(conf_state{{1}, {}, {}, {}, false}));
  CHECK(log->begun());
  CHECK(code_of(log->begin(conf_state{{2}, {}, {}, {}, false})) == errc::already_exists);
  CHECK(log->initial_state()->members.voters == std::vector<node_id>{1});
}

TEST_CASE("a batch costs one append, and one sync if it is asked for") {
  struct row { const char* name; wal_batch batch; std::uint64_t appends, syncs; };
  static const auto some = make_entries(1, 1, 5);
  const row rows[] = {
      {"entries and hard state", {hard_state{1, 1, 0}, nullptr, some, true}, 1, 1},
      {"only the commit index", {hard_state{1, 1, 3}, nullptr, {}, false}, 1, 0},
      {"nothing, but the one before is to be on disk", {std::nullopt, nullptr, {}, true}, 0, 1},
      {"nothing at all", {std::nullopt, nullptr, {}, true}, 0, 0},
      {"a snapshot, though nobody asked for a sync", {std::nullopt, make_snapshot({1, 9}), {}, false}, 1, 1},
      {"entries that the snapshot covers", {std::nullopt, nullptr, some, true}, 0, 0},
  };
  rig r;
  for (const auto& row : rows) {
    CAPTURE(row.name);
    const auto appends = r.disk->appends(), syncs = r.disk->syncs();
    REQUIRE(r.log->write(row.batch));
    CHECK(r.disk->appends() - appends == row.appends);
    CHECK(r.disk->syncs() - syncs == row.syncs);
  }
}

TEST_CASE("what raft asks for is written as one") {
  rig r;
  ready todo;
  todo.hard = hard_state{3, 2, 1};
  todo.entries = make_entries(3, 1, 2);
  todo.must_sync = true;
  const auto syncs = r.disk->syncs();
  REQUIRE(r.log->write(todo));
  CHECK(r.disk->syncs() == syncs + 1);
  CHECK(r.state().hard == hard_state{3, 2, 1});
  CHECK(r.state().entries == todo.entries);
}

TEST_CASE("data of entries is kept by reference while it is in memory") {
  rig r({16 * MiB, 1000});
  const auto all = make_entries(1, 1, 8, 200);
  REQUIRE(r.log->write({std::nullopt, nullptr, all, true}));
  std::vector<entry> out;
  REQUIRE(r.log->entries(1, 9, unlimited, out));
  CHECK(out == all);
  CHECK(out[7].data.view().data() == all[7].data.view().data());
  CHECK(out[0].data.view().data() != all[0].data.view().data());  // read from its file
  CHECK(r.log->used().cached_bytes <= 1000);
  CHECK(r.log->used().cached_bytes >= 800);
}

TEST_CASE("what cannot be written is refused and changes nothing") {
  rig r;
  REQUIRE(r.log->write({hard_state{1, 1, 2}, nullptr, make_entries(1, 1, 9), true}));
  REQUIRE(r.log->compact(make_snapshot({1, 5}), 3));
  const auto before = r.state();
  const auto effects = r.disk->effects();
  const auto out_of_order = std::vector{make_entry(1, 10), make_entry(1, 12)};
  CHECK(code_of(r.log->write({std::nullopt, nullptr, make_entries(1, 11, 1), true})) == errc::invalid_argument);
  CHECK(code_of(r.log->write({std::nullopt, nullptr, out_of_order, true})) == errc::invalid_argument);
  CHECK(code_of(r.log->write({std::nullopt, make_snapshot({1, 5}), {}, true})) == errc::invalid_argument);
  CHECK(code_of(r.log->write({std::nullopt, make_snapshot({1, 20}), make_entries(1, 22, 1), true})) == errc::invalid_argument);
  CHECK(code_of(r.log->write({std::nullopt, make_snapshot({1, 20}, {1}, bytes(16 * MiB + 1, 'x')), {}, true})) == errc::invalid_argument);
  CHECK(code_of(r.log->compact(make_snapshot({1, 5}), 5)) == errc::already_exists);
  CHECK(code_of(r.log->compact(make_snapshot({1, 10}), 5)) == errc::not_found);
  CHECK(code_of(r.log->compact(make_snapshot({2, 7}), 5)) == errc::invalid_argument);
  CHECK(code_of(r.log->compact(make_snapshot({1, 7}), 8)) == errc::invalid_argument);
  CHECK(code_of(r.log->compact(nullptr, 6)) == errc::invalid_argument);
  CHECK(code_of(r.log->compact(nullptr, 60)) == errc::not_found);
  CHECK(r.disk->effects() == effects);
  CHECK((r.state() == before));
  std::vector<entry> out;
  CHECK(code_of(r.log->entries(8, 12, unlimited, out)) == errc::not_found);
}

TEST_CASE("a full disk refuses a write; the log is as before and goes on when there is room again") {
  for (std::uint64_t room = 0; room < 700; room += 7) {
    CAPTURE(room);
    rig r({400, 0});
    log_state want = r.state();
    r.folder->fail_after(room);
    bool refused = false;
    for (log_index i = 1; i <= 12 && !refused; ++i) {
      const auto more = make_entries(1, i, 1, 40);
      const wal_batch batch{hard_state{1, 1, i - 1}, nullptr, more, i % 2 == 0};
      const auto done = r.log->write(batch);
      if (done) want.take(batch);
      else CHECK(code_of(done) == errc::io);
      refused = !done;
    }
    REQUIRE(refused);
    CHECK_FALSE(r.log->broken());
    CHECK((r.state() == want));
    CHECK(code_of(r.log->compact(nullptr, 1)) == (want.entries.empty() ? errc::not_found : errc::invalid_argument));
    r.folder->fail_after(1 * MiB);
    const auto more = make_entries(1, want.last() + 1, 4, 40);
    REQUIRE(r.log->write({std::nullopt, nullptr, more, true}));
    want.take(wal_batch{std::nullopt, nullptr, more, true});
    r.open();
    CHECK((r.state() == want));
  }
}

TEST_CASE("after a failed sync nothing is written until the log is opened anew") {
  rig r;
  REQUIRE(r.log->write({hard_state{1, 1, 0}, nullptr, make_entries(1, 1, 2), true}));
  const auto before = r.state();
  r.disk->fail_syncs(true);
  CHECK(code_of(r.log->write({std::nullopt, nullptr, make_entries(1, 3, 1), true})) == errc::io);
  r.disk->fail_syncs(false);
  CHECK(r.log->broken());
  CHECK((r.state() == before));
  const auto effects = r.disk->effects();
  const auto more = r.log->write({std::nullopt, nullptr, make_entries(1, 3, 1), true});
  CHECK(code_of(more) == errc::io);
  CHECK(more.error().context.find("open it anew") != std::string::npos);
  CHECK(code_of(r.log->compact(make_snapshot({1, 2}), 2)) == errc::io);
  CHECK(r.disk->effects() == effects);
  r.open();
  CHECK(r.log->last_index() >= 2);
  REQUIRE(r.log->write({std::nullopt, nullptr, make_entries(1, r.log->last_index() + 1, 1), true}));
}

TEST_CASE("what was followed without the log is noted in it until the log has caught up") {
  rig r({400, 0});
  CHECK(r.log->followed() == 0);
  REQUIRE(r.log->write({hard_state{3, 2, 2}, nullptr, make_entries(1, 1, 4, 40), true}));
  auto want = r.state();
  const auto syncs = r.disk->syncs();
  REQUIRE(r.log->note_followed(still_following));
  CHECK(r.disk->syncs() == syncs + 1);
  CHECK(r.log->followed() == still_following);
  for (int again = 0; again < 2; ++again) {  // found by whoever opens the log, and in each file that begins later
    r.open();
    CHECK(r.log->followed() == still_following);
    CHECK((r.state() == want));
  }
  REQUIRE(r.log->note_followed(12));
  for (log_index i = 5; i <= 14; ++i) {
    CAPTURE(i);
    const auto more = make_entries(3, i, 1, 100);
    const wal_batch batch{hard_state{3, 2, i - 3}, nullptr, more, true};  // the log has reached the entry before it is known to be committed
    REQUIRE(r.log->write(batch));
    want.take(batch);
    r.open();
    CHECK(r.log->followed() == (i < 15 ? 12 : 0));
  }
  CHECK(r.log->used().files > 2);
  REQUIRE(r.log->write({hard_state{3, 2, 12}, nullptr, {}, false}));
  want.hard.commit = 12;
  CHECK(r.log->followed() == 0);
  r.open();
  CHECK(r.log->followed() == 0);
  CHECK((r.state() == want));
  REQUIRE(r.log->note_followed(9));
  CHECK(r.log->followed() == 0);
  REQUIRE(r.log->note_followed(30));
  REQUIRE(r.log->write({std::nullopt, make_snapshot({3, 30}), {}, true}));
  CHECK(r.log->followed() == 0);
  CHECK(code_of(r.log->note_followed(wal::index_max + 1)) == errc::invalid_argument);
}

TEST_CASE("a note about following is there as a whole or not at all, wherever its write is torn") {
  rig r;
  REQUIRE(r.log->write({hard_state{1, 1, 0}, nullptr, make_entries(1, 1, 2), true}));
  const auto before = r.folder->open("wal-000000").value()->size();
  REQUIRE(r.log->note_followed(still_following));
  const auto whole = r.folder->open("wal-000000").value()->read(0, 100'000).value();
  for (auto size = before; size <= whole.size(); ++size) {
    CAPTURE(size);
    auto folder = ledger::make_memory_env();
    REQUIRE(folder->replace("wal-000000", whole.substr(0, size)));
    const auto log = write_ahead_log::open(folder).value();
    CHECK(log->followed() == (size == whole.size() ? still_following : 0));
    CHECK((state_of(*log).value() == r.state()));
  }
}

TEST_CASE("files that could not be removed are removed by the next compaction") {
  rig r({200, 0});
  for (log_index i = 1; i <= 20; ++i) REQUIRE(r.log->write({std::nullopt, nullptr, make_entries(1, i, 1, 50), true}));
  const auto files = r.log->used().files;
  r.disk->fail_removes(true);
  CHECK(code_of(r.log->compact(make_snapshot({1, 20}), 20)) == errc::io);
  CHECK(r.log->latest_snapshot()->at.index == 20);
  CHECK(r.log->used().files >= files);
  r.disk->fail_removes(false);
  REQUIRE(r.log->compact(nullptr, 20));
  CHECK(r.log->used().files <= 2);
  const auto want = r.state();
  r.open();
  CHECK((r.state() == want));
}

TEST_CASE("disk and memory stay bounded over 100,000 entries that are compacted") {
  constexpr std::uint64_t segment = 64 * KiB, kept = 1500, each = 100;
  rig r({segment, 16 * KiB});
  std::size_t files_most = 0;
  std::uint64_t disk_most = 0;
  for (log_index i = 1; i <= 100'000; i += 10) {
    REQUIRE(r.log->write({hard_state{1, 1, i - 1}, nullptr, make_entries(1, i, 10, each), i % 3 == 0}));
    const log_index last = i + 9;
    if (last % 1000 == 0 && last > 500) REQUIRE(r.log->compact(make_snapshot({1, last}), last - 500));
    const auto used = r.log->used();
    CHECK(used.entries <= kept);
    CHECK(used.cached_bytes <= 16 * KiB);
    files_most = std::max(files_most, used.files);
    disk_most = std::max(disk_most, used.disk_bytes);
  }
  // What is kept, a file that it shares with what is not, and the one that grows; 150 bytes are an entry with its part of a record.
  CHECK(disk_most <= kept * 150 + 2 * segment);
  CHECK(files_most <= kept * 150 / segment + 3);
  CHECK(r.folder->list()->size() == r.log->used().files);
  const auto want = r.state();
  CHECK(want.last() == 100'000);
  r.open();
  CHECK((r.state() == want));
}

TEST_CASE("readers beside the writer see whole batches, whatever is compacted meanwhile") {
  rig r({4 * KiB, 1 * KiB});
  const auto content = [](log_index i) { return "entry " + std::to_string(i) + bytes(static_cast<std::size_t>(i % 90), '.'); };
  std::atomic<bool> done = false;
  std::atomic<log_index> written = 0;
  std::atomic<std::size_t> wrong = 0, read = 0;
  const auto reader = [&] {
    while (!done) {
      const log_index sure = written, first = r.log->first_index();
      if (r.log->last_index() < sure) ++wrong;
      const auto snapshot = r.log->latest_snapshot();
      if (!r.log->initial_state() || snapshot->at.index + 1 < first) ++wrong;
      std::vector<entry> out;
      if (sure < first) continue;
      const auto got = r.log->entries(first, sure + 1, 8 * KiB, out);
      if (!got && got.error().code != errc::not_found) ++wrong;  // compacted since
      for (const auto& e : out)
        if (e.data.view() != content(e.index)) ++wrong;
      read += out.size();
    }
  };
  std::thread one(reader), two(reader);
  for (log_index i = 1; i <= 3000 || read < 1000; ++i) {
    if (auto w = r.log->write({hard_state{1, 1, i - 1}, nullptr, std::vector{make_entry(1, i, content(i))}, true}); !w) ++wrong;
    written = i;
    if (i % 100 == 0)
      if (auto c = r.log->compact(make_snapshot({1, i}), i - 60); !c) ++wrong;
  }
  done = true;
  one.join();
  two.join();
  CHECK(wrong == 0);
}

TEST_CASE("on a real disk, synced or not") {
  for (const auto d : {ledger::durability::full, ledger::durability::off}) {
    const scratch_folder folder;
    log_state want;
    {
      auto log = write_ahead_log::open(ledger::open_disk_env(folder.path() / "log", d).value(), {2000, 100}).value();
      REQUIRE(log->begin(conf_state{{1}, {}, {}, {}, false}));
      for (log_index i = 1; i <= 50; ++i) {
        REQUIRE(log->write({hard_state{1, 1, i}, nullptr, make_entries(1, i, 1, 300), true}));
        if (i % 20 == 0) REQUIRE(log->compact(make_snapshot({1, i}), i - 5));
      }
      want = state_of(*log).value();
      CHECK(want.before.index == 35);
      CHECK(log->used().files < 10);
    }
    auto again = write_ahead_log::open(ledger::open_disk_env(folder.path() / "log", d).value(), {2000, 100});
    REQUIRE_MESSAGE(again.has_value(), again.error().context);
    CHECK((state_of(**again).value() == want));
  }
}

TEST_CASE("a raft core lives on it: alone, it elects itself, commits, snapshots and starts again") {
  rig r({1000, 0});
  r.folder = ledger::make_memory_env();
  r.open();
  REQUIRE(r.log->begin(conf_state{{1}, {}, {}, {}, false}));
  log_index applied = 0;
  std::vector<bytes> seen;
  for (int life = 0; life < 3; ++life) {
    r.open();
    seeded_random random(1);
    options o;
    o.id = 1;
    o.applied = r.log->latest_snapshot()->at.index;
    CHECK(o.applied <= applied);
    auto member = core::open(o, *r.log, random);
    REQUIRE_MESSAGE(member.has_value(), member.error().context);
    auto& c = **member;
    const auto run = [&] {
      while (c.has_ready()) {
        const auto todo = c.take_ready().value();
        REQUIRE(r.log->write(todo));
        for (const auto& m : todo.messages) CHECK(m.to == 1);
        for (const auto& e : todo.committed) {
          if (e.index <= applied) continue;
          CHECK(e.index == applied + 1);
          applied = e.index;
          if (!e.data.empty()) seen.push_back(e.data.to_bytes());
        }
        REQUIRE(c.advance());
      }
    };
    c.campaign();
    run();
    REQUIRE(c.leads());
    for (int i = 0; i < 20; ++i) REQUIRE(c.propose(shared_bytes("block " + std::to_string(seen.size() + static_cast<std::size_t>(i)))));
    run();
    REQUIRE(seen.size() == static_cast<std::size_t>(life + 1) * 20);
    if (life == 1) REQUIRE(r.log->compact(make_snapshot({r.log->term(applied).value(), applied}, {1}), applied - 3));
  }
  for (std::size_t i = 0; i < seen.size(); ++i) CHECK(seen[i] == "block " + std::to_string(i));
}
