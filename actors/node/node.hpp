// A node: one process's share of a topology. Opens durable state, spawns the roles, supervises them, deploys the contracts, tells when it is ready.
#pragma once

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actors/interfaces.hpp"
#include "actors/remoting/tunnel.hpp"
#include "actors/role.hpp"
#include "actors/site.hpp"
#include "config/topology/topology.hpp"
#include "ledger/store/env.hpp"

namespace weft::chaincode {
class contract_keeper;
}

namespace weft::actors {

class contract_dialler;
class contract_papers;

/// Who shares verified signatures: the sites of one operator, or nobody (architecture §4.10).
enum class trust : std::uint8_t { shared, each };

struct node_settings {
  std::string node;                      ///< Which node of the topology this is, with the folder that `lay_out_nodes` made for it. Empty: all of them in one.
  std::filesystem::path folder;          ///< Empty: everything lives in memory and is gone at the end.
  ledger::durability durability = ledger::durability::full;
  actors::trust trust = trust::shared;
  std::shared_ptr<const weft::clock> clock = std::make_shared<system_clock>();
  std::optional<std::uint64_t> seed;     ///< Given: keys, nonces and serials come from it, signatures are deterministic. Never for real networks.
  std::shared_ptr<contract_dialler> dialler;  ///< Reaches contracts that run as services (edge/contract_dialler.hpp); null: none is reached.
  bool run_packages = false;             ///< Packages of source code (type node) that an organization's admin installs are run by this process. Needs a folder.
  bool threads_for_disks = true;         ///< Writers and the builder of key tables get threads of their own. Off under the testing scheduler.
  role_options roles;
};

/// One line of `weft status`.
struct role_report {
  std::string name;                      ///< "peer0.org1.example.com/endorser"
  bool alive = false;
  std::uint32_t restarts = 0;
  std::string last_death;                ///< Empty when it never died.
};

/// What happens during start, for whoever prints it: "identities", "peer0.org1.example.com", "contract mycc", …
using progress_fn = std::function<void(const std::string& what, const std::string& detail)>;

/// Configuration of CAF for weft's nodes: registered messages, scheduler. `simulated` chooses the testing scheduler.
[[nodiscard]] std::unique_ptr<caf::actor_system_config> make_system_config(std::size_t threads, bool simulated = false);

/// Owned by one thread (main); the getters are thread-safe once start() has returned.
class node {
 public:
  /// Makes or loads the network's material in the folder, opens ledgers, spawns all roles of `t` and begins to deploy contracts.
  /// Returns before the contracts are there: see `when_ready`. Errors: `already_exists` when another process holds the folder's lock,
  /// `corruption`/`io` from stores, `invalid_argument` for a topology that contradicts the folder.
  [[nodiscard]] static result<std::unique_ptr<node>> start(caf::actor_system& system, const config::topology& t, node_settings settings,
                                                           progress_fn progress = {});
  virtual ~node() = default;

  /// Calls `done` once, from an actor's thread: ok when a transaction commits at once, or why that will not happen.
  virtual void when_ready(std::function<void(const result<void>&)> done) = 0;
  [[nodiscard]] virtual const directory_ptr& where() const = 0;
  [[nodiscard]] virtual const std::vector<std::shared_ptr<const peer_site>>& peers() const = 0;
  [[nodiscard]] virtual const std::vector<std::shared_ptr<const orderer_site>>& orderers() const = 0;
  [[nodiscard]] virtual const config::topology& topology() const = 0;
  [[nodiscard]] virtual const node_settings& settings() const = 0;
  /// A user of the network's material: "User1@org1.example.com", "Admin@org2.example.com". Errors: `not_found`, naming those that exist.
  [[nodiscard]] virtual result<crypto::signing_identity> user(const std::string& name) const = 0;
  [[nodiscard]] virtual std::vector<role_report> roles() const = 0;
  /// What the contracts of a channel wait for, or why they are not deployed; empty: there is nothing left to do here. In a cluster that takes as long
  /// as it takes the other nodes to start.
  [[nodiscard]] virtual std::string deployment_of(const std::string& channel) const = 0;
  /// The links to the other nodes of a cluster, by name; empty when everything is here.
  [[nodiscard]] virtual std::map<std::string, remoting::link_report> links() const = 0;
  /// Starts contracts as processes of this node; they end with it. Null: the network lives in memory.
  [[nodiscard]] virtual chaincode::contract_keeper* contracts() const = 0;
  /// What contracts are given that dial a peer of this node. Null: no such peer, or the network lives in memory.
  [[nodiscard]] virtual std::shared_ptr<contract_papers> papers_of(const std::string& peer) const = 0;
  /// CPU nanoseconds by what they were booked on ("endorser", "committer", …), while `metering` is on.
  [[nodiscard]] virtual std::map<std::string, std::uint64_t> cpu_by_role() const = 0;
  /// Kills a role as a fault would; the supervisor starts it again. Nothing happens when no role of that name lives: see roles().
  virtual void kill(const std::string& role_name) = 0;
  /// Stops all roles and closes the stores. Idempotent. Blocks until they are gone, except under the testing scheduler, where the caller drains it.
  virtual void stop() = 0;
};

/// `<folder>/crypto/{peer,ordererOrganizations}/<domain>/…` as cryptogen lays it out, the identities of a network's members.
struct member_folders {
  [[nodiscard]] static std::filesystem::path user(const std::filesystem::path& network, const config::organization& org, const std::string& name);
  [[nodiscard]] static std::filesystem::path host(const std::filesystem::path& network, const config::organization& org, const std::string& host);
  /// "Admin", and User1…UserN of an organization with peers.
  [[nodiscard]] static std::vector<std::string> users(const config::organization& org);
};

}  // namespace weft::actors
