#include "ledger/state/apply.hpp"

#include <doctest/doctest.h>

#include "crypto/hash/sha256.hpp"
#include "ledger/block/block.hpp"
#include "ledger/store/kv.hpp"
#include "tests/unit/ledger/state/both_stores.hpp"
#include "tests/unit/ledger/tx/golden.hpp"

using namespace weft;
using namespace weft::ledger;
using testing::deleted;
using testing::value;

namespace {

const bytes policy_a = encode_metadata({{"VALIDATION_PARAMETER", "A"}});
const bytes policy_b = encode_metadata({{"VALIDATION_PARAMETER", "B"}});
const metadata_entries entries_b{{"VALIDATION_PARAMETER", "B"}};

// A state with "plain" (no metadata), "guarded" (metadata A) at block 1, in the public, hashed and private spaces.
std::shared_ptr<const state_view> committed_state() {
  const auto s = open_state_store(make_memory_kv()).value();
  REQUIRE(s->apply(block_number(0), {}));
  state_batch b;
  auto& ns = b.namespaces["cc"];
  ns.keys["plain"] = ns.hashed["c"]["plain"] = ns.privates["c"]["plain"] = value("old", 1);
  ns.keys["guarded"] = ns.hashed["c"]["guarded"] = value("old", 1, 0, policy_a);
  REQUIRE(s->apply(block_number(1), b));
  return s->view();
}

struct tx {
  std::vector<kv_write> writes;
  std::vector<metadata_write> metadata;
};
rwset public_set(const tx& t) {
  namespace_rwset ns{.name = "cc"};
  ns.writes = t.writes;
  ns.metadata_writes = t.metadata;
  return {{ns}};
}
rwset hashed_set(const tx& t) {
  collection_rwset c{.name = "c"};
  for (const auto& w : t.writes) c.writes.push_back({w.key, w.value, w.is_delete, false});
  c.metadata_writes = t.metadata;
  namespace_rwset ns{.name = "cc"};
  ns.collections.push_back(c);
  return {{ns}};
}

std::string text(const state_update& u) {
  if (u.is_delete) return "deleted@" + std::to_string(u.at.tx.value);
  const std::string guard = u.metadata.empty() ? "" : u.metadata == policy_a ? " A" : u.metadata == policy_b ? " B" : " ?";
  return u.value + guard + "@" + std::to_string(u.at.tx.value);
}
template <class Map>
std::string text(const Map& updates) {
  std::string out;
  for (const auto& [key, u] : updates) out += (out.empty() ? "" : ", ") + key + "=" + text(u);
  return out;
}

}  // namespace

