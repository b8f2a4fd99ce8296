// Opens the durable state of every member of a node.
#pragma once

#include "actors/node/contract_papers.hpp"
#include "actors/node/material.hpp"
#include "actors/node/node.hpp"
#include "actors/node/package_runner.hpp"
#include "actors/peer/contracts.hpp"
#include "crypto/keys/key_tables.hpp"

namespace weft::actors {

/// What runs contracts as processes of this node.
struct contract_processes {
  std::function<std::string(const std::string& package_id)> last_words;  ///< The end of what a package's process has written, for error texts; may be missing.
  std::shared_ptr<package_runner> runner;                                 ///< Null: packages of source code are not started.
};

struct node_sites {
  std::map<std::string, packages_ptr> packages;  ///< By peer.
  std::map<std::string, std::shared_ptr<contract_papers>> papers;  ///< By peer; none in a network that lives in memory.
  std::vector<std::shared_ptr<const peer_site>> peers;
  std::vector<std::shared_ptr<const orderer_site>> orderers;
};

/// Opens (or begins) every ledger and block store. State that cannot be read is dropped and rebuilt from block files.
/// Errors: `corruption`, `io` naming the member and its folder.
/// `settings.node`: only the members of that one.
[[nodiscard]] result<node_sites> open_sites(const config::topology& t, const material& m, const node_settings& settings, const material_seams& seams,
                                            const directory_ptr& where, std::shared_ptr<crypto::key_tables> tables,
                                            const progress_fn& progress, const contract_processes& processes = {});

/// A channel that a member opens: one it has, or one it joins.
struct channel_opening {
  std::string id;
  bool cut_when_idle = true;
  ledger::block genesis;
};
/// Opens or begins the channel's stores and adds it to the site. Errors: `corruption`, `io` naming the member.
[[nodiscard]] result<void> open_channel(const orderer_site& site, const channel_opening& what, const node_settings& settings,
                                        const ledger::bundle_source& bundles = ledger::channel_bundle::from_block);
/// `orderers`: the members of `network` that serve the channel; on a raft channel its configuration knows better, if it names members.
[[nodiscard]] result<void> open_channel(const peer_site& site, const channel_opening& what, const node_settings& settings, const config::topology& network,
                                        const std::vector<std::string>& orderers,
                                        const progress_fn& progress = {},
                                        const ledger::bundle_source& bundles = ledger::channel_bundle::from_block);
/// Orderers of this network that serve a channel: those of the topology's channel, else all that have it here, and all that may have it elsewhere.
[[nodiscard]] std::vector<std::string> orderers_of(const config::topology& t, const node_sites& here, const std::string& channel);
/// Keeps the block that the member joins with, so that it is found again when the node starts. Errors: `io`.
[[nodiscard]] result<void> remember_join(const node_settings& settings, const std::string& member, const channel_opening& what);

}  // namespace weft::actors
