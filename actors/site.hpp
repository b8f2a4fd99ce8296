// What the roles of one member of the network share: its identity, its seams (clock, randomness, verifier) and the channels it holds.
// A node builds sites before it spawns roles; roles hold them by shared pointer, so a restarted role finds durable state again.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "actors/channel_table.hpp"
#include "actors/directory.hpp"
#include "actors/tallies.hpp"
#include "chaincode/contract/contract.hpp"
#include "chaincode/simulation/definition_cache.hpp"
#include "cluster/consenter/members.hpp"
#include "cluster/wal/write_ahead_log.hpp"
#include "config/base/clock.hpp"
#include "config/base/random.hpp"
#include "crypto/msp/msp.hpp"
#include "ledger/chain/channel_ledger.hpp"
#include "ledger/chain/transient_store.hpp"

namespace weft::actors {

/// Timeouts and bounds of the roles; every queue has one.
struct role_options {
  std::chrono::milliseconds endorse_timeout{30'000};    ///< One endorser's answer (interop/04 §2).
  std::chrono::milliseconds execute_timeout{30'000};    ///< One simulation (interop/05 §1).
  std::chrono::milliseconds broadcast_timeout{30'000};  ///< An orderer's answer.
  std::chrono::milliseconds commit_timeout{300'000};    ///< Longest wait of an `await`.
  std::chrono::milliseconds retry{100};                 ///< Pause before a lost stream is opened again; doubles up to 32 times this.
  std::size_t endorsements_max = 2'500;                 ///< In flight at one endorser (interop/04 §1).
  std::size_t gateway_calls_max = 5'000;                ///< In flight at one gateway; beyond: RESOURCE_EXHAUSTED.
  std::size_t orderer_pending_max = 20'000;             ///< Envelopes in flight at one orderer front or waiting at a consenter; beyond: SERVICE_UNAVAILABLE.
  std::size_t orderer_pending_bytes_max = 128 * MiB;    ///< The same, in bytes.
  std::chrono::microseconds idle_spacing{14'000};       ///< While transactions keep coming, blocks are cut at most this often …
  std::chrono::microseconds idle_gap{2'000};            ///< … and when none has come for this long, at once.
  std::size_t pipeline_blocks = 4;                      ///< Blocks in a committer's pipeline at once.
  std::size_t private_sets_max = 10'000;                ///< Private write sets that wait for their block.
  std::size_t workers = 2;                              ///< Of every pool: endorsing, validating.
  std::size_t slice = 32;                               ///< Transactions per validation message.
};

/// What every site has.
struct site {
  std::string name;        ///< "peer0.org1.example.com"
  std::string address;     ///< How error details name it; the name until there are ports.
  std::string msp_id, org_group;
  std::shared_ptr<const crypto::signing_identity> identity;
  std::shared_ptr<const crypto::verifier> verifier;
  std::shared_ptr<const weft::clock> clock;
  std::shared_ptr<random_source> random;
  directory_ptr where;
  role_options options;
  std::shared_ptr<tallies> counted = std::make_shared<tallies>();  ///< What its roles have done.

  template <class Handle>
  [[nodiscard]] route<Handle> to(const std::string& role) const { return {where, name + "/" + role}; }
};

/// A peer's channel after some block: consistent, immutable.
struct channel_snapshot {
  std::shared_ptr<const ledger::channel_bundle> bundle;
  std::shared_ptr<const ledger::state_view> state;
  block_number height;
};

/// Why a peer's channel gets no further.
enum class stall_kind : std::uint8_t {
  unreachable,     ///< No orderer, or a role here that restarts: it passes by itself.
  refused,         ///< The orderer does not let this peer read.
  source_damaged,  ///< The orderer cannot read a block that it should have.
  block_refused,   ///< The block that came does not continue this peer's chain.
  not_stored,      ///< The block could not be judged or stored here.
};
/// The last failure of a channel's block source, kept until blocks arrive again.
struct stall {
  stall_kind kind{};
  std::string orderer;         ///< Who was asked.
  std::string why;
  block_number wanted;         ///< The block that is missing.
  std::uint32_t failures = 0;  ///< In a row.
  timestamp since{}, last{};   ///< First and last of them.
  /// What somebody can do about it.
  [[nodiscard]] std::string advice() const;
  /// Trying again will not help: somebody has to act.
  [[nodiscard]] bool lasting() const noexcept { return kind != stall_kind::unreachable && failures >= 5; }
};

/// Who leads a channel's orderers, as far as a peer knows.
struct leadership {
  std::string orderer;
  std::uint64_t term = 0;
};

/// One channel of one peer. The committer writes; everyone else reads.
struct peer_channel {
  std::string id;
  std::shared_ptr<ledger::channel_ledger> ledger;
  std::shared_ptr<ledger::transient_store> waiting;  ///< Private writes that were endorsed here and are not committed.
  published<channel_snapshot> now;
  published<stall> stalled;                 ///< By the block source; null while blocks arrive.
  chaincode::definition_cache definitions;  ///< What simulations remember of approved contracts.
  published<std::vector<std::string>> orderers;  ///< Members that order the channel as its newest configuration says. By the ledger writer.
  /// Those of a configuration; none: they never change.
  std::function<std::vector<std::string>(const ledger::channel_bundle&)> orderers_in;
  published<leadership> led;                ///< By the leader watch; null until it has heard of a leader.
};

/// A contract installed on a peer.
struct installed_contract {
  chaincode::contract_ptr code;
  std::string package_id;
};

struct peer_site : site {
  std::shared_ptr<channel_table<peer_channel>> channels = std::make_shared<channel_table<peer_channel>>();
  std::shared_ptr<const crypto::msp> local_msp;         ///< The organization's own rules: who is an administrator here, with or without a channel.
  std::map<std::string, installed_contract> contracts;  ///< By name; fixed while the node runs.
  [[nodiscard]] std::shared_ptr<peer_channel> channel(const std::string& id) const { return channels->find(id); }
};

/// What a consenter of a raft channel knows of its group, for status and refusals.
struct consensus_view {
  struct member {
    std::uint64_t id = 0;
    std::string name;            ///< Of the orderer.
    bool reachable = false;
    std::uint64_t match = 0;     ///< At the leader: the entry up to which its log agrees.
  };
  std::uint64_t id = 0, leader = 0, term = 0;  ///< 0: not a member; no leader.
  std::string role;              ///< "leader", "follower", "candidate"
  std::uint64_t committed = 0, last_entry = 0;
  std::vector<member> members;
  [[nodiscard]] std::size_t needed() const noexcept { return members.size() / 2 + 1; }
  [[nodiscard]] std::size_t reachable() const noexcept;
  [[nodiscard]] std::string leader_name() const;
  /// Why nothing is ordered; empty with a leader.
  [[nodiscard]] std::string why() const;
};

/// One channel of one orderer. The block writer writes; everyone else reads.
struct orderer_channel {
  std::string id;
  std::shared_ptr<ledger::block_store> blocks;
  published<ledger::channel_bundle> bundle;
  bool cut_when_idle = true;
  // raft channels only
  published<cluster::group_metadata> group;  ///< Behind the newest block. By the block writer.
  published<consensus_view> consensus;       ///< By the consenter.
  std::shared_ptr<cluster::raft::write_ahead_log> raft_log;  ///< The log writer's.
  std::function<result<std::shared_ptr<cluster::raft::write_ahead_log>>()> open_raft_log;
};

struct orderer_site : site {
  bytes tls_certificate;  ///< PEM: how a consenter finds itself in a channel's list.
  /// Which member of the network listens there; the host itself where nobody is known to.
  std::map<std::string, std::string> members_by_address;
  std::shared_ptr<channel_table<orderer_channel>> channels = std::make_shared<channel_table<orderer_channel>>();
  [[nodiscard]] std::shared_ptr<orderer_channel> channel(const std::string& id) const { return channels->find(id); }
};

}  // namespace weft::actors
