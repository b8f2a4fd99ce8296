// What another orderer's raft says: what is read can be written and reads the same; nothing unfolds beyond its bounds.
#include "cluster/raft/codec.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace weft;
using namespace weft::fuzz;
namespace raft = weft::cluster::raft;

namespace {

int fuzz_one(const std::uint8_t* data, std::size_t size) {
  const auto all = raft::decode_messages(shared_bytes(bytes(view(data, size))));
  if (!all) {
    FUZZ_CHECK(all.error().code == errc::invalid_argument && !all.error().context.empty());
    return 0;
  }
  FUZZ_CHECK(all->size() <= raft::messages_max);
  const auto raw = raft::encode(*all);
  const auto again = raft::decode_messages(shared_bytes(bytes(raw)));
  FUZZ_CHECK(again && again->size() == all->size() && raft::encode(*again) == raw);
  return 0;
}

std::vector<bytes> seeds() {
  std::vector<bytes> out{{}};
  const auto add = [&](const raft::message& m) { out.push_back(raft::encode({m})); };
  raft::message m;
  m.from = 1;
  m.to = 2;
  m.term = 3;
  for (const auto kind : {raft::message_kind::vote, raft::message_kind::vote_reply, raft::message_kind::heartbeat, raft::message_kind::append_reply}) {
    m.kind = kind;
    add(m);
  }
  m.kind = raft::message_kind::append;
  m.log = {2, 7};
  m.entries = {{3, 8, raft::entry_kind::normal, shared_bytes(bytes("a block"))}, {3, 9, raft::entry_kind::conf_change_v2, shared_bytes(bytes("v4"))}};
  add(m);
  out.push_back(raft::encode({m, m}));
  m.entries.clear();
  m.kind = raft::message_kind::snapshot;
  m.state = std::make_shared<raft::snapshot>(raft::snapshot{{3, 9}, {{1, 2, 3}, {4}, {1, 2}, {}, true}, shared_bytes(bytes("state"))});
  add(m);
  return out;
}

}  // namespace

WEFT_FUZZ_TARGET(raft_messages, 150'000);