TEST_CASE("what writes become, in the public and in the hashed space") {
  struct row { const char* name; std::vector<tx> txs; const char* updates; };
  const row rows[] = {
      {"a new value", {{{{"new", false, "v"}}, {}}}, "new=v@0"},
      {"a value keeps the metadata that the key has", {{{{"guarded", false, "v"}}, {}}}, "guarded=v A@0"},
      {"a value with metadata of its own", {{{{"guarded", false, "v"}}, {{"guarded", entries_b}}}}, "guarded=v B@0"},
      {"a new value with metadata", {{{{"new", false, "v"}}, {{"new", entries_b}}}}, "new=v B@0"},
      {"metadata alone keep the value and move the version", {{{}, {{"plain", entries_b}}}}, "plain=old B@0"},
      {"no entries remove metadata", {{{}, {{"guarded", {}}}}}, "guarded=old@0"},
      {"metadata of an absent key are ignored", {{{}, {{"new", entries_b}}}}, ""},
      {"a delete removes metadata too", {{{{"guarded", true, ""}}, {}}}, "guarded=deleted@0"},
      {"a delete wins over metadata", {{{{"guarded", true, ""}}, {{"guarded", entries_b}}}}, "guarded=deleted@0"},
      {"a delete of an absent key is an update", {{{{"new", true, ""}}, {}}}, "new=deleted@0"},
      {"an empty value is a delete", {{{{"plain", false, ""}}, {}}}, "plain=deleted@0"},
      {"a later transaction meets the value of an earlier one", {{{{"new", false, "v"}}, {}}, {{}, {{"new", entries_b}}}}, "new=v B@1"},
      {"a later value keeps the metadata of an earlier transaction", {{{}, {{"plain", entries_b}}}, {{{"plain", false, "v"}}, {}}}, "plain=v B@1"},
      {"after a delete the key is absent: metadata are ignored", {{{{"guarded", true, ""}}, {}}, {{}, {{"guarded", entries_b}}}}, "guarded=deleted@0"},
      {"after a delete a value starts without metadata", {{{{"guarded", true, ""}}, {}}, {{{"guarded", false, "v"}}, {}}}, "guarded=v@1"},
      {"several keys", {{{{"a", false, "1"}, {"b", false, "2"}}, {}}, {{{"b", false, "3"}, {"c", false, "4"}}, {}}}, "a=1@0, b=3@1, c=4@1"},
  };
  const auto committed = committed_state();
  for (const auto& r : rows) {
    CAPTURE(r.name);
    state_batch open, hashed;
    for (std::size_t i = 0; i < r.txs.size(); ++i) {
      const version at{block_number(2), tx_number(i)};
      REQUIRE(apply_writes(open, public_set(r.txs[i]), at, *committed));
      REQUIRE(apply_writes(hashed, hashed_set(r.txs[i]), at, *committed));
    }
    CHECK(text(open.namespaces["cc"].keys) == r.updates);
    CHECK(text(hashed.namespaces["cc"].hashed["c"]) == r.updates);
    CHECK(open.namespaces["cc"].hashed.empty());
    std::size_t writes = 0;
    for (const auto& t : r.txs) writes += t.writes.size();
    CHECK(open.written.size() == writes);
    CHECK(hashed.written.empty());
    CHECK(hashed.namespaces["cc"].keys.empty());
  }
}

TEST_CASE("what has no effect leaves no trace in the batch") {
  state_batch b;
  CHECK(apply_writes(b, public_set({{}, {{"absent", entries_b}}}), {block_number(2), tx_number(0)}, *committed_state()));
  CHECK(apply_writes(b, hashed_set({{}, {{"absent", entries_b}}}), {block_number(2), tx_number(0)}, *committed_state()));
  CHECK(b.empty());
}

TEST_CASE("a purge deletes the hash") {
  auto set = hashed_set({{{"plain", false, "h"}}, {}});
  set.namespaces[0].collections[0].writes[0].is_purge = true;
  state_batch b;
  CHECK(apply_writes(b, set, {block_number(2), tx_number(0)}, *committed_state()));
  CHECK(text(b.namespaces["cc"].hashed["c"]) == "plain=deleted@0");
}

