// Torn tails are cut, damage is refused: at every byte and for every bit.
#include <doctest/doctest.h>

#include <map>

#include "cluster/wal/files.hpp"
#include "cluster/wal/segment_scan.hpp"
#include "tests/unit/cluster/wal/model.hpp"

using namespace weft;
using namespace weft::testing;
namespace wal = weft::cluster::raft::wal;

namespace {

using folder = std::map<std::string, bytes>;

folder contents(ledger::env& e) {
  folder out;
  const auto names = e.list().value();
  for (const auto& name : names) out[name] = e.open(name).value()->read(0, 16 * MiB).value();
  return out;
}
std::shared_ptr<ledger::memory_env> as_env(const folder& files) {
  auto e = ledger::make_memory_env();
  for (const auto& [name, data] : files) REQUIRE(e->replace(name, data));
  return e;
}

struct example {
  folder files;
  std::vector<log_state> states;         ///< After each write, the first one before `begin`.
  std::vector<std::uint64_t> ends;       ///< Where that write ends in the last file.
};

// `rounds` writes of some kinds; all in one file if that is large enough.
example make_example(std::uint64_t segment_bytes, int rounds, bool forgets = true) {
  auto e = ledger::make_memory_env();
  auto log = write_ahead_log::open(e, {segment_bytes, 0}).value();
  example x;
  const auto note = [&] {
    x.states.push_back(state_of(*log).value());
    x.ends.push_back(e->open(e->list()->back()).value()->size());
  };
  x.states.push_back(state_of(*log).value());
  x.ends.push_back(0);
  REQUIRE(log->begin(conf_state{{1, 2, 3}, {}, {}, {}, false}));
  note();
  for (int i = 0; i < rounds; ++i) {
    const log_index last = log->last_index();
    const auto n = static_cast<term_number>(i + 2);
    if (i % 4 == 3) REQUIRE(log->compact(make_snapshot({log->term(last - 1).value(), last - 1}), forgets ? last - 3 : 0));
    else if (i % 4 == 2) REQUIRE(log->write({hard_state{n, 1, last}, nullptr, make_entries(n, last, 2), true}));
    else REQUIRE(log->write({hard_state{n, 1, last}, nullptr, make_entries(n, last + 1, 3), true}));
    note();
  }
  x.files = contents(*e);
  return x;
}

void check_refused(const folder& files, const std::string& file, const std::string& text = "") {
  const auto e = as_env(files);
  const auto log = write_ahead_log::open(e);
  REQUIRE_FALSE(log);
  CHECK(log.error().code == errc::corruption);
  CHECK_MESSAGE(log.error().context.find(file + " at offset ") != std::string::npos, log.error().context);
  CHECK_MESSAGE(log.error().context.find(text) != std::string::npos, log.error().context);
  CHECK(log.error().context.find("Put an undamaged copy") != std::string::npos);
  CHECK((contents(*e) == files));  // evidence stays
}

}  // namespace

TEST_CASE("a tail torn at any byte, or zeroed from any byte, is cut to the last whole write") {
  const auto x = make_example(16 * MiB, 4);
  REQUIRE(x.files.size() == 1);
  const bytes& whole = x.files.at("wal-000000");
  for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
    CAPTURE(cut);
    std::size_t kept = 0;
    while (kept + 1 < x.ends.size() && x.ends[kept + 1] <= cut) ++kept;
    for (const std::size_t zeros : {std::size_t{0}, std::size_t{1}, std::size_t{3000}}) {
      CAPTURE(zeros);
      const auto e = as_env({{"wal-000000", whole.substr(0, cut) + bytes(zeros, '\0')}});
      wal_report report;
      auto log = write_ahead_log::open(e, {}, &report);
      REQUIRE_MESSAGE(log.has_value(), log.error().context);
      CHECK((state_of(**log).value() == x.states[kept]));
      CHECK(report.records == kept);
      CHECK(report.cut_bytes == cut + zeros - x.ends[kept]);
      CHECK(report.cut_file == (report.cut_bytes == 0 ? "" : "wal-000000"));
      if (report.cut_bytes > 0) CHECK(report.cut_at == x.ends[kept]);
      if (!(*log)->begun()) REQUIRE((*log)->begin(conf_state{{1, 2, 3}, {}, {}, {}, false}));  // and it goes on
      log_state want = state_of(**log).value();
      const wal_batch more{hard_state{99, 0, 0}, nullptr, {}, true};
      REQUIRE((*log)->write(more));
      want.take(more);
      CHECK((state_of(**write_ahead_log::open(e)).value() == want));
    }
  }
}

