// A topology: which organizations, roles, channels and contracts a network has, and on which node each role lives.
// The dev network, a cluster and manifests are renderings of one such document.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/base/bytes.hpp"
#include "config/yaml/problem.hpp"

namespace weft::config::yaml {
class document;
}

namespace weft::config {

/// What an organization does for the network.
enum class org_kind : std::uint8_t { peer, orderer };

struct organization {
  std::string name;          ///< "Org1": group name in the channel configuration.
  std::string msp_id;        ///< "Org1MSP"
  std::string domain;        ///< "org1.example.com"
  std::string operated_by;   ///< Organizations of one operator in one process share verified signatures (architecture §4.10).
  org_kind kind = org_kind::peer;
  std::vector<std::string> hosts;  ///< "peer0", "orderer0": a node identity each, named `<host>.<domain>`.
  std::size_t users = 1;           ///< User1…UserN besides Admin.
  std::string material;            ///< A folder with the organization's MSP and TLS folders, made by another tool in cryptogen's layout: taken
                                   ///< into the network instead of being made. Relative to the document's folder. Empty: made.
  bool client_certificates = false;  ///< The ports of its hosts serve clients only that show a TLS certificate of an organization of the network.
  std::map<std::string, std::string> addresses;  ///< By host, where clients reach it: "orderer0" → "orderer0.example.com:7050". See member_addresses.
};

/// BatchSize and BatchTimeout of a channel, and the orderer's idle cut.
struct batching {
  std::uint32_t max_message_count = 500;               ///< 1 to 100,000. Larger: more throughput, more conflicts inside a block.
  std::uint32_t preferred_max_bytes = 2 * MiB;         ///< A soft bound: one larger transaction travels in a batch of its own.
  std::uint32_t absolute_max_bytes = 10 * MiB;         ///< A hard bound on one envelope.
  std::chrono::milliseconds timeout{2000};             ///< At least 1 ms. Age at which an unfilled batch closes.
  bool cut_when_idle = true;                           ///< With nothing in flight a waiting batch leaves at once (architecture §4.9).
};

struct contract_placement {
  std::string name;                    ///< One of the built-in contracts.
  std::string version = "1.0";
  std::optional<std::string> policy;   ///< Signature policy text; absent: /Channel/Application/Endorsement.
  bool init_required = false;
  std::vector<std::string> first_call; ///< Invoked once, right after the contract was committed: {"init", "a", "100", "b", "200"}.
};

/// How the consenters of a raft channel work together. Written into its genesis block; from then on only the channel's own configuration counts.
/// The defaults are for consenters that are near each other: a leader that dies is replaced within some 200 ms.
struct raft_ordering {
  std::vector<std::string> consenters;            ///< "orderer0.example.com", …; empty: every host of the orderer organizations.
  std::chrono::milliseconds tick_interval{10};    ///< 1 ms to 1 min.
  std::uint32_t election_tick = 10;               ///< Without a word from the leader for so many ticks, up to twice as many: an election. At most 1000.
  std::uint32_t heartbeat_tick = 2;               ///< A leader says something at least every so many ticks. Less than election_tick.
  std::uint32_t max_inflight_blocks = 5;          ///< 1 to 1000. Blocks that a leader proposes before the first of them is committed.
  std::uint32_t snapshot_interval_size = 16 * MiB;  ///< At least 4 KiB. Bytes of blocks after which the log is cut.
  friend bool operator==(const raft_ordering&, const raft_ordering&) = default;
};

struct channel {
  std::string name = "mychannel";
  std::string ordering = "solo";       ///< Consenter: solo (one orderer) or raft (kafka, bft have rooms of their own).
  raft_ordering raft;                  ///< With ordering raft.
  config::batching batch;
  std::vector<contract_placement> contracts;
};

/// Roles by name on one process: "peer0.org1.example.com", "orderer0.example.com".
struct node {
  std::string name;
  std::vector<std::string> members;
  std::string address;  ///< "host:port" at which the other nodes reach this one. A node that is alone needs none.
};

/// The whole document. Checked by `check`, which reports every problem with its path at once.
struct topology {
  std::vector<organization> organizations;
  std::vector<config::channel> channels;
  std::vector<config::node> nodes;
};

/// What `weft up` starts when nobody says otherwise: `orgs` peer organizations with `peers` peers each, `orderers` orderers of one organization,
/// channel mychannel with the sample contracts, one node that holds everything, one operator.
struct dev_options {
  std::size_t orgs = 2;    ///< 1 to 26.
  std::size_t peers = 1;   ///< 1 to 16 an organization.
  config::batching batch;
  std::size_t orderers = 1;  ///< 1 to 9. One orders alone (solo), more agree by raft.
  std::uint16_t ports = 0;   ///< Base of the members' ports, written into the topology; 0: nothing is written, and the standard ports hold.
};
/// Whether one process should hold so many. Errors: `invalid_argument` that says how many it may be.
[[nodiscard]] result<void> check_size(const dev_options& options);
[[nodiscard]] topology dev_topology(const dev_options& options);

/// The members that order a raft channel, "orderer0.example.com", …: those that it names, else every host of the orderer organizations.
[[nodiscard]] std::vector<std::string> consenters_of(const channel& c, const topology& t);

/// The ports of members that say nothing else, as in Fabric's samples: orderers at base, base + 1000, …; peers at base + 1, base + 1001, … with two
/// places at least for each organization. In networks of more than 24 places the steps are 10. A member whose port would be beyond 65535 is left out.
[[nodiscard]] std::map<std::string, std::uint16_t> standard_ports(const topology& t, std::uint16_t base = 7050);
/// Where clients reach each member, "host:port" by "peer0.org1.example.com": as `addresses` say, else a standard port of the host where its node is
/// (localhost, when one process holds everything). Orderers' stand in the genesis block.
[[nodiscard]] std::map<std::string, std::string> member_addresses(const topology& t);
/// Where contracts dial a peer whose clients reach it at `address`: the next port, as Fabric's samples have it (7052 beside 7051). Nothing: a member of the
/// network has that port.
[[nodiscard]] std::optional<std::string> contracts_address(const topology& t, const std::string& address);
/// Where a listener of that address is put: on this machine alone when that is all it says ("localhost:7051" → "127.0.0.1:7051"), else on every
/// interface of the family, because a host's name may belong to a router in front of it ("10.0.0.5:7051" → "0.0.0.0:7051").
[[nodiscard]] std::string listening_address(const std::string& address);

/// Null when there is none of that name.
[[nodiscard]] const node* find_node(const topology& t, std::string_view name);
/// On which node each member lives.
[[nodiscard]] std::map<std::string, std::string, std::less<>> placement_of(const topology& t);

/// Every rule that a topology breaks, and as warnings what is allowed and hardly meant, each with its path ("channels[0].batch.max_message_count") and no line; empty when it is sound.
[[nodiscard]] std::vector<problem> check(const topology& t);

/// A topology as far as it could be read, and everything that is wrong with it, form and rules, by line.
struct topology_document {
  topology contents;
  std::vector<problem> problems;
};
[[nodiscard]] topology_document read_topology(std::string_view yaml);
/// From a document, where problems are noted.
[[nodiscard]] topology read_topology(yaml::document& document);
/// The same for those who need a sound one. Errors: `invalid_argument` with every problem on a line of its own, as `to_text` with `file`.
[[nodiscard]] result<topology> parse_topology(std::string_view yaml, std::string_view file = "topology");
[[nodiscard]] std::string to_yaml(const topology& t);

}  // namespace weft::config
