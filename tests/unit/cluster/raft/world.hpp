// A group of raft cores under a hostile network, with disks that lose what was not synced; everything from one seed.
// After each step it is checked that no two leaders share a term, that logs match, that leaders have what is committed, and that all apply the same.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cluster/raft/core.hpp"
#include "cluster/raft/memory_storage.hpp"

namespace weft::cluster::raft::testing {

/// Mistakes that a shell could make. A simulation that does not find them proves nothing.
enum class bug : std::uint8_t { none, vote_not_written, answer_before_write, snapshot_without_members };

struct plan {
  std::uint64_t seed = 1;
  unsigned steps = 2500;
  bug planted = bug::none;
};

class world {
 public:
  explicit world(const plan& p);
  ~world();
  /// What went wrong first; empty if nothing did. Safety during `steps`, then everything heals and progress must be made.
  std::string run();

  [[nodiscard]] std::size_t leaders() const { return leader_of_.size(); }
  [[nodiscard]] log_index committed() const { return highest_; }
  [[nodiscard]] std::size_t membership_changes() const { return changes_; }
  [[nodiscard]] std::size_t snapshots() const { return snapshots_; }
  [[nodiscard]] std::size_t crashes() const { return crashes_; }

 private:
  struct node {
    node_id id = nobody;
    memory_storage disk;
    conf_state members;                 ///< As of `applied`.
    log_index applied = 0;
    std::uint64_t digest = 0;           ///< Of everything applied.
    std::unique_ptr<core> running;      ///< Null: crashed.
    std::optional<ready> writing;       ///< Taken, not yet on disk.
    log_index seen_commit = 0;
  };
  struct truth { term_number term; std::uint64_t digest; };

  void start(node& n);
  void crash(node& n);
  void one_step();
  void fault();
  void tick_some();
  void deliver_one();
  void hand(message&& m);
  void begin_write(node& n);
  void end_write(node& n);
  void apply(node& n, const std::vector<entry>& committed);
  void send(std::vector<message>::iterator from, std::vector<message>::iterator until);
  void propose();
  void change_membership(node& leader);
  void take_snapshot(node& n);
  void heal();
  void settle();
  void check();
  void check_matching();
  void violated(std::string what) { if (violation_.empty()) violation_ = std::move(what); }
  [[nodiscard]] bool connected(node_id a, node_id b) const { return island_[a] == island_[b]; }
  [[nodiscard]] bool chance(unsigned percent) { return random_.below(100) < percent; }
  node& any() { return *nodes_[random_.below(nodes_.size())]; }
  node* leader();

  plan plan_;
  seeded_random random_;
  options options_;
  std::vector<std::unique_ptr<node>> nodes_;
  std::vector<message> network_;
  std::vector<unsigned> island_;        ///< By node id; only nodes of one island reach each other.
  unsigned loss_percent_ = 0;
  std::map<term_number, node_id> leader_of_;
  std::map<log_index, truth> truth_;    ///< What was committed somewhere, once.
  std::map<log_index, std::uint64_t> digests_;
  log_index highest_ = 0;
  std::uint64_t proposals_ = 0;
  std::size_t changes_ = 0, snapshots_ = 0, crashes_ = 0;
  std::string violation_;
};

}  // namespace weft::cluster::raft::testing
