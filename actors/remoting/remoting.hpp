// Remoting of one node, as a whole: tunnel, BASP without a port, and the entry that keeps the directory.
//   auto config = make_system_config(threads); remoting::prepare(*config); caf::actor_system system{*config};
//   auto links = remoting::start(system, settings, directory, placement);
//   supervisor: specs.push_back((*links)->entry_role(meter));       … at the end, before the roles: (*links)->stop();
#pragma once

#include "actors/remoting/basp.hpp"
#include "actors/remoting/node_entry.hpp"

namespace weft::actors::remoting {

struct peer_settings {
  std::string address;                               ///< "host2.example.com:7051"; only the node that dials needs it.
  node_identity identity;
};

struct settings {
  std::string node;                                  ///< This node's name.
  std::string listen;                                ///< "0.0.0.0:7051"; port 0: any, see address(). Empty: this node only dials.
  std::string certificate_pem, key_pem;              ///< Of this node: extended key usage for servers and clients, or none.
  std::map<std::string, peer_settings> peers;        ///< By node name, without this one.
  std::shared_ptr<const weft::clock> clock = std::make_shared<system_clock>();  ///< Dates of certificates.
  std::shared_ptr<random_source> random = std::make_shared<system_random>();    ///< Jitter.
  tunnel_limits limits;
  std::function<bytes()> report;                     ///< What this node tells the others of itself (node_entry.hpp). Any thread.
};

/// The links of one node. Thread-safe but for stop and destruction.
class node_links {
 public:
  virtual ~node_links() = default;
  /// To be spawned and supervised like every role; the directory must be the one given to start().
  [[nodiscard]] virtual role_spec entry_role(std::shared_ptr<role_meter> meter = nullptr) const = 0;
  /// Where this node listens.
  [[nodiscard]] virtual const std::string& address() const = 0;
  [[nodiscard]] virtual tunnel_report report() const = 0;
  /// What a fault plan does to the link with a node; link_fault::none heals it.
  virtual void set_fault(const std::string& peer, link_fault fault) = 0;
  /// Closes all links. Idempotent.
  virtual void stop() = 0;
};

/// Requires: `prepare` was applied to the system's configuration, and nobody uses `where` yet. Links come up when the entry lives.
/// Errors: `invalid_argument`: certificate, key, address or a peer's identity; `io`: the address is taken.
[[nodiscard]] result<std::unique_ptr<node_links>> start(caf::actor_system& system, settings s, directory_ptr where, placement members);

/// The same over any carrier.
[[nodiscard]] std::unique_ptr<node_links> start_over(caf::actor_system& system, std::unique_ptr<carrier> over, settings s, directory_ptr where,
                                                     placement members);

}  // namespace weft::actors::remoting
