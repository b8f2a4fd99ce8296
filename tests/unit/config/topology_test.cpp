#include "config/topology/topology.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace weft;
using namespace weft::config;

namespace {

const char* const small = R"yaml(organizations:
  - {name: Org1, domain: org1.example.com, hosts: [peer0], users: 2, material: "crypto/org1", addresses: {peer0: "localhost:7051"}}
  - {name: Ord, msp_id: OrdererMSP, domain: example.com, kind: orderer, hosts: [orderer0], users: 0}
channels:
  - name: mychannel
    batch: {max_message_count: 10, timeout: 500ms, cut_when_idle: false}
    contracts:
      - {name: mycc, version: "2.0", policy: "OR('Org1MSP.peer')", init_required: true, first_call: [init, a, "100", b, "200"]}
nodes:
  - {name: one, members: [peer0.org1.example.com, orderer0.example.com]}
)yaml";

bool mentions(const std::vector<problem>& problems, std::string_view text) {
  return std::any_of(problems.begin(), problems.end(), [&](const auto& p) { return to_text(p, "").find(text) != std::string::npos; });
}

/// The first channel, ordered by raft from here on.
raft_ordering& raft_of(topology& t) {
  t.channels[0].ordering = "raft";
  return t.channels[0].raft;
}

}  // namespace

TEST_CASE("the dev network keeps the rules, whatever its size") {
  for (const std::size_t orgs : {1, 2, 26}) {
    for (const std::size_t peers : {1, 16}) {
      const auto t = dev_topology({orgs, peers, {}});
      CHECK(check(t).empty());
      CHECK(t.organizations.size() == orgs + 1);
      CHECK(t.nodes.at(0).members.size() == orgs * peers + 1);
    }
  }
}

TEST_CASE("a dev network with several orderers is ordered by raft") {
  for (const std::size_t orderers : {1, 2, 3, 4, 5, 9}) {
    CAPTURE(orderers);
    const auto t = dev_topology({2, 1, {}, orderers});
    const auto problems = check(t);
    CHECK_FALSE(any_error(problems));
    CHECK(problems.size() == (orderers % 2 == 0 ? 1 : 0));
    CHECK(t.channels[0].ordering == (orderers == 1 ? "solo" : "raft"));
    CHECK(t.organizations.back().hosts.size() == orderers);
    CHECK(t.organizations.back().hosts.back() == "orderer" + std::to_string(orderers - 1));
    CHECK(consenters_of(t.channels[0], t).size() == orderers);
    CHECK(t.nodes.at(0).members.size() == 2 + orderers);
  }
  CHECK(check_size({2, 1, {}, 9}).has_value());
  CHECK(check_size({2, 1, {}, 10}).error().context == "10 orderers; one process takes 1 to 9");
  CHECK_FALSE(check_size({2, 1, {}, 0}).has_value());
}

TEST_CASE("the dev network has the sample contracts, and mycc is filled") {
  const auto t = dev_topology({});
  std::vector<std::string> names;
  for (const auto& c : t.channels.at(0).contracts) names.push_back(c.name);
  CHECK(names == std::vector<std::string>{"mycc", "simple", "basic", "kv"});
  CHECK(t.channels[0].contracts[0].first_call == std::vector<std::string>{"init", "a", "100", "b", "200"});
}

TEST_CASE("a document is read with defaults for what it leaves out") {
  const auto t = parse_topology(small);
  REQUIRE_MESSAGE(t.has_value(), t.error().context);
  CHECK(t->organizations[0].msp_id == "Org1MSP");
  CHECK(t->organizations[1].msp_id == "OrdererMSP");
  CHECK(t->organizations[0].users == 2);
  CHECK(t->organizations[0].material == "crypto/org1");
  CHECK(t->organizations[0].addresses.at("peer0") == "localhost:7051");
  CHECK(t->organizations[1].kind == org_kind::orderer);
  const auto& c = t->channels.at(0);
  CHECK(c.ordering == "solo");
  CHECK(c.batch.max_message_count == 10);
  CHECK(c.batch.absolute_max_bytes == batching{}.absolute_max_bytes);
  CHECK(c.batch.timeout == std::chrono::milliseconds(500));
  CHECK_FALSE(c.batch.cut_when_idle);
  CHECK(c.contracts.at(0).policy == "OR('Org1MSP.peer')");
  CHECK(c.contracts[0].first_call.size() == 5);
}

