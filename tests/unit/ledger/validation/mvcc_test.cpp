// What a transaction read must still be so when its turn comes: versions, ranges, duplicates. interop/05 §7.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "tests/unit/ledger/validation/network.hpp"

using namespace weft;
using namespace weft::test;
using ledger::verdict;
using list = std::vector<verdict>;

namespace {

constexpr auto ok = verdict::valid;
constexpr auto stale = verdict::mvcc_read_conflict;
constexpr auto phantom = verdict::phantom_read_conflict;

version at(std::uint64_t block, std::uint64_t tx) { return {block_number(block), tx_number(tx)}; }

/// One namespace, said in few words.
struct sets {
  ledger::namespace_rwset ns{.name = "mycc"};
  sets& read(std::string key, std::optional<version> v = {}) { return ns.reads.push_back({std::move(key), v}), *this; }
  sets& write(std::string key, bytes value = "1") {
    return ns.writes.push_back({.key = std::move(key), .value = std::move(value)}), *this;
  }
  sets& erase(std::string key) { return ns.writes.push_back({.key = std::move(key), .is_delete = true}), *this; }
  sets& describe(std::string key) { return ns.metadata_writes.push_back({std::move(key), {{"colour", "red"}}}), *this; }
  sets& range(std::string from, std::string to, std::vector<ledger::kv_read> seen, bool exhausted = true) {
    ns.ranges.push_back(
        {.start_key = std::move(from), .end_key = std::move(to), .exhausted = exhausted, .raw_reads = std::move(seen)});
    return *this;
  }
  sets& read_hashed(char key, std::optional<version> v = {}) { return collection().reads.push_back({bytes(32, key), v}), *this; }
  sets& write_hashed(char key) {
    return collection().writes.push_back({.key_hash = bytes(32, key), .value_hash = bytes(32, 'v')}), *this;
  }
  ledger::collection_rwset& collection() {
    if (ns.collections.empty()) ns.collections.push_back({.name = "open"});
    return ns.collections.front();
  }
  operator ledger::rwset() const { return {{ns}}; }
};

/// k is at (0,3), other keys are absent.
struct fixture {
  network net;
  map_state state;
  fixture() {
    define(state, {.collections = {{.name = "open"}}});
    state.put("mycc", "k", "v", at(0, 3));
    state.hashed[{"mycc", "open", bytes(32, 'K')}] = {bytes(32, 'v'), {}, at(0, 3)};
  }
  ledger::judged_block judge(std::vector<ledger::rwset> txs) {
    std::vector<ledger::envelope> envelopes;
    for (auto& s : txs) envelopes.push_back(net.make_tx({.sets = std::move(s)}));
    auto judged = net.judge(std::move(envelopes), state);
    REQUIRE_MESSAGE(judged.has_value(), (judged ? "" : judged.error().context));
    return *std::move(judged);
  }
};

}  // namespace

TEST_CASE_FIXTURE(fixture, "a read is good as long as the version is the same and nobody wrote the key in this block") {
  struct row {
    std::string name;
    std::vector<ledger::rwset> txs;
    list expected;
  };
  const auto same = at(0, 3);
  const row rows[] = {
      {"the version that is there", {sets().read("k", same)}, {ok}},
      {"absent then, absent now", {sets().read("none")}, {ok}},
      {"another transaction's version", {sets().read("k", at(0, 2))}, {stale}},
      {"another block's version", {sets().read("k", at(9, 3))}, {stale}},
      {"absent then, there now", {sets().read("k")}, {stale}},
      {"there then, absent now", {sets().read("none", same)}, {stale}},
      {"the first of two that read and write wins",
       {sets().read("k", same).write("k"), sets().read("k", same).write("k")},
       {ok, stale}},
      {"a blind write does not mind", {sets().write("k"), sets().write("k")}, {ok, ok}},
      {"a delete earlier in the block counts", {sets().erase("k"), sets().read("k", same)}, {ok, stale}},
      {"a delete of nothing counts too", {sets().erase("none"), sets().read("none")}, {ok, stale}},
      {"a new key counts", {sets().write("none"), sets().read("none")}, {ok, stale}},
      {"metadata move the version", {sets().describe("k"), sets().read("k", same)}, {ok, stale}},
      {"metadata of nothing are nothing", {sets().describe("none"), sets().read("none")}, {ok, ok}},
      {"a loser's writes do not count", {sets().read("k").write("x"), sets().read("x")}, {stale, ok}},
      {"one's own writes do not count", {sets().read("k", same).write("k")}, {ok}},
      {"another namespace's key of that name",
       {sets().write("x"), ledger::rwset{{{.name = "other", .reads = {{.key = "x"}}}}}},
       {ok, ok}},
      {"a private key's version", {sets().read_hashed('K', same)}, {ok}},
      {"a private key's other version", {sets().read_hashed('K', at(1, 1))}, {stale}},
      {"a private key absent then", {sets().read_hashed('K')}, {stale}},
      {"a private key written in this block", {sets().write_hashed('K'), sets().read_hashed('K', same)}, {ok, stale}},
      {"another private key", {sets().write_hashed('L'), sets().read_hashed('K', same)}, {ok, ok}},
      {"a public key of the same bytes", {sets().write(bytes(32, 'K')), sets().read_hashed('K', same)}, {ok, ok}},
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    CHECK(judge(r.txs).verdicts == r.expected);
  }
}