TEST_CASE("the last of several files may be torn at any byte, down to nothing") {
  auto x = make_example(250, 8, false);
  REQUIRE(x.files.size() > 2);
  const std::string last = x.files.rbegin()->first;
  const bytes whole = x.files[last];
  for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
    CAPTURE(cut);
    x.files[last] = whole.substr(0, cut);
    const auto e = as_env(x.files);
    auto log = write_ahead_log::open(e, {250, 0});
    REQUIRE_MESSAGE(log.has_value(), log.error().context);
    log_state want = state_of(**log).value();
    CHECK(std::find(x.states.begin(), x.states.end(), want) != x.states.end());
    const auto more = make_entries(50, want.last() + 1, 3);
    REQUIRE((*log)->write({std::nullopt, nullptr, more, true}));
    want.take(wal_batch{std::nullopt, nullptr, more, true});
    auto again = write_ahead_log::open(e, {250, 0});
    REQUIRE_MESSAGE(again.has_value(), again.error().context);
    CHECK((state_of(**again).value() == want));
  }
}

TEST_CASE("a flipped bit anywhere is refused and never cut away") {
  const auto x = make_example(250, 8);
  REQUIRE(x.files.size() > 2);
  for (const auto& [name, data] : x.files) {
    CAPTURE(name);
    for (std::uint64_t bit = 0; bit < data.size() * 8; ++bit) {
      CAPTURE(bit);
      folder files = x.files;
      files[name][bit / 8] = static_cast<char>(files[name][bit / 8] ^ (1 << (bit % 8)));
      check_refused(files, name);
    }
  }
}

TEST_CASE("a bit that flips under a running log is noticed by who reads the entry") {
  const auto e = ledger::make_memory_env();
  auto log = write_ahead_log::open(e, {16 * MiB, 0}).value();
  REQUIRE(log->begin(conf_state{{1}, {}, {}, {}, false}));
  REQUIRE(log->write({std::nullopt, nullptr, make_entries(1, 1, 3, 100), true}));
  const auto size = e->open("wal-000000").value()->size();
  e->flip_bit("wal-000000", (size - 4 - 150) * 8);  // within the second entry
  std::vector<entry> out;
  CHECK(log->entries(1, 2, unlimited, out));
  const auto bad = log->entries(1, 4, unlimited, out);
  REQUIRE_FALSE(bad);
  CHECK(bad.error().code == errc::corruption);
  CHECK_MESSAGE(bad.error().context.find("wal-000000 at offset ") != std::string::npos, bad.error().context);
  CHECK_MESSAGE(bad.error().context.find("entry 2 ") != std::string::npos, bad.error().context);
  CHECK(out.size() == 1);  // as before
}

