// What a raft channel's blocks and snapshots say of the group and of the chain: what is read can be written and reads the same.
#include "cluster/consenter/members.hpp"
#include "cluster/consenter/raft_chain.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace weft;
using namespace weft::fuzz;
using namespace weft::cluster;

namespace {

// The first byte chooses: a block's consenter metadata, or a snapshot's data.
int fuzz_one(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto raw = view(data, size).substr(1);
  if (data[0] % 2 == 0) {
    const auto group = group_metadata::decode(raw);
    if (!group) {
      FUZZ_CHECK(group.error().code == errc::corruption);
      return 0;
    }
    for (const auto id : group->ids) FUZZ_CHECK(id != raft::nobody && id < group->next_id);
    const auto again = group_metadata::decode(group->encode());
    FUZZ_CHECK(again && *again == *group);
    return 0;
  }
  const auto chain = chain_snapshot::decode(raw);
  if (!chain) {
    FUZZ_CHECK(chain.error().code == errc::corruption);
    return 0;
  }
  FUZZ_CHECK(chain->height != 0 && !chain->last_hash.empty());
  const auto again = chain_snapshot::decode(chain->encode().view());
  FUZZ_CHECK(again && again->height == chain->height && again->last_hash == chain->last_hash);
  return 0;
}

std::vector<bytes> seeds() {
  std::vector<bytes> out;
  for (const auto& group : {group_metadata{}, group_metadata{{1, 2, 3}, 4, 17}, group_metadata{{1, 300, 70'000}, 70'001, 1ull << 40}}) out.push_back(bytes(1, '\0') + group.encode());
  for (const auto height : {1ull, 300ull, ~0ull}) out.push_back(bytes(1, '\1') + chain_snapshot{height, bytes(32, 'h')}.encode().to_bytes());
  return out;
}

}  // namespace

WEFT_FUZZ_TARGET(raft_metadata, 150'000);