TEST_CASE_FIXTURE(fixture, "a range is good as long as it would give the same keys and versions") {
  for (const char* key : {"b", "d", "f"}) state.put("mycc", key, "v", at(0, 1));
  const ledger::kv_read b{"b", at(0, 1)}, d{"d", at(0, 1)}, f{"f", at(0, 1)}, k{"k", at(0, 3)};
  struct row {
    std::string name;
    std::vector<ledger::rwset> txs;
    list expected;
  };
  const row rows[] = {
      {"as it was", {sets().range("a", "g", {b, d, f})}, {ok}},
      {"to the end of the namespace", {sets().range("a", "", {b, d, f, k})}, {ok}},
      {"the end is not part of it", {sets().range("a", "f", {b, d})}, {ok}},
      {"stopped early: the end is part of it", {sets().range("a", "d", {b, d}, false)}, {ok}},
      {"stopped early, the end came later", {sets().range("a", "d", {b}, false)}, {phantom}},
      {"empty then, empty now", {sets().range("x", "y", {})}, {ok}},
      {"upside down gives nothing", {sets().range("g", "a", {})}, {ok}},
      {"one more now", {sets().range("a", "g", {b, d})}, {phantom}},
      {"one more in front", {sets().range("a", "g", {d, f})}, {phantom}},
      {"one less now", {sets().range("a", "g", {b, {"c", at(0, 1)}, d, f})}, {phantom}},
      {"another version", {sets().range("a", "g", {b, {"d", at(0, 2)}, f})}, {phantom}},
      {"something then, nothing now", {sets().range("x", "y", {b})}, {phantom}},
      {"a new key in the range", {sets().write("c"), sets().range("a", "g", {b, d, f})}, {ok, phantom}},
      {"a new key outside", {sets().write("h"), sets().range("a", "g", {b, d, f})}, {ok, ok}},
      {"a changed key", {sets().write("d"), sets().range("a", "g", {b, d, f})}, {ok, phantom}},
      {"a deleted key", {sets().erase("d"), sets().range("a", "g", {b, d, f})}, {ok, phantom}},
      {"the end changed, exhausted", {sets().write("f"), sets().range("a", "f", {b, d})}, {ok, ok}},
      {"the end changed, stopped early", {sets().write("d"), sets().range("a", "d", {b, d}, false)}, {ok, phantom}},
      {"the end deleted, stopped early", {sets().erase("d"), sets().range("a", "d", {b, d}, false)}, {ok, phantom}},
      {"the end deleted as the endorser never saw it", {sets().erase("d"), sets().range("a", "d", {b}, false)}, {ok, ok}},
      {"deleted and written again", {sets().erase("d"), sets().write("d"), sets().range("a", "g", {b, d, f})}, {ok, ok, phantom}},
      {"a delete of nothing in the range", {sets().erase("c"), sets().range("a", "g", {b, d, f})}, {ok, ok}},
      {"reads come before ranges", {sets().read("k").range("a", "g", {})}, {stale}},
      {"ranges come before private reads", {sets().range("a", "g", {}).read_hashed('K')}, {phantom}},
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    CHECK(judge(r.txs).verdicts == r.expected);
  }
}