TEST_CASE("what else can stand in a folder") {
  const auto x = make_example(16 * MiB, 4);
  const bytes whole = x.files.at("wal-000000");
  const auto part = [&](std::size_t from, std::size_t until) { return whole.substr(x.ends[from], x.ends[until] - x.ends[from]); };
  const bytes first = part(0, 2), second = part(2, 3), third = part(3, 4);

  const snapshot_ptr members = make_snapshot({}, {1, 2, 3}, "");
  std::uint64_t sequence = 1;
  const bytes begun = wal::whole_record(0, wal::encode(wal::statement(wal::head{0, {}, {}, 0, members})));
  const auto with = [&](const wal::statement& s) { return begun + wal::whole_record(sequence, wal::encode(s)); };
  bytes version_two = wal::encode(wal::statement(wal::head{0, {}, {}, 0, members}));
  version_two[1] = 2;

  struct row { const char* name; folder files; const char* where; const char* text; };
  const row rows[] = {
      {"foreign bytes", {{"wal-000000", "#!/bin/sh\necho this is no log and ends in no zero\n"}}, "wal-000000", "no record's header"},
      {"a record is missing", {{"wal-000000", first + third}}, "wal-000000", "record 3 stands where record 2 was written"},
      {"a record stands twice", {{"wal-000000", first + second + second}}, "wal-000000", "record 2 stands where record 3 was written"},
      {"a torn record and more behind it", {{"wal-000000", first + second.substr(0, second.size() - 6) + third}}, "wal-000000", "end mark"},
      {"zeros between records", {{"wal-000000", first + bytes(64, '\0') + second}}, "wal-000000", "no record's header"},
      {"no head", {{"wal-000000", second}}, "wal-000000", "does not begin with a head"},
      {"another version", {{"wal-000000", wal::whole_record(0, version_two)}}, "wal-000000", "version 2; this program reads version 1"},
      {"a length that nobody writes", {{"wal-000000", first + wal::encode(wal::header{0xffffffff, 0xffffffff, 2, 0}) + bytes(40, 'x')}}, "wal-000000",
       "claims 8589934622 bytes"},
      {"a gap between entries", {{"wal-000000", with(wal::batch_note{std::nullopt, nullptr, 2, {{1, entry_kind::normal, 0, 0}}})}}, "wal-000000",
       "entry 2 would follow entry 0: there is a gap"},
      {"a snapshot of what is not there", {{"wal-000000", with(wal::compaction{{1, 4}, make_snapshot({1, 4})})}}, "wal-000000", "log ends at entry 0"},
      {"forgotten without a snapshot", {{"wal-000000", with(wal::compaction{{1, 4}, nullptr})}}, "wal-000000", "snapshot ends at entry 0"},
      {"a kind that is not known", {{"wal-000000", begun + wal::whole_record(1, "\x09")}}, "wal-000000", "not known"},
      {"bytes too many", {{"wal-000000", begun + wal::whole_record(1, wal::encode(wal::statement(wal::compaction{})) + "x")}}, "wal-000000", "contradicts"},
      {"two heads", {{"wal-000000", with(wal::head{0, {}, {}, 0, members})}}, "wal-000000", "a second head"},
      {"a file of another name", {{"wal-000001", begun}}, "wal-000001", "written as wal-000000"},
      {"a younger file only, torn", {{"wal-000003", begun.substr(0, 20)}}, "wal-000003", "older ones are missing"},
      {"entries that were elsewhere", {{"wal-000004", wal::whole_record(7, wal::encode(wal::statement(wal::head{4, {}, {1, 2}, 9, make_snapshot({1, 5})})))}},
       "wal-000004", "entries 3 to 9 stood in older files"},
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    check_refused(r.files, r.where, r.text);
  }
}

TEST_CASE("files that are missing, torn or changed before the last one are damage") {
  auto e = ledger::make_memory_env();
  {
    auto log = write_ahead_log::open(e, {200, 0}).value();
    REQUIRE(log->begin(conf_state{{1}, {}, {}, {}, false}));
    for (log_index i = 1; i <= 8; ++i) REQUIRE(log->write({hard_state{1, 1, i}, nullptr, make_entries(1, i, 1, 60), true}));
  }
  const folder good = contents(*e);
  REQUIRE(good.size() >= 5);
  CHECK(write_ahead_log::open(as_env(good)).has_value());
  folder bad = good;
  bad.erase("wal-000002");
  check_refused(bad, "wal-000003", "wal-000002, is missing");
  bad = good;
  bad.erase("wal-000000");
  check_refused(bad, "wal-000001", "stood in older files");
  bad = good;
  bad["wal-000001"].resize(bad["wal-000001"].size() - 3);
  check_refused(bad, "wal-000001", "later files are there");
  bad = good;
  bad["wal-000001"].clear();
  check_refused(bad, "wal-000001", "later files are there");
  bad = good;
  bad["wal-000001"] += bytes(100, '\0');
  check_refused(bad, "wal-000001", "later files are there");
  bad = good;  // a file before loses its last record as a whole: the next one's head knows better
  const auto tail = wal::look_at(*as_env(good)->open("wal-000001").value(), "wal-000001", 0)->next;
  bad["wal-000001"].resize(tail);
  check_refused(bad, "wal-000002", "stands where");
  bad = good;  // names that are none of ours are left alone
  bad["wal-1"] = bad["wal-0000000"] = bad["notes.txt"] = "x";
  CHECK(write_ahead_log::open(as_env(bad)).has_value());
}
