// What must never be broken, looked at after each event, and only where something changed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cluster/raft/core.hpp"
#include "ledger/block/block.hpp"

namespace weft::sim {

/// Knows all nodes at once, as nobody in the system does. The first broken promise is kept.
///
/// Inside raft (paper, figure 3): at most one leader a term; entries of equal index and term are equal, and so is what stands before them, in all
/// logs for ever; a leader has everything that is committed; one vote a node and term; what is acknowledged is on the disk of whoever says so; what a
/// leader calls committed is on the disks of a quorum, and it calls so only what is of its own term, and what stands before that; no vote while the
/// leader lives; one change of the members at a time; a disk forgets nothing that it was told to keep.
/// Outside: all chains are one, by hash; what was acknowledged to a client is in it.
class promises {
 public:
  /// `inside` false: only what a client or a reader of blocks could notice. Shows that the faults alone bring mistakes to light.
  promises(unsigned nodes, bool inside);

  // ---- inside

  /// After anything that this core did.
  void look(unsigned node, const cluster::raft::core& core);
  /// This core hands entries to its disk, behind what its log holds before them.
  void appends(unsigned node, const cluster::raft::core& core, const std::vector<cluster::raft::entry>& entries);
  /// Its disk has them.
  void written(unsigned node, const std::optional<cluster::raft::hard_state>& hard, const cluster::raft::snapshot_ptr& restore,
               const std::vector<cluster::raft::entry>& entries);
  void sends(unsigned node, const cluster::raft::message& m);
  /// A candidate asks this node, which heard from a living leader less than an election timeout ago or not; whom the leader itself sends is not meant.
  void asked_for_vote(unsigned node, const cluster::raft::message& m, bool leased);
  /// It opened its log again.
  void recovered(unsigned node, const cluster::raft::log_storage& log);

  // ---- outside

  /// This node has a block in its store. True if nobody had it before.
  bool block(unsigned node, const ledger::block& b);
  void acknowledged(std::uint32_t transaction);
  /// The run is over, and all chains are as long as they will be.
  void close();

  void broken(std::string what) {
    if (broken_.empty()) broken_ = std::move(what);
  }
  [[nodiscard]] const std::string& first_broken() const noexcept { return broken_; }
  [[nodiscard]] std::uint64_t height() const noexcept { return chain_.size(); }
  [[nodiscard]] bool was_ordered(std::uint32_t transaction) const noexcept { return transaction < ordered_.size() && ordered_[transaction]; }
  /// Everything acknowledged is in the chain: only a commit that no node has written yet may be missing.
  [[nodiscard]] bool nothing_missing() const noexcept { return missing_ == 0; }
  [[nodiscard]] std::size_t leaders() const noexcept { return leaders_; }
  [[nodiscard]] std::size_t entries_committed() const noexcept { return committed_.empty() ? 0 : committed_.size() - 1; }

 private:
  using index = cluster::raft::log_index;
  using term = cluster::raft::term_number;
  /// An entry that was seen somewhere: the first one seen at its place in its term.
  struct known_entry {
    cluster::raft::entry what;
    term before = 0;
    bool before_known = false;
  };
  struct candidacy {
    unsigned candidate = 0;
    term of = 0;
    bool allowed = false;  ///< Once it asked when no leader was known to live: an answer may be on its way, whatever comes later.
  };
  struct node_record {
    term led = 0;          ///< The newest term in which it was seen leading.
    index seen = 0;        ///< Its commit index when it was last looked at.
    std::vector<term> disk;  ///< Terms of the entries on its disk, by index; 0 where a snapshot stands for them.
    cluster::raft::hard_state hard;
    std::vector<candidacy> asked;        ///< Who asked for its vote.
    cluster::raft::joint_voters voters;  ///< When it last committed as a leader.
  };

  void compare(unsigned node, const cluster::raft::entry& e, std::optional<term> before);
  void elected(unsigned node, const cluster::raft::core& core);
  void commits(unsigned node, const cluster::raft::core& core);
  void one_change_at_a_time(unsigned node, const cluster::raft::core& core, index newest);
  void check_quorum_has(const cluster::raft::core& leader, index at, term of);
  [[nodiscard]] bool on_disk(unsigned node, index at, term of) const noexcept;

  bool inside_;
  std::string broken_;
  std::vector<node_record> nodes_;                    ///< By number.
  std::vector<std::vector<known_entry>> entries_;     ///< By index.
  std::vector<term> committed_;                       ///< By index.
  std::vector<unsigned> leader_of_;                   ///< By term.
  std::vector<std::vector<unsigned>> votes_;          ///< By term, then node: whom it voted for.
  std::vector<bytes> chain_;                          ///< Hashes, by number.
  std::vector<bool> ordered_, acknowledged_;          ///< By transaction.
  std::size_t leaders_ = 0, missing_ = 0;
};

}  // namespace weft::sim
