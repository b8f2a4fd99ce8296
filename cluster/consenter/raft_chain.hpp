// The consenter of a raft channel as a value: envelopes, messages and ticks in, effects out. interop/06 §4.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "cluster/ordering/assembly.hpp"
#include "cluster/ordering/intake.hpp"
#include "cluster/raft/core.hpp"

namespace weft::cluster {

/// What a snapshot says of the application: where its chain stood. The blocks themselves are in every orderer's store.
struct chain_snapshot {
  std::uint64_t height = 1;  ///< Number of the next block.
  bytes last_hash;           ///< Of block height - 1.
  [[nodiscard]] shared_bytes encode() const;
  /// Errors: `corruption`.
  [[nodiscard]] static result<chain_snapshot> decode(bytes_view raw);
};

/// The configuration as a raft chain needs it. Called by the owner of the chain only.
class raft_rules : public channel_rules {
 public:
  /// What a CONFIG does to the group: nothing, or one change of its members. Errors: whatever makes it unfit to be ordered.
  [[nodiscard]] virtual result<std::optional<raft::conf_change>> change_in(const ledger::envelope& config) const = 0;
};

struct raft_chain_options {
  raft::options raft;                        ///< `applied` is set by the chain.
  std::size_t blocks_in_flight_max = 5;      ///< Proposed and not committed.
  std::size_t snapshot_bytes = 16 * MiB;     ///< Blocks between two snapshots.
  raft::log_index entries_kept = 64;         ///< Behind a snapshot, for followers that are a little behind.
  std::size_t write_queue_max = 64;          ///< Blocks in the writer's hands: no more is taken from raft meanwhile.
  unsigned suspicion_ticks = 0;              ///< Without a leader for so long: ask whether this consenter still belongs to the channel. 0: never.
  intake_bounds bounds;
};

/// Where the durable parts stand when a chain opens.
struct chain_start {
  chain_tip tip;                     ///< Behind the last block of the store.
  raft::log_index newest_entry = 0;  ///< Of the last block, by its consenter metadata; 0 if it has none.
  raft::log_index followed = 0;      ///< Blocks up to this entry may be there without the log, as following.hpp says.
};

/// Effects, to be carried out in order. Those that take time are answered by the event named with them.
namespace chain_do {
/// To other consenters. May be lost.
struct send { std::vector<raft::message> messages; };
/// Write to the log, in place of what stands there, then sync. → `log_written`. At most one is outstanding.
struct write_log {
  std::optional<raft::hard_state> hard;
  raft::snapshot_ptr restore;
  std::vector<raft::entry> entries;
};
/// Sign, append to the block store, tell readers; no sync is needed, for the log has it. → `block_written`, in order.
struct write_block {
  ledger::block block;
  raft::log_index index = 0;  ///< Of its entry; 0 for a fetched one, which keeps the consenter metadata it came with.
};
/// Sync the block store. → `blocks_synced`.
struct sync_blocks {};
/// Behind everything written before: keep this snapshot, forget entries below `keep_from`.
struct compact_log {
  raft::snapshot_ptr made;
  raft::log_index keep_from = 0;
};
/// Get blocks [from, until) from another consenter, verified as a peer does; the last has the hash given. → `fetched` for each, in order, as the writer
/// keeps up. A later one raises `until`.
struct fetch_blocks {
  std::uint64_t from = 0, until = 0;
  bytes last_hash;
};
struct answer {
  std::uint64_t ticket = 0;
  admission what;
};
/// The leader is another one, or none (0); this node is in this role.
struct leadership {
  raft::node_id before = raft::nobody, now = raft::nobody;
  raft::role as = raft::role::follower;
};
/// Find out whether the channel's configuration still lists this consenter.
struct suspect_eviction {};
/// This consenter was removed, and the others know: it orders no more.
struct retire {};
using start_timer = cluster::start_timer;
using look_again = cluster::look_again;
}  // namespace chain_do
using chain_effect = std::variant<chain_do::send, chain_do::write_log, chain_do::write_block, chain_do::sync_blocks, chain_do::compact_log,
                                  chain_do::fetch_blocks, chain_do::answer, chain_do::leadership, chain_do::suspect_eviction, chain_do::retire,
                                  start_timer, look_again>;

/// One consenter of one channel.
///
/// One entry is one block: header and data, no metadata. Only a leader that has applied an entry of its own term cuts blocks: then its tip is the
/// end of the chain. A CONFIG that changes the members is one entry with that change, so nothing can come between the two.
/// Invariants: SUCCESS is answered only for what a quorum's disks hold; at most `blocks_in_flight_max` blocks are proposed and not committed; blocks
/// go to the writer in order, without a gap, once; whoever loses leadership refuses at once whatever it has not seen committed.
/// Threads: none of its own. An error of an event means that memory and disk may disagree: drop the chain and open it again.
class raft_chain {
 public:
  /// `rules`, `log`, `random` and `notes` are borrowed and outlive the chain. Errors: those of raft::core::open, `corruption` for a block store
  /// that is ahead of the log and of `followed`.
  [[nodiscard]] static result<std::unique_ptr<raft_chain>> open(const raft_chain_options& o, const chain_start& start, const raft_rules& rules,
                                                                const raft::log_storage& log, random_source& random, raft::journal& notes);

