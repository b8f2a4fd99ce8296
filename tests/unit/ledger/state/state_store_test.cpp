#include <doctest/doctest.h>

#include <map>

#include "config/base/random.hpp"
#include "ledger/state/metadata_presence.hpp"
#include "ledger/state/state.hpp"
#include "tests/unit/ledger/state/both_stores.hpp"
#include "tests/unit/ledger/store/seeds.hpp"

using namespace weft;
using namespace weft::ledger;
using testing::deleted;
using testing::on_both_states;
using testing::value;

namespace {

std::shared_ptr<state_store> opened(const std::shared_ptr<kv_store>& kv) {
  auto s = open_state_store(kv);
  REQUIRE(s);
  return *s;
}
std::optional<versioned_value> must(result<std::optional<versioned_value>> r) {
  REQUIRE(r.has_value());
  return *r;
}
std::vector<std::string> keys_in(const state_view& v, std::string_view ns, std::string_view start = "", std::string_view end = "") {
  std::vector<std::string> keys;
  const auto cursor = v.range(ns, start, end);
  for (;;) {
    auto next = cursor->next();
    REQUIRE(next.has_value());
    if (!*next) return keys;
    keys.push_back((*next)->first);
  }
}

}  // namespace

TEST_CASE("blocks are applied in order, and the savepoint moves with them") {
  on_both_states([](const std::shared_ptr<kv_store>& kv) {
    auto s = opened(kv);
    CHECK(s->height() == block_number(0));
    state_batch b;
    b.namespaces["cc"].keys["k"] = value("v", 0, 3, "meta");
    CHECK(s->apply(block_number(1), b).error().code == errc::failed_precondition);
    CHECK(s->apply(block_number(0), b));
    CHECK(s->apply(block_number(0), b).error().code == errc::failed_precondition);
    CHECK(s->apply(block_number(1), {}));
    CHECK(s->height() == block_number(2));
    CHECK(must(s->view()->get("cc", "k")) == versioned_value{"v", "meta", {block_number(0), tx_number(3)}});
    s.reset();
    s = opened(kv);
    CHECK(s->height() == block_number(2));
    CHECK(must(s->view()->get("cc", "k"))->value == "v");
  });
}

TEST_CASE("each view keeps its own definitions of contracts, whether blocks between them wrote there or not") {
  on_both_states([](const std::shared_ptr<kv_store>& kv) {
    const auto s = opened(kv);
    const auto sequence_of = [](const state_view& v) { return must(v.get("_lifecycle", "Sequence")); };
    const auto approval_of = [](const state_view& v) { return must(v.get_hashed("_lifecycle", "_implicit_org_A", "h")); };
    const auto none = s->view();
    CHECK_FALSE(sequence_of(*none));  // looked up, and remembered as absent
    CHECK_FALSE(approval_of(*none));
    state_batch defined;
    defined.namespaces["_lifecycle"].keys["Sequence"] = value("1", 0, 0);
    CHECK(s->apply(block_number(0), defined));
    const auto first = s->view();
    CHECK(sequence_of(*first)->value == "1");
    state_batch other;
    other.namespaces["cc"].keys["k"] = value("v", 1, 0);
    CHECK(s->apply(block_number(1), other));
    const auto second = s->view();
    CHECK_FALSE(approval_of(*second));
    state_batch approved;
    approved.namespaces["_lifecycle"].hashed["_implicit_org_A"]["h"] = value("approval", 2, 0);
    approved.namespaces["_lifecycle"].keys["Sequence"] = deleted(2, 0);
    CHECK(s->apply(block_number(2), approved));
    const auto third = s->view();
    CHECK_FALSE(sequence_of(*third));
    CHECK(approval_of(*third)->value == "approval");
    CHECK(sequence_of(*second)->value == "1");
    CHECK(sequence_of(*first)->value == "1");
    CHECK_FALSE(approval_of(*first));
    CHECK_FALSE(sequence_of(*none));
  });
}