TEST_CASE_FIXTURE(fixture, "a long range is compared by its Merkle summary") {
  ledger::range_summary summary;
  std::string last;
  for (int i = 0; i < 130; ++i) {
    last = "key" + std::to_string(1000 + i);
    state.put("mycc", last, "v", at(0, 1));
    summary.add({last, at(0, 1)});
  }
  ledger::range_query query{.start_key = "key", .end_key = "kez", .exhausted = true};
  summary.finish(query);
  REQUIRE(query.hashes.size() == 3);
  const auto ranged = [&](auto bend) {
    sets s;
    s.ns.ranges = {query};
    bend(s.ns.ranges[0]);
    return ledger::rwset(s);
  };
  const auto as_it_was = ranged([](auto&) {});
  CHECK(judge({as_it_was}).verdicts == list{ok});
  CHECK(judge({ranged([&](auto& q) { q.end_key = last, q.exhausted = false; })}).verdicts == list{ok});
  CHECK(judge({ranged([&](auto& q) { q.end_key = last; })}).verdicts == list{phantom});
  CHECK(judge({ranged([](auto& q) { q.hashes[1][0] ^= 1; })}).verdicts == list{phantom});
  CHECK(judge({ranged([](auto& q) { q.hashes.pop_back(); })}).verdicts == list{phantom});
  CHECK(judge({ranged([](auto& q) { q.max_level = 2; })}).verdicts == list{phantom});
  CHECK(judge({ranged([](auto& q) { q.max_degree = 51; })}).verdicts == list{phantom});
  CHECK(judge({ranged([](auto& q) { q.max_degree = 1; })}).verdicts == list{verdict::bad_rwset});
  CHECK(judge({ranged([](auto& q) { q.end_key = "key1040"; })}).verdicts == list{phantom});
  CHECK(judge({sets().write("key1070"), as_it_was}).verdicts == list{ok, phantom});
  CHECK(judge({sets().erase("key1129"), as_it_was}).verdicts == list{ok, phantom});
  CHECK(judge({sets().write("key"), as_it_was}).verdicts == list{ok, phantom});
  CHECK(judge({sets().write("kez"), as_it_was}).verdicts == list{ok, ok});

  ledger::range_summary coarse(100);
  for (int i = 0; i < 130; ++i) coarse.add({"key" + std::to_string(1000 + i), at(0, 1)});
  CHECK(judge({ranged([&](auto& q) { coarse.finish(q); })}).verdicts == list{ok});  // the degree is the transaction's to choose
}

TEST_CASE_FIXTURE(fixture, "an MVCC reason names key, both versions and the winner") {
  const auto first = net.make_tx({.sets = sets().read("k", at(0, 3)).write("k")});
  const auto second = net.make_tx({.sets = sets().read("k", at(0, 3)).write("k")});
  const auto b =
      ledger::block::make(state.next, bytes(32, 'h'), {first, second, net.make_tx({.sets = sets().read("k", at(0, 2))})});
  const auto prepared = ledger::prepare_all(b, net.bundle, *net.verifier);
  const auto judged = ledger::judge(
      prepared, state, [](std::string_view) -> result<bool> { return false; }, *net.verifier,
      [](version v) { return "tx" + std::to_string(v.block.value) + "." + std::to_string(v.tx.value); });
  REQUIRE(judged.has_value());
  CHECK(judged->verdicts == list{ok, stale, stale});
  const auto& in_block = judged->reasons[1];
  CHECK(in_block.ns == "mycc");
  CHECK(in_block.key == "k");
  CHECK(in_block.read == at(0, 3));
  CHECK(in_block.committed == at(1, 0));
  CHECK(in_block.winner == id_of(first));
  CHECK(in_block.text ==
        "key 'k' of 'mycc' was read at block 0, transaction 3, but was written earlier in this block by transaction " +
            id_of(first));

  map_state later = state;
  later.put("mycc", "k", "v", at(0, 9));
  const auto against_committed = ledger::judge(
      prepared, later, [](std::string_view) -> result<bool> { return false; }, *net.verifier,
      [](version v) { return "tx" + std::to_string(v.block.value) + "." + std::to_string(v.tx.value); });
  REQUIRE(against_committed.has_value());
  CHECK(against_committed->reasons[0].winner == "tx0.9");
  CHECK(against_committed->reasons[0].text ==
        "key 'k' of 'mycc' was read at block 0, transaction 3, but is at block 0, transaction 9 by transaction tx0.9");
}

