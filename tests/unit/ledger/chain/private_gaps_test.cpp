#include "ledger/chain/private_gaps.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "config/base/random.hpp"
#include "tests/unit/ledger/chain/committing.hpp"
#include "tests/unit/ledger/store/crash_kv.hpp"
#include "tests/unit/ledger/store/seeds.hpp"

using namespace weft;
using namespace weft::ledger;
using testing::add_private;
using testing::all_pairs;
using testing::crash_kv;
using testing::endorsed;
using testing::sealed;
using testing::writing;

namespace {

const block& private_genesis() {
  static const block b = testing::golden_block("mychannel", 0);
  return b;
}

struct member_ledger {
  std::shared_ptr<channel_ledger> chain;
  std::shared_ptr<private_gaps> gaps;
};
// A peer that is a member of collection "own" alone.
member_ledger opened(const std::shared_ptr<env>& files, const std::shared_ptr<kv_store>& kv, ledger_open_report* report = nullptr,
                     std::uint64_t segment_bytes = 64 * MiB) {
  auto l = open_member_ledger(files, kv, private_genesis(), [](std::string_view, std::string_view collection) { return collection == "own"; }, {}, report, segment_bytes);
  REQUIRE_MESSAGE(l.has_value(), l.error().context);
  return {*l, gaps_of(*l)};
}

private_writes own(std::vector<kv_write> writes) { return {"cc", "own", std::move(writes), {}}; }

// What a judge finds beside the verdicts.
void add_claims(judged_block& judged, const block& b) {
  for (std::size_t i = 0; i < b.envelopes().size(); ++i) {
    if (judged.verdicts[i] != verdict::valid) continue;
    const auto tx = parse_endorser_tx(b.envelopes()[i]);
    for (const auto& ns : tx->sets.namespaces)
      for (const auto& c : ns.collections)
        if (!c.private_hash.empty()) judged.claims.push_back({tx_number(i), b.envelopes()[i].header()->tx_id, ns.name, c.name, c.private_hash});
  }
}

struct made_block {
  block b;
  judged_block judged;
};
// One transaction for each list of sets; `codes` are the verdicts.
made_block made(const channel_ledger& l, const std::vector<std::vector<private_writes>>& txs, std::vector<std::uint8_t> codes = {}) {
  std::vector<envelope> envelopes;
  for (const auto& sets : txs) {
    auto all = writing({{"public", false, "v"}});
    for (const auto& w : sets) add_private(all, w);
    envelopes.push_back(endorsed(all, std::to_string(l.height().value) + "." + std::to_string(envelopes.size())));
  }
  codes.resize(txs.size());
  auto s = sealed(l, std::move(envelopes), codes);
  add_claims(s.judged, s.block);
  return {std::move(s.block), std::move(s.judged)};
}
void commit(channel_ledger& l, const std::vector<std::vector<private_writes>>& txs, const std::vector<block_private_data>& held = {},
            std::vector<std::uint8_t> codes = {}) {
  const auto m = made(l, txs, std::move(codes));
  const auto done = l.commit(m.b, m.judged, held);
  REQUIRE_MESSAGE(done.has_value(), done.error().context);
}

late_private_data given(std::uint64_t block, std::uint64_t tx, const private_writes& w) {
  return {{block_number(block), tx_number(tx)}, w.ns, w.collection, w.encode()};
}

// "1.0 own; 2.1 own; "
std::string names(const std::vector<missing_private_data>& all) {
  std::string out;
  for (const auto& m : all) out += std::to_string(m.at.block.value) + "." + std::to_string(m.at.tx.value) + " " + m.ns + "/" + m.collection + "; ";
  return out;
}
std::string missing(const member_ledger& l) { return names(l.gaps->missing({}, 100).value()); }

std::string plain(const channel_ledger& l, const char* key) {
  const auto found = l.view()->get_private("cc", "own", key).value();
  return found ? found->value + "@" + std::to_string(found->at.block.value) + "." + std::to_string(found->at.tx.value) : "none";
}

late_outcome one(const member_ledger& l, const late_private_data& what) {
  const auto out = l.gaps->reconcile({what});
  REQUIRE_MESSAGE(out.has_value(), out.error().context);
  REQUIRE(out->size() == 1);
  return out->front();
}

}  // namespace

