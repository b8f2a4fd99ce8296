// One orderer in the simulation: production's chain, log and rules of ordering, on a disk that fails. What it does here, its shell of actors does live.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <variant>
#include <vector>

#include "cluster/consenter/raft_chain.hpp"
#include "cluster/faults/disk.hpp"
#include "cluster/faults/skewed_clock.hpp"
#include "cluster/wal/write_ahead_log.hpp"
#include "tests/sim/block_shelf.hpp"

namespace weft::sim {

class world;

/// The channel's configuration as one orderer knows it: what is in its blocks.
class short_rules final : public cluster::raft_rules {
 public:
  explicit short_rules(const cluster::cut_limits& limits) : limits_(limits) {}
  void follow(const block_shelf* shelf) noexcept { shelf_ = shelf; }
  [[nodiscard]] cluster::cut_limits limits() const override { return limits_; }
  [[nodiscard]] std::uint64_t sequence() const override { return shelf_->config_sequence(); }
  [[nodiscard]] cluster::config_admission judge_again(const ledger::envelope& e) const override;
  [[nodiscard]] result<std::optional<cluster::raft::conf_change>> change_in(const ledger::envelope& config) const override;

 private:
  cluster::cut_limits limits_;
  const block_shelf* shelf_ = nullptr;
};

/// What differs from run to run, alike on all nodes.
struct orderer_options {
  cluster::raft_chain_options chain;
  cluster::raft::wal_options log;
  cluster::cut_limits cut;
  cluster::raft::conf_state first_members;
};

class orderer {
 public:
  orderer(world& w, unsigned number, const orderer_options& o, cluster::faults::dice random);
  ~orderer();

  // ---- life
  /// The power comes back, or the node is new. It is not up afterwards if its disk does not let it be.
  void start();
  /// The power goes, or only the process dies.
  void crash(bool power);
  /// The disk broke within a call, or an event failed: down, and tried again later.
  void stop(const std::string& why);
  [[nodiscard]] bool up() const noexcept { return chain_ != nullptr; }
  [[nodiscard]] bool retired() const noexcept { return retired_; }
  /// It is started with a certificate that the channel does not list until configuration "u<number>" does: it follows then, as an operator who changes
  /// the files first makes it do.
  void takes_new_certificate() noexcept { new_certificate_ = true; }
  /// No consenter now: fetches blocks without raft.
  [[nodiscard]] bool follows() const noexcept { return following_; }

  // ---- events; only while it is up, but for `fetch`
  void tick();
  void arrives(cluster::raft::message m);
  void submit(ledger::envelope e, std::uint64_t ticket);
  void log_done();
  void block_done();
  void fetch();
  void fired(weft::timer_id timer);
  void idle();
  void disconnected(unsigned from);
  void hand_over();

  // ---- looking at it
  [[nodiscard]] const cluster::raft_chain& chain() const noexcept { return *chain_; }
  [[nodiscard]] const block_shelf* shelf() const noexcept { return shelf_.get(); }
  [[nodiscard]] bool leads() const noexcept { return up() && chain_->leads(); }
  [[nodiscard]] std::string state() const;

  unsigned number = 0;
  std::uint16_t life = 0;                   ///< Events of an earlier life do not reach it.
  bool exists = false;                      ///< One that is to be added does not yet.
  bool frozen = false;
  cluster::faults::disk log_disk, block_disk;
  cluster::faults::skewed_clock clock;
  cluster::raft::node_id told_leader = 0;   ///< Whom clients are sent to.

 private:
  using log_job = std::variant<cluster::chain_do::write_log, cluster::chain_do::compact_log>;
  using block_job = std::variant<cluster::chain_do::write_block, cluster::chain_do::sync_blocks>;

  result<void> open();
  result<void> begin();
  [[nodiscard]] bool listed() const;
  void follow();
  void carry(const result<void>& done);
  void perform_all(std::vector<cluster::chain_effect> effects);
  void perform(cluster::chain_do::send& e);
  void perform(cluster::chain_do::write_log& e);
  void perform(cluster::chain_do::write_block& e);
  void perform(cluster::chain_do::sync_blocks& e);
  void perform(cluster::chain_do::compact_log& e);
  void perform(cluster::chain_do::fetch_blocks& e);
  void perform(cluster::chain_do::answer& e);
  void perform(cluster::chain_do::leadership& e);
  void perform(cluster::chain_do::suspect_eviction& e);
  void perform(cluster::chain_do::retire& e);
  void perform(cluster::start_timer& e);
  void perform(cluster::look_again& e);
  void begin_log_job();
  void begin_block_job();
  result<void> do_log_job(const log_job& job);
  void disk_failed(const error& e, const cluster::faults::disk& where);

  world& world_;
  const orderer_options& options_;
  cluster::faults::dice random_;
  short_rules rules_;
  std::unique_ptr<cluster::raft::write_ahead_log> log_;
  std::unique_ptr<block_shelf> shelf_;
  std::unique_ptr<cluster::raft_chain> chain_;
  std::deque<log_job> log_jobs_;
  std::deque<block_job> block_jobs_;
  std::uint64_t fetch_from_ = 0, fetch_until_ = 0;  ///< Equal: nothing is to be fetched.
  bool fetching_ = false;
  bool new_certificate_ = false, following_ = false;
  unsigned quiet_ticks_ = 0;                        ///< Since the leader was heard.
  cluster::raft::log_index made_here_ = 0;          ///< Where the newest snapshot of its own was taken.
  bool retired_ = false;
};

}  // namespace weft::sim