TEST_CASE("private values follow their hashes, whenever they come") {
  const auto digest = [](std::string_view data) { return crypto::to_bytes(crypto::sha256(data)); };
  const auto s = open_state_store(make_memory_kv()).value();
  REQUIRE(s->apply(block_number(0), {}));
  state_batch before;
  auto& ns = before.namespaces["cc"];
  ns.privates["c"]["held"] = ns.privates["c"]["lingers"] = ns.privates["c"]["stale"] = value("old", 1);
  ns.hashed["c"][digest("held")] = value(digest("old"), 1);
  ns.hashed["c"][digest("missed")] = value(digest("v"), 1, 3);
  ns.hashed["c"][digest("stale")] = value(digest("newer"), 1, 3);
  REQUIRE(s->apply(block_number(1), before));
  const auto view = s->view();
  state_batch block;  // what block 2 does to the hashes: a new key, a deleted one, metadata alone
  auto& hashes = block.namespaces["cc"].hashed["c"];
  hashes[digest("new")] = value(digest("n"), 2);
  hashes[digest("missed and guarded")] = value(digest("m"), 2, 1);
  hashes[digest("held")] = value(digest("old"), 2, 2);
  struct row { const char* name; private_writes writes; std::string puts; };
  const row rows[] = {
      {"a value of this block", {"cc", "c", {{"new", false, "n"}}, {}}, "new=n@0"},
      {"a value of an earlier block, which still counts", {"cc", "c", {{"missed", false, "v"}}, {}}, "missed=v@3"},
      {"a value whose version has moved since", {"cc", "c", {{"missed and guarded", false, "m"}}, {}}, "missed and guarded=m@1"},
      {"a newer write wins", {"cc", "c", {{"missed", false, "older"}}, {}}, ""},
      {"what was deleted stays deleted", {"cc", "c", {{"gone", false, "v"}}, {}}, ""},
      {"a delete of what is gone", {"cc", "c", {{"gone", true, ""}}, {}}, ""},
      {"a delete of what lingers here", {"cc", "c", {{"lingers", true, ""}}, {}}, "lingers=deleted@0"},
      {"a delete that was overtaken by a write", {"cc", "c", {{"held", true, ""}}, {}}, ""},
      {"metadata alone move the version of the right value", {"cc", "c", {}, {{"held", {}}}}, "held=old@2"},
      {"metadata alone, and the value is not the right one", {"cc", "c", {}, {{"stale", {}}}}, ""},
      {"metadata alone, and nothing is here", {"cc", "c", {}, {{"missed", {}}}}, ""},
      {"another collection", {"cc", "d", {{"new", false, "n"}}, {}}, ""},
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    state_batch b;
    for (int twice = 0; twice < 2; ++twice) {
      CHECK(apply_private_writes(b, r.writes, pending_state(block, *view)));
      CHECK(text(b.namespaces["cc"].privates[r.writes.collection]) == r.puts);
    }
    CHECK(encode_updates(b).empty());
  }
}

TEST_CASE("pending state: the batch on top of what is committed") {
  const auto committed = committed_state();
  state_batch b;
  b.namespaces["cc"].keys["plain"] = deleted(2);
  b.namespaces["cc"].keys["new"] = value("v", 2);
  b.namespaces["cc"].hashed["c"]["plain"] = value("h", 2);
  b.namespaces["cc"].privates["c"]["plain"] = deleted(2);
  const pending_state now(b, *committed);
  CHECK_FALSE(now.get("cc", "plain")->has_value());
  CHECK(now.get("cc", "new").value()->value == "v");
  CHECK(now.get("cc", "guarded").value()->metadata == policy_a);
  CHECK_FALSE(now.get("other", "new")->has_value());
  CHECK(now.get_hashed("cc", "c", "plain").value()->value == "h");
  CHECK(now.get_hashed("cc", "c", "guarded").value()->value == "old");
  CHECK_FALSE(now.get_hashed("cc", "d", "plain")->has_value());
  CHECK_FALSE(now.get_private("cc", "c", "plain")->has_value());
}

TEST_CASE("metadata are stored in one form") {
  CHECK(encode_metadata({}).empty());
  CHECK(encode_metadata({{"b", "2"}, {"a", ""}}) == encode_metadata({{"a", ""}, {"b", "2"}}));
  CHECK(decode_metadata(encode_metadata({{"b", "2"}, {"a", ""}})).value() == metadata_entries{{"a", ""}, {"b", "2"}});
  CHECK(decode_metadata("").value().empty());
  CHECK(decode_metadata("\x12\x05xx").error().code == errc::corruption);
  CHECK(decode_metadata("\x12\x02\x0a\x09").error().code == errc::corruption);
}

TEST_CASE("a transaction that is marked valid and does not parse is corruption") {
  auto b = block::make(block_number(1), "p", {envelope::make("\xff", "s")});
  const auto committed = committed_state();
  CHECK(updates_of(b, bytes(1, '\0'), *committed).error().code == errc::corruption);
  CHECK(updates_of(b, bytes(1, '\x02'), *committed).value().empty());
  CHECK(updates_of(b, "", *committed).value().empty());
}
