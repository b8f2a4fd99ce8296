#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "cli/up.hpp"

using namespace weft;
using namespace weft::cli;
namespace fs = std::filesystem;

namespace {
struct scratch {
  fs::path folder;
  scratch() {
    auto name = (fs::temp_directory_path() / "weft-up-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    folder = name;
  }
  ~scratch() { fs::remove_all(folder); }
  [[nodiscard]] up_options options() const {
    up_options o;
    o.dir = folder.string();
    return o;
  }
};
}  // namespace

TEST_CASE("a fresh folder gets the dev network in the shape that was asked for") {
  const scratch s;
  auto o = s.options();
  o.orgs = 3;
  o.peers = 2;
  o.block_messages = 7;
  o.block_timeout = "250ms";
  o.orgs_given = o.peers_given = o.block_messages_given = o.block_timeout_given = true;
  const auto t = choose_topology(o);
  REQUIRE(t.has_value());
  CHECK(t->organizations.size() == 4);
  CHECK(t->organizations[0].hosts.size() == 2);
  CHECK(t->channels[0].batch.max_message_count == 7);
  CHECK(t->channels[0].batch.timeout == std::chrono::milliseconds(250));
}

TEST_CASE("several orderers: an even number is allowed, too many are not") {
  const scratch s;
  auto o = s.options();
  o.orderers_given = true;
  for (const std::size_t n : {1, 3, 4}) {
    o.orderers = n;
    const auto t = choose_topology(o);
    REQUIRE(t.has_value());
    CHECK(t->organizations.back().hosts.size() == n);
    CHECK(t->channels[0].ordering == (n == 1 ? "solo" : "raft"));
  }
  std::ofstream(topology_path(s.folder)) << config::to_yaml(config::dev_topology({2, 1, {}, 3}));
  o.orderers = 5;
  CHECK(choose_topology(o).error().code == errc::failed_precondition);
  o.orderers = 3;
  CHECK(choose_topology(o).has_value());
  o.orderers = 10;
  CHECK(choose_topology(o).error().context.find("10 orderers; one process takes 1 to 9") == 0);
  o.topology_file = "any.yaml";
  CHECK(choose_topology(o).error().context.find("leave out --orgs, --peers, --orderers") != std::string::npos);
}

TEST_CASE("a folder goes on with the topology it was started with, and refuses another") {
  const scratch s;
  const auto t = config::dev_topology({3, 1, {}});
  std::ofstream(topology_path(s.folder)) << config::to_yaml(t);
  auto o = s.options();
  const auto again = choose_topology(o);
  REQUIRE(again.has_value());
  CHECK(config::to_yaml(*again) == config::to_yaml(t));
  o.orgs = 3;
  o.orgs_given = true;
  CHECK(choose_topology(o).has_value());
  o.orgs = 2;
  REQUIRE_FALSE(choose_topology(o).has_value());
  CHECK(choose_topology(o).error().code == errc::failed_precondition);
}

TEST_CASE("a document that is missing, unsound or contradicted is refused") {
  const scratch s;
  auto o = s.options();
  o.topology_file = (s.folder / "none.yaml").string();
  CHECK(choose_topology(o).error().code == errc::not_found);
  std::ofstream(o.topology_file) << "channels: 7\n";
  CHECK(choose_topology(o).error().context.find("none.yaml:1:11: channels: must be a list, but is '7'") != std::string::npos);
  o.orgs_given = true;
  CHECK(choose_topology(o).error().context.find("--topology says everything") == 0);
}

TEST_CASE("sizes that one process should not hold are refused in the words of the command line") {
  const scratch s;
  auto o = s.options();
  o.orgs_given = o.peers_given = true;
  o.orgs = 26;
  o.peers = 16;
  CHECK(choose_topology(o).error().context.find("26 organizations with 16 peers each are 416 peers") == 0);
  o.peers = 4;
  CHECK(choose_topology(o).has_value());
  o.block_timeout_given = true;
  for (const auto* bad : {"0ms", "3601s"}) {
    o.block_timeout = bad;
    CHECK(choose_topology(o).error().context == "--block-timeout is from 1ms to 3600s");
  }
}

TEST_CASE("a damaged topology of the folder is no mistake on the command line") {
  const scratch s;
  std::ofstream(topology_path(s.folder)) << "channels: 7\n";
  const auto t = choose_topology(s.options());
  REQUIRE_FALSE(t.has_value());
  CHECK(t.error().code == errc::failed_precondition);
  CHECK(t.error().context.find("name one with --topology") != std::string::npos);
}

TEST_CASE("durations need a unit") {
  CHECK(parse_duration("500ms") == std::chrono::milliseconds(500));
  CHECK(parse_duration("2s") == std::chrono::milliseconds(2000));
  for (const auto* bad : {"", "5", "ms", "-1s", "1h", "99999999999s", "2 s"}) CHECK_FALSE(parse_duration(bad).has_value());
}

TEST_CASE("a policy that is wrong is pointed at, where it stands in the document") {
  const auto read = examine_topology(R"yaml(organizations:
  - {name: Org1, domain: org1.example.com, hosts: [peer0]}
  - {name: Ord, domain: example.com, kind: orderer, hosts: [orderer0]}
channels:
  - name: mychannel
    contracts: [{name: kv, policy: "OR('Org1MSP.pear')"}]
nodes:
  - {name: one, members: [peer0.org1.example.com, orderer0.example.com]}
)yaml", "", "");
  REQUIRE(read.problems.size() == 1);
  CHECK(config::to_text(read.problems[0], "t.yaml") ==
        "t.yaml:6:36: channels[0].contracts[0].policy: policy: a role is admin, member, client, peer or orderer (character 13)\n"
        "   | OR('Org1MSP.pear')\n   | ............^");
}

TEST_CASE("material is looked for beside the document, and only until the network has it") {
  const scratch s;
  const std::string text = R"(organizations:
  - {name: Org1, domain: org1.example.com, hosts: [peer0], material: theirs/org1}
  - {name: Ord, domain: example.com, kind: orderer, hosts: [orderer0]}
channels: [{name: mychannel}]
nodes: [{name: one, members: [peer0.org1.example.com, orderer0.example.com]}]
)";
  const auto read = examine_topology(text, s.folder, s.folder / "net");
  CHECK(read.contents.organizations[0].material == (s.folder / "theirs/org1").string());
  REQUIRE(read.problems.size() == 1);
  CHECK(read.problems[0].path == "organizations[0].material");
  CHECK(read.problems[0].line == 2);
  CHECK(read.problems[0].what == "there is no folder " + (s.folder / "theirs/org1").string());
  fs::create_directories(s.folder / "net/crypto/peerOrganizations/org1.example.com");
  CHECK(examine_topology(text, s.folder, s.folder / "net").problems.empty());
}

TEST_CASE("contracts that nobody has, and policies that nobody can satisfy, are told before a network starts") {
  const auto read = examine_topology(R"yaml(organizations:
  - {name: Org1, domain: org1.example.com, hosts: [peer0]}
  - {name: Ord, domain: example.com, kind: orderer, hosts: [orderer0]}
channels:
  - name: mychannel
    contracts: [{name: kvv}, {name: kv, policy: "OR('Org1MSP.peer','Org2MSP.peer')"}]
nodes:
  - {name: one, members: [peer0.org1.example.com, orderer0.example.com]}
)yaml",
                                     {}, {});
  REQUIRE(read.problems.size() == 2);
  CHECK(config::to_text(read.problems[0], "t.yaml") == "t.yaml:6:24: channels[0].contracts[0].name: no contract 'kvv' comes with weft; did you mean 'kv'?");
  CHECK(read.problems[0].is_error());
  CHECK(read.problems[1].path == "channels[0].contracts[1].policy");
  CHECK(read.problems[1].what == "no organization here is Org2MSP");
  CHECK_FALSE(read.problems[1].is_error());
}