const char* const clustered = R"yaml(organizations:
  - {name: Org1, domain: org1.example.com, hosts: [peer0]}
  - {name: Ord, domain: example.com, kind: orderer, hosts: [orderer0, orderer1, orderer2, orderer3], addresses: {orderer0: "10.0.0.1:7050"}}
channels:
  - name: mychannel
    ordering: raft
    raft: {tick_interval: 100ms, election_tick: 20, heartbeat_tick: 3, max_inflight_blocks: 9, snapshot_interval_size: 1 MB,
           consenters: [orderer2.example.com, orderer0.example.com, orderer1.example.com]}
  - {name: other, ordering: raft}
nodes:
  - {name: one, address: "10.0.0.1:7400", members: [peer0.org1.example.com, orderer0.example.com]}
  - {name: two, address: "node-two:7400", members: [orderer1.example.com, orderer2.example.com, orderer3.example.com]}
)yaml";

TEST_CASE("raft, its consenters and several nodes are read") {
  const auto read = read_topology(clustered);
  REQUIRE_MESSAGE(!any_error(read.problems), to_text(read.problems, ""));
  const auto& t = read.contents;
  const auto& r = t.channels[0].raft;
  CHECK(r.tick_interval == std::chrono::milliseconds(100));
  CHECK(r.election_tick == 20);
  CHECK(r.heartbeat_tick == 3);
  CHECK(r.max_inflight_blocks == 9);
  CHECK(r.snapshot_interval_size == MiB);
  CHECK(consenters_of(t.channels[0], t) == std::vector<std::string>{"orderer2.example.com", "orderer0.example.com", "orderer1.example.com"});
  CHECK(consenters_of(t.channels[1], t) ==
        std::vector<std::string>{"orderer0.example.com", "orderer1.example.com", "orderer2.example.com", "orderer3.example.com"});
  CHECK(t.channels[1].raft == raft_ordering{});
  CHECK(t.nodes[1].address == "node-two:7400");
  REQUIRE(read.problems.size() == 1);  // the second channel has four
  CHECK(to_text(read.problems[0], "t.yaml").find(": channels[1].raft.consenters: ") != std::string::npos);
  CHECK(mentions(read.problems, "an even number of consenters: 4 go on without 1 of them, as 3 do"));
}

TEST_CASE("writing and reading gives the same document") {
  const auto parsed = parse_topology(small);
  REQUIRE(parsed.has_value());
  auto cluster = parse_topology(clustered);
  REQUIRE(cluster.has_value());
  for (auto& c : cluster->channels) c.contracts = parsed->channels[0].contracts;
  for (const auto& t : {dev_topology({3, 2, {}}), *parsed, dev_topology({1, 1, {}, 3}), *cluster}) {
    const auto text = to_yaml(t);
    const auto again = parse_topology(text);
    REQUIRE_MESSAGE(again.has_value(), again.error().context);
    CHECK(to_yaml(*again) == text);
    CHECK(again->channels[0].raft == t.channels[0].raft);
    CHECK(again->nodes.back().address == t.nodes.back().address);
    CHECK(again->channels[0].contracts[0].first_call == t.channels[0].contracts[0].first_call);
    CHECK(again->channels[0].contracts[0].version == t.channels[0].contracts[0].version);
  }
}

TEST_CASE("every problem of a document is reported at once, with path and line") {
  const auto t = parse_topology(R"(organizations:
  - {name: Org1, domain: Org1.example.com, hosts: [], colour: blue}
  - name: Ord
    domain: example.com
    kind: janitor
    hosts: [orderer0]
channels:
  - name: My Channel
    batch:
      max_message_count: lots
      timeout: 2 fortnights
nodes:
  - {name: one, members: [peer9.org1.example.com]}
)", "t.yaml");
  REQUIRE_FALSE(t.has_value());
  CHECK(t.error().code == errc::invalid_argument);
  for (const auto* expected : {
           "t.yaml:2:55: organizations[0].colour: unknown key; ", "t.yaml:2:26: organizations[0].domain: ", "t.yaml:2:51: organizations[0].hosts: the organization has no peer",
           "t.yaml:5:11: organizations[1].kind: must be peer or orderer, but is 'janitor'", "t.yaml:8:11: channels[0].name: ",
           "t.yaml:10:26: channels[0].batch.max_message_count: must be a whole number, but is 'lots'",
           "t.yaml:11:16: channels[0].batch.timeout: must be a duration", "t.yaml:13:27: nodes[0].members[0]: 'peer9.org1.example.com' is no host"}) {
    INFO(t.error().context);
    CHECK(t.error().context.find(expected) != std::string::npos);
  }
}

