#include <doctest/doctest.h>

#include "ledger/block/block.hpp"
#include "ledger/state/apply.hpp"
#include "ledger/state/state.hpp"
#include "ledger/store/kv.hpp"
#include "proto/wire.hpp"
#include "tests/unit/ledger/state/both_stores.hpp"
#include "tests/unit/ledger/tx/golden.hpp"

namespace golden = weft::golden;
using namespace weft;
using namespace weft::ledger;
using testing::deleted;
using testing::value;

TEST_CASE("the updates of golden block 6 are the recorded bytes") {
  const auto& example = golden::at(golden::vectors(), "misc", "commit_hash_example_block6");
  state_batch b;
  b.namespaces["golden"].keys["k1"] = value("v2", 6);
  CHECK(to_hex(encode_updates(b)) == golden::text(example, "updates_proto_hex"));
}

TEST_CASE("numbers of versions keep their order as bytes") {
  for (const auto& [number, expected] : golden::at(golden::vectors(), "misc", "order_preserving_varuint64").struct_value().fields()) {
    state_batch b;
    b.namespaces["n"].keys["k"] = value("v", std::stoull(number), 0);
    CHECK(to_hex(encode_updates(b)).ends_with(expected.string_value() + "00"));
    b.namespaces["n"].keys["k"] = value("v", 0, std::stoull(number));
    CHECK(to_hex(encode_updates(b)).ends_with("00" + expected.string_value()));
  }
}

TEST_CASE("names stand on the first entry only; public before collections; deletes without value") {
  struct row { const char* name; state_batch batch; std::vector<std::string> entries; };
  std::vector<row> rows(5);
  rows[0].name = "nothing";
  rows[1].name = "a namespace without updates, and one without name";
  rows[1].batch.namespaces["empty"];
  rows[1].batch.namespaces[""].keys["config"] = value("x", 1);
  rows[2].name = "only collections";
  rows[2].batch.namespaces["n"].hashed["c"]["h"] = value("x", 1);
  rows[2].entries = {"ns=n c=c k=h v=x"};
  rows[3].name = "everything";
  rows[3].batch.namespaces["b"].hashed["c2"]["h2"] = deleted(1);
  rows[3].batch.namespaces["b"].hashed["c2"]["h1"] = value("y", 1);
  rows[3].batch.namespaces["b"].hashed["c1"]["h"] = value("z", 1);
  rows[3].batch.namespaces["b"].keys["k2"] = deleted(1);
  rows[3].batch.namespaces["b"].keys["k1"] = value("w", 1, 0, "metadata are not hashed");
  rows[3].batch.namespaces["a"].keys["k"] = value("x", 1);
  rows[3].batch.namespaces["c"].keys["\xff"] = value("x", 1);
  rows[3].batch.namespaces["c"].keys["a"] = value("x", 1);
  rows[3].entries = {"ns=a c= k=k v=x",    "ns=b c= k=k1 v=w",   "ns= c= k=k2 deleted", "ns= c=c1 k=h v=z",
                     "ns= c=c2 k=h1 v=y", "ns= c= k=h2 deleted", "ns=c c= k=a v=x",     "ns= c= k=\xff v=x"};
  rows[4].name = "private values are nobody else's business";
  rows[4].batch.namespaces["n"].privates["c"]["k"] = value("x", 1);
  for (const auto& r : rows) {
    CAPTURE(r.name);
    std::vector<std::string> seen;
    CHECK(proto::for_each_field(encode_updates(r.batch), [&](const proto::wire_field& f) {
      const auto field = [&](std::uint32_t n) {
        bytes_view v;
        return proto::find_bytes(f.payload, n, v) == proto::wire_status::found ? std::string(v) : std::string();
      };
      std::uint64_t is_delete = 0;
      static_cast<void>(proto::find_varint(f.payload, 4, is_delete));
      seen.push_back("ns=" + field(1) + " c=" + field(2) + " k=" + field(3) + (is_delete != 0 ? " deleted" + field(5) : " v=" + field(5)));
    }));
    CHECK(seen == r.entries);
  }
}

TEST_CASE("replaying the golden chain gives the recorded commit hash of every block") {
  for (const std::string channel : {"mychannel", "bftchannel"}) {
    CAPTURE(channel);
    const auto state = open_state_store(make_memory_kv()).value();
    bytes commit_hash;
    for (const auto& v : golden::items(golden::at(golden::vectors(), "blocks", channel))) {
      const auto n = golden::number(v, "number");
      CAPTURE(n);
      const auto b = block::parse(shared_bytes(golden::file(golden::block_path(channel, n)))).value();
      const bytes& filter = b.metadata(metadata_slot::transactions_filter);
      const auto updates = updates_of(b, filter, *state->view());
      REQUIRE_MESSAGE(updates.has_value(), updates.error().context);
      REQUIRE(state->apply(block_number(n), *updates));
      if (n == 0) continue;
      commit_hash = next_commit_hash(filter, encode_updates(*updates), commit_hash);
      CHECK(to_hex(commit_hash) == golden::text(v, "commit_hash_hex"));
    }
  }
}
