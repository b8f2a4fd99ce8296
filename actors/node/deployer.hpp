// DEPLOYER: brings the topology's contracts onto a channel by real `_lifecycle` transactions, signed by each organization's admin.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "actors/interfaces.hpp"
#include "actors/node/node.hpp"
#include "actors/role_spec.hpp"
#include "actors/site.hpp"

namespace weft::actors {

/// One organization's part in a deployment.
struct deploying_org {
  std::string msp_id;
  std::shared_ptr<const crypto::signing_identity> admin;
  std::shared_ptr<const peer_site> peer;  ///< The peer that endorses its approvals.
};

/// What is to be deployed. Contracts that the channel already knows at their version are passed over.
struct deployment {
  std::string channel;
  std::vector<config::contract_placement> contracts;
  std::vector<deploying_org> orgs;
  std::vector<std::shared_ptr<const peer_site>> peers;  ///< All of the channel: ready means that each of them has the last block.
  std::vector<std::string> orderers;                    ///< Members whose fronts take the transactions.
  bool shared = false;                                  ///< Other nodes have part in it: what they have not done yet is waited for.
  bool defines = true;                                  ///< This node commits the definitions and makes the first calls; others only approve, and wait.
  std::function<bool()> orders;                         ///< Whether somebody leads there.
  std::function<std::string()> absent;                  ///< Shared: nodes that have a part in it and are not linked, in words; empty: all are there.
  std::function<void(const std::string&)> note;         ///< Hears what it waits for, or why it ended without success, or nothing (in the end).
  std::string noted;                                    ///< What was noted and told before it began.
  block_number height;                                  ///< The orderer's chain when the node started: peers catch up with it first.
};

/// Every contract is defined on the channel as this node's peers have it, and no first call is left to be made here.
[[nodiscard]] bool nothing_to_deploy(const deployment& what);

/// `done` is called once. All approvals travel together, then all definitions, then the first calls.
[[nodiscard]] role_spec deployer_role(seat s, deployment what, progress_fn progress, std::function<void(const result<void>&)> done);

}  // namespace weft::actors