TEST_CASE("a commit notes what it lacks of the own collections, and nothing else") {
  const auto secret = own({{"k", false, "v"}});
  const private_writes others{"cc", "others", {{"k", false, "v"}}, {}};
  const auto files = make_memory_env();
  const auto kv = make_memory_kv();
  {
    const auto l = opened(files, kv);
    commit(*l.chain, {{secret}, {own({{"k", false, "w"}}), others}, {secret}, {own({{"x", false, "y"}})}}, {{tx_number(0), secret}}, {0, 0, 11, 0});
    commit(*l.chain, {{others}, {secret}});
    CHECK(missing(l) == "1.1 cc/own; 1.3 cc/own; 2.1 cc/own; ");
    CHECK(l.gaps->missing({}, 1)->front().hash == crypto::to_bytes(crypto::sha256(own({{"k", false, "w"}}).encode())));
  }
  CHECK(missing(opened(files, kv)) == "1.1 cc/own; 1.3 cc/own; 2.1 cc/own; ");
  const auto rebuilt = make_memory_kv();
  CHECK(missing(opened(files, rebuilt)) == "1.1 cc/own; 1.3 cc/own; 2.1 cc/own; ");
  CHECK(all_pairs(*rebuilt, "r/") == all_pairs(*kv, "r/"));  // a decree's reasons are not found again
  const auto nobodys = open_channel_ledger(files, make_memory_kv(), private_genesis());
  REQUIRE(nobodys);
  CHECK(gaps_of(*nobodys)->missing({}, 9)->empty());
}

TEST_CASE("what is missing is listed in pages") {
  const auto l = opened(make_memory_env(), make_memory_kv());
  for (int i = 0; i < 3; ++i) commit(*l.chain, {{own({{"k", false, "v"}})}, {own({{"l", false, "v"}})}});
  std::string all;
  std::optional<missing_private_data> after;
  for (int pages = 0; pages < 3; ++pages) {
    const auto page = l.gaps->missing(after, 2).value();
    REQUIRE(page.size() == 2);
    all += names(page);
    after = page.back();
  }
  CHECK(all == missing(l));
  CHECK(l.gaps->missing(after, 2)->empty());
  CHECK(l.gaps->missing({}, 0)->empty());
}

TEST_CASE("a set that comes later is as if it had been there") {
  const auto files = make_memory_env();
  const auto kv = make_memory_kv();
  const auto secret = own({{"gone", true, ""}, {"k", false, "v"}});
  const auto expect = [&](const member_ledger& l) {
    CHECK(missing(l).empty());
    CHECK(plain(*l.chain, "k") == "v@1.0");
    const auto stored = l.chain->private_data(block_number(1), tx_number(0), "cc", "own").value();
    REQUIRE(stored);
    CHECK(stored->encode() == secret.encode());
    CHECK(l.chain->height() == block_number(2));
    CHECK(l.chain->view()->height() == block_number(2));
  };
  {
    const auto l = opened(files, kv);
    commit(*l.chain, {{secret}});
    CHECK(plain(*l.chain, "k") == "none");
    const auto before = l.chain->view();
    const auto hash = l.chain->last_commit_hash();
    CHECK(one(l, given(1, 0, secret)) == late_outcome::taken);
    expect(l);
    CHECK(l.chain->last_commit_hash() == hash);
    CHECK_FALSE(before->get_private("cc", "own", "k")->has_value());  // whoever simulates on a view keeps it
    CHECK(one(l, given(1, 0, secret)) == late_outcome::not_missing);
    CHECK(l.gaps->reconcile({})->empty());
  }
  expect(opened(files, kv));
  const auto rebuilt = make_memory_kv();
  expect(opened(files, rebuilt));
  CHECK(all_pairs(*rebuilt) == all_pairs(*kv));
  commit(*opened(files, rebuilt).chain, {{secret}});
}

TEST_CASE("what was not asked for, or is another set, changes nothing") {
  const auto kv = make_memory_kv();
  const auto l = opened(make_memory_env(), kv);
  const auto secret = own({{"k", false, "v"}});
  commit(*l.chain, {{secret}, {}});
  const auto before = all_pairs(*kv);
  auto longer = given(1, 0, secret);
  longer.set += bytes("\x2a\x00", 2);  // an unknown field: the same values, another hash
  auto garbage = given(1, 0, secret);
  garbage.set = "garbage";
  auto nothing = given(1, 0, secret);
  nothing.set.clear();
  auto elsewhere = given(1, 0, secret);
  elsewhere.collection = "others";
  const private_writes forged = own({{"k", false, "forged"}});
  struct row { const char* name; late_private_data data; late_outcome expected; };
  const row rows[] = {
      {"a forged value", given(1, 0, forged), late_outcome::wrong},
      {"other bytes of the same meaning", longer, late_outcome::wrong},
      {"garbage", garbage, late_outcome::wrong},
      {"nothing", nothing, late_outcome::wrong},
      {"another transaction", given(1, 1, secret), late_outcome::not_missing},
      {"a block to come", given(7, 0, secret), late_outcome::not_missing},
      {"another collection", elsewhere, late_outcome::not_missing},
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    CHECK(one(l, r.data) == r.expected);
    CHECK(all_pairs(*kv) == before);
  }
  const auto mixed = l.gaps->reconcile({given(1, 0, forged), given(1, 0, secret), given(1, 0, secret)});
  REQUIRE(mixed);
  CHECK(*mixed == std::vector{late_outcome::wrong, late_outcome::taken, late_outcome::not_missing});
  CHECK(plain(*l.chain, "k") == "v@1.0");
}