TEST_CASE("rules of a topology") {
  struct row {
    const char* name;
    void (*spoil)(topology&);
    const char* problem;
  };
  const row rows[] = {
      {"two organizations of one MSP id", [](topology& t) { t.organizations[1].msp_id = "Org1MSP"; }, "organizations[1].msp_id: 'Org1MSP' is taken"},
      {"no orderer", [](topology& t) { t.organizations.pop_back(); }, "organizations: there must be one of kind orderer"},
      {"two orderers under solo", [](topology& t) { t.organizations.back().hosts.push_back("orderer1"); }, "solo orders on one orderer"},
      {"an ordering that is not offered", [](topology& t) { t.channels[0].ordering = "etcdraft"; }, "channels[0].ordering: 'etcdraft'"},
      {"kafka", [](topology& t) { t.channels[0].ordering = "kafka"; }, "channels[0].ordering: 'kafka' is not offered; allowed: solo, raft"},
      {"options of raft under solo", [](topology& t) { t.channels[0].raft.election_tick = 11; }, "channels[0].raft: is for ordering: raft"},
      {"no tick", [](topology& t) { raft_of(t).tick_interval = std::chrono::milliseconds(0); }, "channels[0].raft.tick_interval: 1ms to 1m"},
      {"no heartbeat", [](topology& t) { raft_of(t).heartbeat_tick = 0; }, "raft.heartbeat_tick: 1 at least"},
      {"an election before the heartbeat", [](topology& t) { raft_of(t).election_tick = 2; }, "raft.election_tick: more than heartbeat_tick"},
      {"an election next year", [](topology& t) { raft_of(t).election_tick = 1'001; }, "raft.election_tick: more than heartbeat_tick, and at most 1000"},
      {"nothing in flight", [](topology& t) { raft_of(t).max_inflight_blocks = 0; }, "raft.max_inflight_blocks: 1 to 1000"},
      {"a snapshot of nothing", [](topology& t) { raft_of(t).snapshot_interval_size = 0; }, "raft.snapshot_interval_size: 4 KiB at least"},
      {"a consenter that is none", [](topology& t) { raft_of(t).consenters = {"orderer7.example.com"}; },
       "raft.consenters[0]: 'orderer7.example.com' is no host of an orderer organization; did you mean 'orderer0.example.com'?"},
      {"a peer as consenter", [](topology& t) { raft_of(t).consenters = {"peer0.org1.example.com"}; }, "raft.consenters[0]: 'peer0.org1.example.com' is no host"},
      {"a consenter twice", [](topology& t) { raft_of(t).consenters = {"orderer0.example.com", "orderer0.example.com"}; },
       "raft.consenters[1]: 'orderer0.example.com' is taken by channels[0].raft.consenters[0]"},
      {"two consenters", [](topology& t) { t = dev_topology({1, 1, {}, 2}); }, "an even number of consenters: 2 go on without 0 of them, as 1 do"},
      {"a crowd of consenters",
       [](topology& t) {
         raft_of(t);
         for (int org = 0; org < 5; ++org) {
           const auto n = std::to_string(org);
           organization more{"More" + n, "More" + n + "MSP", "more" + n + ".example.com", "dev", org_kind::orderer, {}, 0};
           for (int i = 0; i < 60; ++i) more.hosts.push_back("orderer" + std::to_string(i));
           t.organizations.push_back(more);
         }
       },
       "raft.consenters: 301 consenters; at most 255"},
      {"several nodes without address", [](topology& t) { t.nodes.push_back({"two", {}}); }, "nodes[1].address: is missing"},
      {"a node's address without port", [](topology& t) { t.nodes[0].address = "here"; }, "nodes[0].address: must be a host and a port"},
      {"two nodes at one address",
       [](topology& t) {
         t.nodes[0].address = "here:1";
         t.nodes.push_back({"two", {}, "here:1"});
       },
       "nodes[1].address: 'here:1' is taken by nodes[0].address"},
      {"two nodes at one address, written in two ways",
       [](topology& t) {
         t.nodes[0].address = "localhost:7001";
         t.nodes.push_back({"two", {}, "127.0.0.1:07001"});
       },
       "nodes[1].address: '127.0.0.1:07001' is taken by nodes[0].address, which is written 'localhost:7001'"},
      {"a host in capitals",
       [](topology& t) {
         t.nodes[0].address = "Host.example.com:7001";
         t.nodes.push_back({"two", {}, "host.example.com:7001"});
       },
       "nodes[1].address: 'host.example.com:7001' is taken by nodes[0].address"},
      {"an IPv6 address in two spellings",
       [](topology& t) {
         t.nodes[0].address = "[2001:DB8:0:0::1]:7001";
         t.nodes.push_back({"two", {}, "[2001:db8::1]:7001"});
       },
       "nodes[1].address: '[2001:db8::1]:7001' is taken by nodes[0].address"},
      {"a batch of nothing", [](topology& t) { t.channels[0].batch.max_message_count = 0; }, "channels[0].batch.max_message_count: 1 to"},
      {"preferred above absolute", [](topology& t) { t.channels[0].batch.preferred_max_bytes = 11 * MiB; }, "preferred_max_bytes: at least 1"},
      {"no time at all", [](topology& t) { t.channels[0].batch.timeout = std::chrono::milliseconds(0); }, "timeout: 1ms to"},
      {"a contract twice", [](topology& t) { t.channels[0].contracts[1].name = "mycc"; }, "contracts[1].name: 'mycc' is taken"},
      {"a contract name with a path in it", [](topology& t) { t.channels[0].contracts[0].name = "../x"; }, "contracts[0].name: words"},
      {"an initialisation without a call", [](topology& t) { t.channels[0].contracts[1].init_required = true; }, "contracts[1].first_call: needed"},
      {"an organization without endorsers", [](topology& t) { t.organizations[0].hosts.clear(); }, "organizations[0].hosts: the organization has no peer"},
      {"a name left out", [](topology& t) { t.organizations[0].name.clear(); }, "organizations[0].name: is missing"},
      {"two hosts on one port",
       [](topology& t) {
         t.organizations[0].addresses = {{"peer0", "localhost:7051"}};
         t.organizations[1].addresses = {{"peer0", "localhost:7051"}};
       },
       "organizations[1].addresses.peer0: 'localhost:7051' is taken by organizations[0].addresses.peer0"},
      {"an address without port", [](topology& t) { t.organizations[0].addresses = {{"peer0", "localhost"}}; }, "addresses.peer0: must be a host and a port"},
      {"an address of nobody", [](topology& t) { t.organizations[0].addresses = {{"peer1", "localhost:1"}}; },
       "addresses.peer1: the organization has no host of that name; did you mean 'peer0'?"},
      {"a host with a path in it", [](topology& t) { t.organizations[0].hosts[0] = "../peer0"; }, "organizations[0].hosts[0]: lower-case"},
      {"a host that lives nowhere", [](topology& t) { t.nodes[0].members.pop_back(); }, "lives on no node"},
      {"a host that lives twice", [](topology& t) { t.nodes.push_back({"two", {t.nodes[0].members[0]}}); }, "nodes[1].members[0]: "},
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    auto t = dev_topology({});
    r.spoil(t);
    CHECK(mentions(check(t), r.problem));
  }
}

TEST_CASE("text that is no topology is refused without harm") {
  const std::string deep(20'000, '[');
  for (const std::string text : {"", "just text", "[1, 2]", "organizations: 7", "organizations: [1, [2]]", "a: &a [*a]", "{", "\"", "channels: {a: b}",
                                 "\x01\x02", "organizations:\n\t- x"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_topology(text).has_value());
  }
  CHECK_FALSE(parse_topology(deep).has_value());
  CHECK_FALSE(parse_topology(std::string(2 * MiB, ' ')).has_value());
}
