// The roles of a raft orderer that nobody outside it knows, and what they say to each other.
#pragma once

#include "actors/orderer/roles.hpp"
#include "cluster/consenter/raft_chain.hpp"
#include "cluster/wal/write_ahead_log.hpp"

namespace weft::actors {

/// Work for the log: a write, a snapshot that lets it forget (with `made`), or a note about following (cluster/consenter/following.hpp).
struct log_job {
  cluster::chain_do::write_log write;
  cluster::raft::snapshot_ptr made;
  cluster::raft::log_index keep_from = 0;
  std::optional<cluster::raft::log_index> followed;
};
/// The log as it is on disk, once everything that was asked before is done.
struct opened_log {
  std::shared_ptr<const cluster::raft::write_ahead_log> log;  ///< Null: `failure` says why.
  std::string failure;
};

/// LOG_WRITER of one raft channel on one orderer: the only writer of its log. It blocks on the disk.
using log_writer_actor = caf::typed_actor<
    caf::replies_to<atom::join>::with<std::shared_ptr<const opened_log>>,
    // Durable when the reply comes; its text is empty, or says why not.
    caf::replies_to<atom::write, std::shared_ptr<const log_job>>::with<std::string>>;
/// `own_thread`: a live node gives it one.
[[nodiscard]] role_spec log_writer_role(seat s, orderer_ptr site, ordered_channel_ptr channel, bool own_thread);

/// Blocks that a consenter lacks, [from, until), from whoever of `sources` has them.
struct fetch_order {
  std::uint64_t from = 0, until = 0;
  std::vector<std::string> sources;  ///< Members with a DELIVER role.
};
/// BLOCK_FETCHER: a child of a consenter; pulls blocks from other orderers and checks their signatures and links as a peer does.
using block_fetcher_actor = block_sink_actor::extend<
    // Takes the place of the order before. Blocks that have come already are not asked for again.
    caf::reacts_to<atom::seek, std::shared_ptr<const fetch_order>>,
    // So many blocks were stored: as many more may come.
    caf::reacts_to<atom::credit, std::uint32_t>,
    // INTERNAL: time to try another source.
    caf::reacts_to<atom::tick, std::uint64_t>>;

/// CONSENTER of a raft channel. Beyond what every consenter takes:
using raft_consenter_actor = consenter_actor::extend<
    // Envelopes that another consenter's front let in; ordered here or refused, never sent on.
    caf::replies_to<atom::forward, std::vector<ledger::envelope>, std::uint64_t>::with<std::vector<broadcast_reply>>,
    // What other consenters' cores say.
    caf::reacts_to<atom::step, raft_batch>,
    // INTERNAL: time passes.
    caf::reacts_to<atom::tick>,
    // INTERNAL: the fetcher has a block.
    caf::reacts_to<atom::block, ledger::block>>;
[[nodiscard]] role_spec raft_role(seat s, orderer_ptr site, ordered_channel_ptr channel);

struct block_fetcher_state {
  orderer_ptr site;
  ordered_channel_ptr channel;
  raft_consenter_actor consenter;
  std::shared_ptr<const fetch_order> order;
  std::shared_ptr<const ledger::channel_bundle> bundle;  ///< That the next block is signed under.
  std::uint64_t next = 0;       ///< Number of the next block.
  bytes last_hash;
  std::size_t chosen = 0;
  std::uint32_t failures = 0;
  std::uint64_t epoch = 0;
  deliver_actor source;
  static inline const char* name = "block_fetcher";
};
/// Behaviour of a fetcher that feeds `consenter`.
block_fetcher_actor::behavior_type block_fetcher(role_self<block_fetcher_actor, block_fetcher_state> self, orderer_ptr site, ordered_channel_ptr channel,
                                                 raft_consenter_actor consenter, std::string name);

}  // namespace weft::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::shared_ptr<const weft::actors::log_job>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::shared_ptr<const weft::actors::opened_log>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::shared_ptr<const weft::actors::fetch_order>)