  // ---- events
  [[nodiscard]] result<void> tick();
  /// From another consenter. What no member sends is ignored.
  [[nodiscard]] result<void> step(raft::message m);
  /// Orders an envelope that was admitted under configuration `sequence`. Every ticket gets one answer.
  [[nodiscard]] result<void> submit(ledger::envelope e, std::uint64_t sequence, std::uint64_t ticket);
  [[nodiscard]] result<void> fired(timer_id timer);
  /// Nothing more is to be submitted at once. See `wants_idle`.
  [[nodiscard]] result<void> idle(downstream_idle event);
  [[nodiscard]] result<void> log_written();
  [[nodiscard]] result<void> block_written(std::uint64_t number);
  [[nodiscard]] result<void> blocks_synced();
  [[nodiscard]] result<void> fetched(ledger::block b);
  /// The connection to this consenter is gone. A follower whose leader it is does not wait for a timeout, and does not hold others off for its sake.
  [[nodiscard]] result<void> disconnected(raft::node_id id);
  /// Do not wait for a timeout: nobody has ever led this channel, and this is its first consenter.
  [[nodiscard]] result<void> campaign();
  /// This consenter stops: somebody else had better lead.
  [[nodiscard]] result<void> hand_over();

  /// What is to be done since the last call.
  [[nodiscard]] std::vector<chain_effect> take_effects() { return std::exchange(effects_, {}); }

  // ---- looking at it
  [[nodiscard]] raft::node_id leader() const { return core_->soft().leader; }
  [[nodiscard]] bool leads() const { return core_->leads(); }
  /// The intake holds something that an idle chain would cut.
  [[nodiscard]] bool wants_idle() const { return leads_in_ != 0 && flights_.empty() && waiting_.empty() && intake_.waiting() > 0 && intake_.limits().cut_when_idle; }
  [[nodiscard]] bool retired() const { return retired_; }
  [[nodiscard]] const raft::core& core() const { return *core_; }
  [[nodiscard]] std::uint64_t height() const { return tip_.next.value; }    ///< Of what was handed to the writer.
  [[nodiscard]] std::size_t in_flight() const { return flights_.size(); }

 private:
  /// A block that was proposed. A CONFIG stays until it is written: only then are the new rules in force.
  struct flight {
    raft::log_index index = 0;
    ledger::block block;
    batch what;
    bool committed = false;
  };
  /// A block for the writer, and what the group is behind its entry.
  struct committed_block {
    ledger::block block;
    raft::position at;
    raft::conf_state members;
    std::size_t size = 0;
  };
  /// The same in the writer's hands.
  struct block_being_written {
    std::uint64_t number = 0;
    bytes hash;
    raft::position at;  ///< 0: fetched, and not where a snapshot may be taken.
    raft::conf_state members;
    std::size_t size = 0;
  };
  /// Where a snapshot may be taken: the newest block that is written.
  struct checkpoint {
    raft::position at;
    raft::conf_state members;
    chain_snapshot chain;
  };
  struct early_envelope {
    ledger::envelope tx;
    std::uint64_t sequence = 0, ticket = 0;
  };
  raft_chain(const raft_chain_options& o, const chain_start& start, const raft_rules& rules);
  template <class Effect>
  void emit(Effect e) { effects_.emplace_back(std::move(e)); }
  void answer(std::uint64_t ticket, admission what) { emit(chain_do::answer{ticket, std::move(what)}); }

  // raft_chain.cpp: raft's effects
  result<void> pump();
  void note_leadership();
  result<void> finish(raft::ready done);
  result<void> apply(const raft::entry& e);
  result<void> append(const raft::entry& e, shared_bytes raw);
  void count_leaderless_ticks();

  // raft_leading.cpp: what only a leader does
  void lead_if_ready();
  void stop_leading();
  void propose_waiting();
  bool propose(batch& b);
  void carry(std::vector<intake_effect> effects);
  void landed(const raft::entry& e, bool has_block);
  void release_flights();
  void give_back(const flight& f, const admission& why);
  void abandon_snapshots();
  void retire_when_told();
  [[nodiscard]] raft::node_id best_successor() const;

  // raft_writing.cpp: blocks on their way to the store, snapshots
  result<void> catch_up_to(const raft::snapshot& s);
  void fetch_to(checkpoint where);
  void write(committed_block b, raft::log_index index);
  void snapshot_if_due();

  raft_chain_options options_;
  const raft_rules& rules_;
  std::unique_ptr<raft::core> core_;
  intake intake_;
  std::vector<chain_effect> effects_;

  std::optional<raft::ready> writing_;     ///< In the log's hands.
  std::optional<raft::hard_state> unsaved_;  ///< A commit index that moved: goes with the next write.
  raft::node_id told_leader_ = raft::nobody;
  raft::role told_role_ = raft::role::follower;

  // leading
  raft::term_number term_begun_ = 0;       ///< The newest term of which an entry is applied here.
  raft::term_number leads_in_ = 0;         ///< Cuts blocks in this term; 0: does not.
  chain_tip proposed_;                     ///< Behind everything that was proposed.
  std::deque<flight> flights_;
  std::deque<batch> waiting_;              ///< Until a flight has landed.
  std::deque<early_envelope> early_;       ///< Came to a leader that was not ready yet.
  std::size_t early_bytes_ = 0;
  std::map<raft::node_id, unsigned> ticks_in_snapshot_;
  bool removed_ = false, retired_ = false;
  unsigned ticks_since_removed_ = 0;
  unsigned leaderless_ticks_ = 0;

  // the chain
  chain_tip tip_;                          ///< Behind everything that is committed here.
  std::deque<block_being_written> with_writer_;
  std::uint64_t written_ = 0;              ///< Height of the store.
  std::optional<checkpoint> target_;       ///< Blocks up to there are being fetched.
  chain_tip fetched_;                      ///< Behind the last one that came.
  std::optional<checkpoint> newest_;
  std::optional<checkpoint> syncing_;      ///< The store is being synced for a snapshot there.
  std::size_t since_snapshot_ = 0;         ///< Bytes of blocks, those that were there at the start among them.
};

}  // namespace weft::cluster