TEST_CASE_FIXTURE(fixture, "a phantom reason names the range and the first key that differs") {
  state.put("mycc", "b", "v", at(0, 1));
  const auto judged = judge({sets().write("c"), sets().range("a", "g", {{"b", at(0, 1)}})});
  const auto& why = judged.reasons[1];
  CHECK(why.key == "c");
  CHECK(why.committed == at(1, 0));
  CHECK_FALSE(why.read.has_value());
  CHECK_FALSE(why.winner.empty());
  CHECK(why.text.find("the range from 'a' to 'g' of 'mycc' gives another result now: key 'c' is new") == 0);
}

TEST_CASE_FIXTURE(fixture, "reasons become JSON, whatever the keys") {
  state.put("mycc", std::string("\0asset\0a\0", 9), "v", at(0, 3));
  const auto judged = judge({sets().read(std::string("\0asset\0a\0", 9), at(0, 1)), sets().read("none", at(0, 1))});
  auto json = nlohmann::json::parse(judged.reasons[0].encode());
  CHECK(json["namespace"] == "mycc");
  CHECK(json["key"] == "\\x00asset\\x00a\\x00");
  CHECK(json["read"] == nlohmann::json{{"block", 0}, {"tx", 1}});
  CHECK(json["committed"] == nlohmann::json{{"block", 0}, {"tx", 3}});
  CHECK(json["text"] == judged.reasons[0].text);
  json = nlohmann::json::parse(judged.reasons[1].encode());
  CHECK(json["committed"].is_null());
  json = nlohmann::json::parse(ledger::reason{.text = "\xff is no UTF-8"}.encode());
  CHECK_FALSE(json.contains("key"));
}

TEST_CASE_FIXTURE(fixture, "a transaction id is good for one valid transaction") {
  const auto tx = [&](ledger::rwset s, std::vector<identity> endorsers = {}) {
    return net.make_tx({.sets = std::move(s), .endorsers = std::move(endorsers), .nonce = "the same"});
  };
  const auto good = tx(sets().write("a")), unsigned_one = tx(sets().write("a"), {net.stranger.peer}), late = tx(sets().read("k"));
  const auto verdicts = [&](std::vector<ledger::envelope> envelopes, std::vector<std::string> in_ledger = {}) {
    const auto judged = net.judge(std::move(envelopes), state, std::move(in_ledger));
    REQUIRE(judged.has_value());
    return judged->verdicts;
  };
  constexpr auto twice = verdict::duplicate_txid, refused = verdict::endorsement_policy_failure;
  CHECK(verdicts({good, good}) == list{ok, twice});
  CHECK(verdicts({good, good, good}) == list{ok, twice, twice});
  CHECK(verdicts({unsigned_one, good}) == list{refused, ok});
  CHECK(verdicts({good, unsigned_one}) == list{ok, refused});
  CHECK(verdicts({late, good}) == list{stale, twice});  // as on a real peer: MVCC comes later
  CHECK(verdicts({good}, {id_of(good)}) == list{twice});
  CHECK(verdicts({unsigned_one}, {id_of(good)}) == list{twice});
  CHECK(verdicts({good}, {"another"}) == list{ok});

  tx_spec bent{.sets = sets().write("a"), .nonce = "the same"};
  bent.action = [](auto& a) { a.set_results("\x12\xff"); };
  CHECK(verdicts({net.make_tx(bent)}, {id_of(good)}) == list{twice});
  bent = {.sets = sets().write("a"), .nonce = "the same"};
  bent.response = [](auto& r) { r.set_proposal_hash("x"); };
  CHECK(verdicts({net.make_tx(bent)}, {id_of(good)}) == list{verdict::invalid_endorser_transaction});  // found before the look-up
}