TEST_CASE("a view knows in which namespaces keys may have metadata") {
  on_both_states([](const std::shared_ptr<kv_store>& kv) {
    auto s = opened(kv);
    CHECK(may_have_metadata(*s->view(), "cc"));  // nothing was written yet: nobody knows
    CHECK(s->apply(block_number(0), {}));
    const auto before = s->view();
    state_batch plain;
    plain.namespaces["cc"].keys["k"] = value("v", 1, 0);
    plain.namespaces["cc2"].keys["k"] = value("v", 1, 0);
    CHECK(s->apply(block_number(1), plain));
    CHECK_FALSE(may_have_metadata(*s->view(), "cc"));
    state_batch one;
    one.namespaces["cc"].keys["k"] = value("v", 2, 0, "meta");
    CHECK(s->apply(block_number(2), one));
    state_batch hashed;
    hashed.namespaces["co"].hashed["c"]["h"] = value("v", 3, 0, "meta");
    CHECK(s->apply(block_number(3), hashed));
    state_batch removed;
    removed.namespaces["cc"].keys["k"] = deleted(4, 0);
    CHECK(s->apply(block_number(4), removed));
    for (int opened_anew : {0, 1}) {
      CAPTURE(opened_anew);
      if (opened_anew) s.reset(), s = opened(kv);
      const auto now = s->view();
      CHECK(may_have_metadata(*now, "cc"));
      CHECK(may_have_metadata(*now, "co"));
      CHECK_FALSE(may_have_metadata(*now, "c"));
      CHECK_FALSE(may_have_metadata(*now, "cc2"));
      CHECK_FALSE(may_have_metadata(*now, ""));
    }
    CHECK_FALSE(may_have_metadata(*before, "cc"));
  });
}

TEST_CASE("a state that was begun without notes about metadata is asked for every key") {
  const auto kv = make_memory_kv();
  CHECK(opened(kv)->apply(block_number(0), {}));
  kv_batch older;
  older.erase("s/m");
  CHECK(kv->write(older, false));
  CHECK(may_have_metadata(*opened(kv)->view(), "cc"));
}

TEST_CASE("public, hashed and private keys live in spaces of their own") {
  on_both_states([](const std::shared_ptr<kv_store>& kv) {
    const auto s = opened(kv);
    state_batch b;
    b.namespaces["cc"].keys["k"] = value("public", 0);
    b.namespaces["cc"].hashed["c"]["k"] = value("hashed", 0);
    b.namespaces["cc"].privates["c"]["k"] = value("private", 0);
    b.namespaces["cc"].hashed[""]["k"] = value("no collection", 0);
    b.namespaces[""].keys["k"] = value("no namespace", 0);
    CHECK(s->apply(block_number(0), b));
    const auto v = s->view();
    CHECK(must(v->get("cc", "k"))->value == "public");
    CHECK(must(v->get_hashed("cc", "c", "k"))->value == "hashed");
    CHECK(must(v->get_private("cc", "c", "k"))->value == "private");
    CHECK(must(v->get_hashed("cc", "", "k"))->value == "no collection");
    CHECK(must(v->get("", "k"))->value == "no namespace");
    CHECK_FALSE(must(v->get("c", "ck")));
    CHECK_FALSE(must(v->get_hashed("c", "cc", "k")));
    CHECK_FALSE(must(v->get_private("ccc", "", "k")));
    CHECK(keys_in(*v, "cc") == std::vector<std::string>{"k"});
    CHECK(keys_in(*v, "") == std::vector<std::string>{"k"});
    CHECK(keys_in(*v, "c").empty());
  });
}