TEST_CASE("newer writes and deletes win over what comes late, in whichever order") {
  const auto first = own({{"a", false, "1"}, {"b", false, "1"}, {"c", false, "1"}, {"d", false, "1"}});
  const auto second = own({{"a", false, "2"}, {"b", true, ""}});  // never missing
  const auto third = own({{"c", true, ""}, {"d", false, "3"}});
  const auto run = [&](bool first_before_third) {
    const auto l = opened(make_memory_env(), make_memory_kv());
    commit(*l.chain, {{first}});
    commit(*l.chain, {{second}}, {{tx_number(0), second}});
    commit(*l.chain, {{third}});
    CHECK(one(l, first_before_third ? given(1, 0, first) : given(3, 0, third)) == late_outcome::taken);
    CHECK(plain(*l.chain, "a") == "2@2.0");
    CHECK(plain(*l.chain, "b") == "none");
    CHECK(one(l, first_before_third ? given(3, 0, third) : given(1, 0, first)) == late_outcome::taken);
    CHECK(plain(*l.chain, "a") == "2@2.0");
    CHECK(plain(*l.chain, "b") == "none");
    CHECK(plain(*l.chain, "c") == "none");
    CHECK(plain(*l.chain, "d") == "3@3.0");
    CHECK(l.chain->private_data(block_number(1), tx_number(0), "cc", "own").value()->encode() == first.encode());
  };
  run(true);
  run(false);
}

TEST_CASE("after a failed reconciliation nothing is taken until the ledger is opened anew, which finds what was on disk") {
  for (const bool kv_fails : {true, false}) {
    CAPTURE(kv_fails);
    const auto files = make_memory_env();
    const auto kv = std::make_shared<crash_kv>();
    const auto secret = own({{"k", false, "v"}});
    auto l = opened(files, kv);
    commit(*l.chain, {{secret}});
    kv->failing = kv_fails;
    files->fail_after(kv_fails ? 1 * MiB : 5);
    const auto refused = l.gaps->reconcile({given(1, 0, secret)});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == errc::io);
    kv->failing = false;
    files->fail_after(1 * MiB);
    CHECK(l.gaps->reconcile({given(1, 0, secret)}).error().context.find("opened anew") != std::string::npos);
    CHECK(plain(*l.chain, "k") == "none");
    l = {};
    l = opened(files, kv);
    CHECK(missing(l) == (kv_fails ? "" : "1.0 cc/own; "));
    if (!kv_fails) CHECK(one(l, given(1, 0, secret)) == late_outcome::taken);
    CHECK(plain(*l.chain, "k") == "v@1.0");
  }
}

TEST_CASE("files of late private data: shortened under an index that knows better") {
  const auto files = make_memory_env();
  const auto kv = make_memory_kv();
  const auto secret = own({{"k", false, "v"}});
  {
    const auto l = opened(files, kv);
    commit(*l.chain, {{secret}});
    CHECK(one(l, given(1, 0, secret)) == late_outcome::taken);
  }
  const auto late = files->open("late-000000").value();
  REQUIRE(late->truncate(late->size() - 1));
  const auto refused = open_member_ledger(files, kv, private_genesis(), [](auto, auto) { return true; });
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::corruption);
  CHECK(refused.error().context.find("late-000000") != std::string::npos);
  const auto l = opened(files, make_memory_kv());  // without the index: asked for again
  CHECK(missing(l) == "1.0 cc/own; ");
}

