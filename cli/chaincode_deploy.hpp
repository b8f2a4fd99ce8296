// The steps from a contract to a channel that runs it, each by Fabric's own calls: install on every local peer, approve for every local organization, commit, and
// call it.
#pragma once

#include <functional>

#include "cli/chaincode_definition.hpp"
#include "cli/network.hpp"
#include "weft/contracts.pb.h"

namespace weft::cli {

/// A peer of the channel here, and the organization that it belongs to.
struct local_peer {
  std::string name, msp_id, domain;
};

/// Ends the verb when a step fails, with what failed, where, and what to do.
class contract_deployment {
 public:
  using progress_fn = std::function<void(const std::string& step, const std::string& what)>;
  contract_deployment(network& n, progress_fn progress);

  [[nodiscard]] const std::string& channel() const noexcept { return channel_; }
  [[nodiscard]] const std::vector<local_peer>& peers() const noexcept { return peers_; }
  /// The definition that the channel has under this name; nothing when it has none.
  [[nodiscard]] std::optional<contract_definition> committed(const std::string& name) const;
  /// Packages with which a local organization runs the contract on this channel now; `anywhere`: any contract on any channel.
  [[nodiscard]] std::vector<std::string> packages_of(const std::string& name) const;
  [[nodiscard]] std::vector<std::string> packages_in_use() const;

  void install(bytes_view package, const std::string& package_id) const;
  /// By every local organization; organizations that did so before stay as they are.
  void approve(const contract_definition& d, const std::string& package_id) const;
  /// The block that has it. Fails when other organizations have to approve first, and says which.
  std::uint64_t commit(const contract_definition& d) const;
  /// Every local organization has approved what is committed: somebody else defined it meanwhile, or before.
  [[nodiscard]] bool approved_here(const contract_definition& d) const;
  /// Asks the contract on every local peer until it answers; names of its functions, when it tells them.
  std::vector<std::string> await_answer(const contract_definition& d) const;
  /// Fails when no transaction of the contract can be endorsed as its policy wants it.
  void check_endorsable(const contract_definition& d) const;

 private:
  struct response {
    std::int32_t status = 0;
    std::string message;
    bytes payload;
  };
  [[nodiscard]] crypto::signing_identity admin_of(const local_peer& p) const;
  [[nodiscard]] response propose(const local_peer& p, const std::string& channel, std::vector<bytes> args) const;
  std::uint64_t await_everywhere(const std::string& tx_id, const std::string& what) const;
  [[nodiscard]] std::vector<local_peer> one_of_each_organization() const;
  [[nodiscard]] std::vector<std::string> packages(const std::function<bool(const std::string& channel, const std::string& name)>& wanted) const;

  network& network_;
  progress_fn progress_;
  std::string channel_;
  std::vector<local_peer> peers_;
};

}  // namespace weft::cli