TEST_CASE("ranges follow byte order, whatever bytes namespaces and keys hold") {
  on_both_states([](const std::shared_ptr<kv_store>& kv) {
    const auto s = opened(kv);
    const std::vector<std::string> names{"", std::string("\0", 1), std::string("\0\1", 2), "a", std::string("a\0", 2), std::string("a\0\xff", 3), "aa", "\xff"};
    const std::vector<std::string> keys{"", std::string("\0", 1), std::string("\0\0", 2), std::string("\0\1", 2), std::string("\0\xff", 2), "\1", "a", std::string("a\0", 2), "b", "\xff", "\xff\xff"};
    state_batch b;
    for (const auto& ns : names)
      for (const auto& k : keys) b.namespaces[ns].keys[k] = value(ns + "|" + k, 0);
    CHECK(s->apply(block_number(0), b));
    const auto v = s->view();
    for (const auto& ns : names) {
      CHECK(keys_in(*v, ns) == keys);
      for (std::size_t i = 0; i < keys.size(); ++i) {
        CHECK(must(v->get(ns, keys[i]))->value == ns + "|" + keys[i]);
        CHECK(keys_in(*v, ns, keys[i]) == std::vector<std::string>(keys.begin() + static_cast<long>(i), keys.end()));
        if (i > 0) CHECK(keys_in(*v, ns, "", keys[i]) == std::vector<std::string>(keys.begin(), keys.begin() + static_cast<long>(i)));
      }
      CHECK(keys_in(*v, ns, "b", "a").empty());
      CHECK(keys_in(*v, ns, "a", "a").empty());
    }
    CHECK(keys_in(*v, "nowhere").empty());
  });
}

TEST_CASE("a view and its cursors stay as they were") {
  on_both_states([](const std::shared_ptr<kv_store>& kv) {
    const auto s = opened(kv);
    state_batch b;
    for (const char* k : {"a", "b", "c"}) b.namespaces["cc"].keys[k] = value("old", 0);
    CHECK(s->apply(block_number(0), b));
    const auto old = s->view();
    const auto cursor = old->range("cc", "", "");
    CHECK((*cursor->next())->first == "a");
    state_batch change;
    change.namespaces["cc"].keys["b"] = deleted(1);
    change.namespaces["cc"].keys["bb"] = value("new", 1);
    change.namespaces["cc"].keys["c"] = value("new", 1);
    CHECK(s->apply(block_number(1), change));
    CHECK((*cursor->next())->first == "b");
    CHECK((*cursor->next())->second.value == "old");
    CHECK_FALSE(cursor->next()->has_value());
    CHECK_FALSE(cursor->next()->has_value());
    CHECK(old->height() == block_number(1));
    CHECK(must(old->get("cc", "b"))->value == "old");
    CHECK(s->view()->height() == block_number(2));
    CHECK_FALSE(must(s->view()->get("cc", "b")));
    CHECK(keys_in(*s->view(), "cc") == std::vector<std::string>{"a", "bb", "c"});
  });
}

TEST_CASE("damage in a stored value is corruption, not a value") {
  for (const bytes& bad : {bytes(), bytes("\x01"), bytes("\x01\x02"), bytes("\x01\x02\x05xx"), bytes(11, '\xff')}) {
    const auto kv = make_memory_kv();
    kv_batch ops;
    ops.put(bytes("s/p/cc\0\1k", 9), bad);
    CHECK(kv->write(ops, false));
    const auto v = opened(kv)->view();
    CHECK(v->get("cc", "k").error().code == errc::corruption);
    CHECK(v->range("cc", "", "")->next().error().code == errc::corruption);
  }
  const auto kv = make_memory_kv();
  kv_batch ops;
  ops.put("s/height", "seven");
  CHECK(kv->write(ops, false));
  CHECK(open_state_store(kv).error().code == errc::corruption);
}

TEST_CASE("random blocks: the state is what a plain map says") {
  on_both_states([](const std::shared_ptr<kv_store>& kv) {
    const auto s = opened(kv);
    seeded_random random(11);
    std::map<std::string, versioned_value> model;
    for (std::uint64_t n = 0; n < 60; ++n) {
      state_batch b;
      for (auto writes = random.below(20); writes > 0; --writes) {
        const std::string key = random.make_bytes(1 + random.below(2));
        if (random.below(4) == 0) {
          b.namespaces["cc"].keys[key] = deleted(n, writes);
          model.erase(key);
        } else {
          const auto u = value(random.make_bytes(random.below(300)), n, writes, random.make_bytes(random.below(4)));
          b.namespaces["cc"].keys[key] = u;
          model[key] = {u.value, u.metadata, u.at};
        }
      }
      REQUIRE(s->apply(block_number(n), b));
    }
    const auto v = s->view();
    std::vector<std::string> keys;
    for (const auto& [key, expected] : model) {
      keys.push_back(key);
      CHECK(must(v->get("cc", key)) == expected);
    }
    CHECK(keys_in(*v, "cc") == keys);
  });
}
