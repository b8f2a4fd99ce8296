#include <doctest/doctest.h>

#include "ledger/chain/transient_store.hpp"

using namespace weft;
using namespace weft::ledger;

namespace {

private_writes writes_of(const std::string& key) { return {"_lifecycle", "_implicit_org_Org1MSP", {{key, false, "value of " + key}}, {}}; }

}  // namespace

TEST_CASE("what was kept is found after any crash, until it is forgotten") {
  seeded_random random{7};
  for (int round = 0; round < 50; ++round) {
    std::shared_ptr<memory_env> disk = make_memory_env();
    auto store = transient_store::open(disk, 100).value();
    REQUIRE(store->keep("tx1", writes_of("a")));
    REQUIRE(store->keep("tx2", writes_of("b")));
    REQUIRE(store->keep("tx2", writes_of("b")));  // once is enough
    store->forget("tx1");
    auto again = transient_store::open(disk->crash(random), 100).value();
    REQUIRE(again->find("tx2").size() == 1);
    CHECK(again->find("tx2").front().encode() == writes_of("b").encode());
    CHECK(again->find("tx3").empty());
  }
}

TEST_CASE("the oldest are forgotten when too many wait") {
  auto store = transient_store::open(make_memory_env(), 2).value();
  for (const char* id : {"1", "2", "3"}) REQUIRE(store->keep(id, writes_of(id)));
  CHECK(store->find("1").empty());
  CHECK(store->find("3").size() == 1);
}

TEST_CASE("a full disk is told, and what was kept before stays") {
  auto disk = make_memory_env();
  auto store = transient_store::open(disk, 10).value();
  REQUIRE(store->keep("1", writes_of("a")));
  disk->fail_after(0);
  CHECK(store->keep("2", writes_of("b")).error().code == errc::io);
  CHECK(store->find("1").size() == 1);
  CHECK(store->find("2").empty());
}

TEST_CASE("a damaged end is cut, whole records before it are taken") {
  auto disk = make_memory_env();
  auto store = transient_store::open(disk, 10).value();
  REQUIRE(store->keep("1", writes_of("a")));
  const auto whole = disk->open("waiting").value()->size();
  REQUIRE(store->keep("2", writes_of("b")));
  disk->flip_bit("waiting", (whole + 20) * 8);
  auto again = transient_store::open(disk, 10).value();
  CHECK(again->find("1").size() == 1);
  CHECK(again->find("2").empty());
}
