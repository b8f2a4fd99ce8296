// Topology documents: a sound one is written and read again as the same; any other gives its problems as text.
#include "config/topology/topology.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace weft;
using namespace weft::fuzz;

namespace {

int fuzz_one(const std::uint8_t* data, std::size_t size) {
  const auto t = config::parse_topology(view(data, size));
  if (!t) {
    FUZZ_CHECK(t.error().code == errc::invalid_argument && !t.error().context.empty());
    return 0;
  }
  FUZZ_CHECK(!config::any_error(config::check(*t)));
  const auto text = config::to_yaml(*t);
  const auto again = config::parse_topology(text);
  FUZZ_CHECK(again && config::to_yaml(*again) == text);
  return 0;
}

constexpr const char* written_by_hand = R"yaml(organizations:
  - {name: Org1, domain: org1.example.com, hosts: [peer0], users: 2}
  - {name: Ord, msp_id: OrdererMSP, domain: example.com, kind: orderer, hosts: [orderer0], users: 0}
channels:
  - name: mychannel
    batch: &limits {max_message_count: 10, timeout: 500ms, cut_when_idle: false}
    contracts:
      - {name: mycc, version: "2.0", policy: "OR('Org1MSP.peer')", init_required: true, first_call: [init, a, "100", b, "200"]}
  - {name: other, batch: *limits}
nodes:
  - {name: one, members: [peer0.org1.example.com, orderer0.example.com]}
)yaml";

constexpr const char* clustered = R"yaml(organizations:
  - {name: Org1, domain: org1.example.com, hosts: [peer0]}
  - {name: Ord, domain: example.com, kind: orderer, hosts: [orderer0, orderer1]}
channels:
  - {name: mychannel, ordering: raft, raft: {tick_interval: 1s, consenters: [orderer1.example.com], snapshot_interval_size: 1 MB, election_tick: 30}}
nodes:
  - {name: one, address: "a:1", members: [peer0.org1.example.com, orderer0.example.com]}
  - {name: two, address: "b:1", members: [orderer1.example.com]}
)yaml";

std::vector<bytes> seeds() {
  return {config::to_yaml(config::dev_topology({})), config::to_yaml(config::dev_topology({3, 2, {}, 3})), written_by_hand, clustered};
}

}  // namespace

WEFT_FUZZ_TARGET(topology, 1'500);