namespace {

struct planned_gap {
  made_block made;
  std::vector<block_private_data> all, held;  ///< Of the own collection: what endorsers had, what this peer has at the commit.
};
planned_gap next_private_block(const channel_ledger& l, seeded_random& random) {
  planned_gap out;
  std::vector<std::vector<private_writes>> txs;
  std::vector<std::uint8_t> codes;
  for (auto count = 1 + random.below(4); count > 0; --count) {
    std::vector<private_writes> sets;
    codes.push_back(random.below(6) == 0 ? 11 : 0);
    if (random.below(3) != 0) {
      auto w = own({});
      for (std::uint64_t k = 0; k < 4; ++k) {
        if (random.below(2) == 0) continue;
        const bool gone = random.below(4) == 0;
        w.writes.push_back({"k" + std::to_string(k), gone, gone ? bytes() : bytes(1, static_cast<char>('a' + random.below(4)))});
      }
      if (!w.writes.empty()) {
        if (codes.back() == 0) {
          out.all.push_back({tx_number(txs.size()), w});
          if (random.below(2) == 0) out.held.push_back(out.all.back());
        }
        sets.push_back(std::move(w));
      }
    }
    txs.push_back(std::move(sets));
  }
  out.made = made(l, txs, codes);
  return out;
}

std::vector<std::pair<bytes, bytes>> state_of(const kv_store& kv) {
  auto all = all_pairs(kv, "r/");
  std::erase_if(all, [](const auto& p) { return !p.first.starts_with("s/"); });
  return all;
}

}  // namespace

TEST_CASE("whatever comes late, in any order and through crashes: in the end the state is that of a peer that had everything") {
  std::uint64_t late = 0;
  for (const auto seed : testing::seeds(120)) {
    CAPTURE(seed);
    seeded_random random(seed);
    const std::uint64_t segment_bytes = 1 + random.below(10'000);
    // The peer that has everything.
    const auto full_kv = make_memory_kv();
    const auto full = opened(make_memory_env(), full_kv, nullptr, segment_bytes);
    std::vector<planned_gap> plan;
    std::map<version, private_writes> sets;
    for (int i = 0; i < 10; ++i) {
      plan.push_back(next_private_block(*full.chain, random));
      const auto& p = plan.back();
      REQUIRE(full.chain->commit(p.made.b, p.made.judged, p.all));
      for (const auto& d : p.all) sets.emplace(version{p.made.b.number(), d.tx}, d.writes);
    }
    std::shared_ptr<memory_env> files = make_memory_env();
    auto kv = std::make_shared<crash_kv>();
    std::map<version, bool> acknowledged;  // late sets that reconcile() said to be taken
    for (int life = 0; life < 40; ++life) {
      const auto l = opened(files, kv, nullptr, segment_bytes);
      for (const auto& [at, taken] : acknowledged)
        CHECK(l.chain->private_data(at.block, at.tx, "cc", "own").value()->encode() == sets.at(at).encode());
      auto open = l.gaps->missing({}, 1000).value();
      for (const auto& m : open) CHECK(acknowledged.count(m.at) == 0);
      if (l.chain->height().value == plan.size() + 1 && open.empty()) break;
      for (auto steps = random.below(6); steps > 0; --steps) {
        const bool disturbed = random.below(4) == 0;
        if (disturbed) {
          if (random.below(2) == 0) kv->failing = true;
          else files->fail_after(random.below(3000));
        }
        const auto height = l.chain->height().value;
        open = l.gaps->missing({}, 1000).value();
        bool failed = false;
        if (height <= plan.size() && (open.empty() || random.below(2) == 0)) {
          const auto& p = plan[height - 1];
          failed = !l.chain->commit(p.made.b, p.made.judged, p.held);
        } else if (!open.empty()) {
          std::vector<late_private_data> found;
          for (auto n = 1 + random.below(3); n > 0; --n) {
            const auto& m = open[random.below(open.size())];
            found.push_back({m.at, m.ns, m.collection, sets.at(m.at).encode()});
          }
          const auto done = l.gaps->reconcile(found);
          failed = !done;
          for (std::size_t i = 0; done && i < done->size(); ++i) {
            CHECK((*done)[i] != late_outcome::wrong);
            acknowledged[found[i].at] = true;
            ++late;
          }
        }
        kv->failing = false;
        files->fail_after(100 * MiB);
        if (failed) break;
      }
      if (random.below(3) == 0) continue;  // only the process died
      files = files->crash(random);
      kv = random.below(4) == 0 ? std::make_shared<crash_kv>() : kv->crash(random);
    }
    const auto l = opened(files, kv, nullptr, segment_bytes);
    while (l.chain->height().value <= plan.size()) {
      const auto& p = plan[l.chain->height().value - 1];
      REQUIRE(l.chain->commit(p.made.b, p.made.judged, p.held));
    }
    const auto gaps = l.gaps->missing({}, 1000).value();
    for (const auto& m : gaps) CHECK(one(l, {m.at, m.ns, m.collection, sets.at(m.at).encode()}) == late_outcome::taken);
    CHECK(missing(l).empty());
    CHECK(state_of(*kv) == state_of(*full_kv));
    const auto rebuilt = make_memory_kv();
    static_cast<void>(opened(files, rebuilt, nullptr, segment_bytes));
    CHECK(state_of(*rebuilt) == state_of(*full_kv));
  }
  if (testing::seeds(2).size() > 1) CHECK(late > 500);
}