TEST_CASE_FIXTURE(fixture, "a duplicate's reason says where the first one is") {
  const auto e = net.make_tx({.sets = sets().write("a")});
  auto judged = net.judge({net.make_tx({}), e, e}, state);
  REQUIRE(judged.has_value());
  CHECK(judged->reasons[2].text == "transaction " + id_of(e) + " is transaction 1 of this block already");
  judged = net.judge({e}, state, {id_of(e)});
  REQUIRE(judged.has_value());
  CHECK(judged->reasons[0].text == "transaction " + id_of(e) + " is already in an earlier block");
}

TEST_CASE_FIXTURE(fixture, "a key that is no text cannot be written") {
  // No envelope carries such a key, for the read/write set would not parse; a prepared block may.
  const auto b = ledger::block::make(state.next, bytes(32, 'h'), {net.make_tx({.sets = sets().write("a")})});
  auto prepared = ledger::prepare_all(b, net.bundle, *net.verifier);
  prepared.txs[0].sets.namespaces[0].writes[0].key = "\xff";
  const auto judged = ledger::judge(
      prepared, state, [](std::string_view) -> result<bool> { return false; }, *net.verifier);
  REQUIRE(judged.has_value());
  CHECK(judged->verdicts == list{verdict::invalid_writeset});
  CHECK(judged->updates.empty());
}

TEST_CASE_FIXTURE(fixture, "only valid transactions change the state") {
  const auto judged = judge({sets().write("a", "1"), sets().read("k").write("b"), sets().erase("k"), sets().write("empty", "")});
  CHECK(judged.verdicts == list{ok, stale, ok, ok});
  CHECK(judged.filter() == bytes("\x00\x0b\x00\x00", 4));
  const auto& keys = judged.updates.namespaces.at("mycc").keys;
  REQUIRE(keys.size() == 3);
  CHECK(keys.at("a").value == "1");
  CHECK(keys.at("a").at == at(1, 0));
  CHECK(keys.at("k").is_delete);
  CHECK(keys.at("empty").is_delete);
}

TEST_CASE_FIXTURE(fixture, "a block is judged by the state right before it, or not at all") {
  const auto b = ledger::block::make(block_number(2), bytes(32, 'h'), {net.make_tx({})});
  const auto nothing_seen = [](std::string_view) -> result<bool> { return false; };
  auto prepared = ledger::prepare_all(b, net.bundle, *net.verifier);
  auto judged = ledger::judge(prepared, state, nothing_seen, *net.verifier);
  REQUIRE_FALSE(judged.has_value());
  CHECK(judged.error().code == errc::failed_precondition);
  state.next = block_number(2);
  CHECK(ledger::judge(prepared, state, nothing_seen, *net.verifier).has_value());
  prepared.txs.clear();
  CHECK_FALSE(ledger::judge(prepared, state, nothing_seen, *net.verifier).has_value());
  prepared = ledger::prepare_all(b, net.bundle, *net.verifier);
  const auto broken = [](std::string_view) -> result<bool> { return fail(errc::io, "index"); };
  judged = ledger::judge(prepared, state, broken, *net.verifier);
  REQUIRE_FALSE(judged.has_value());
  CHECK(judged.error().code == errc::io);
}

TEST_CASE_FIXTURE(fixture, "the same block and state give the same verdicts and reasons") {
  std::vector<ledger::envelope> envelopes;
  for (int i = 0; i < 20; ++i)
    envelopes.push_back(net.make_tx({.sets = sets().read("k", at(0, 3)).write(i % 3 == 0 ? "k" : "x").write(std::to_string(i))}));
  const auto first = net.judge(envelopes, state), second = net.judge(envelopes, state);
  REQUIRE(first.has_value());
  REQUIRE(second.has_value());
  CHECK(first->filter() == second->filter());
  for (std::size_t i = 0; i < envelopes.size(); ++i) CHECK(first->reasons[i].encode() == second->reasons[i].encode());
  CHECK(ledger::encode_updates(first->updates) == ledger::encode_updates(second->updates));
}
