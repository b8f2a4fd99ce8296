#include <doctest/doctest.h>

#include "cluster/raft/codec.hpp"
#include "cluster/raft/describe.hpp"
#include "config/base/random.hpp"

using namespace weft;
using namespace weft::cluster::raft;

namespace {

message some_message(seeded_random& random, message_kind kind) {
  message m;
  m.kind = kind;
  m.from = 1 + random.below(9);
  m.to = 1 + random.below(9);
  m.term = random.below(1'000'000);
  m.log = {random.below(1000), random.below(1'000'000'000'000)};
  m.commit = random.below(1000);
  m.rejected = random.below(2) != 0;
  m.hint = random.below(300);
  m.transfer = random.below(2) != 0;
  for (std::uint64_t i = random.below(4); i > 0; --i) {
    m.entries.push_back({random.below(9), random.below(999), static_cast<entry_kind>(random.below(3)), shared_bytes{random.make_bytes(random.below(300))}});
  }
  if (kind == message_kind::snapshot) {
    snapshot s;
    s.at = {3, 77};
    s.members = {{1, 2, 3}, {4}, {1, 2}, {5}, true};
    s.data = shared_bytes{bytes("state")};
    m.state = std::make_shared<snapshot>(s);
  }
  return m;
}

void check_equal(const message& a, const message& b) {
  CHECK(to_text(a) == to_text(b));
  CHECK(a.entries == b.entries);
  CHECK(a.commit == b.commit);
  CHECK(a.hint == b.hint);
  CHECK(a.transfer == b.transfer);
  REQUIRE(static_cast<bool>(a.state) == static_cast<bool>(b.state));
  if (a.state) {
    CHECK(a.state->members == b.state->members);
    CHECK(a.state->at == b.state->at);
    CHECK(a.state->data == b.state->data);
  }
}

}  // namespace

TEST_CASE("messages of every kind come back as they were") {
  seeded_random random(1);
  for (int round = 0; round < 50; ++round) {
    std::vector<message> batch;
    for (int kind = 0; kind <= static_cast<int>(message_kind::transfer_leader); ++kind) batch.push_back(some_message(random, static_cast<message_kind>(kind)));
    const auto back = decode_messages(shared_bytes{encode(batch)});
    REQUIRE(back);
    REQUIRE(back->size() == batch.size());
    for (std::size_t i = 0; i < batch.size(); ++i) check_equal(batch[i], (*back)[i]);
  }
}

TEST_CASE("what no member writes is refused, and nothing unfolds beyond its bounds") {
  seeded_random random(2);
  const auto good = encode(std::vector<message>{some_message(random, message_kind::snapshot), some_message(random, message_kind::append)});
  for (std::size_t cut = 1; cut < good.size(); ++cut) static_cast<void>(decode_messages(shared_bytes{good.substr(0, cut)}));
  for (std::size_t at = 0; at < good.size(); ++at) {
    auto bad = good;
    bad[at] = static_cast<char>(random.below(256));
    static_cast<void>(decode_messages(shared_bytes{bad}));
  }
  CHECK_FALSE(decode_messages(shared_bytes{good.substr(0, good.size() - 1)}));
  CHECK_FALSE(decode_messages(shared_bytes{bytes("\x0a\x02\x08\x63", 4)}));  // an unknown kind
  CHECK_FALSE(decode_messages(shared_bytes{bytes("\x0a\x00", 2)}));          // none at all
  bytes many;
  for (std::size_t i = 0; i <= messages_max; ++i) many += bytes("\x0a\x02\x08\x08", 4);
  CHECK_FALSE(decode_messages(shared_bytes{many}));
}
