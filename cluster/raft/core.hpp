// Raft as a value: messages and ticks in, `ready` out. It knows no clock, disk, socket, thread or actor.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "cluster/raft/journal.hpp"
#include "cluster/raft/membership.hpp"
#include "cluster/raft/options.hpp"
#include "cluster/raft/raft_log.hpp"
#include "cluster/raft/ready.hpp"
#include "config/base/random.hpp"

namespace weft::cluster::raft {

/// One member of one group.
///
///   while (core.has_ready()) { auto todo = core.take_ready(); write(*todo); send(*todo); apply(*todo); core.advance(); }
///
/// Invariants (paper, figure 3): at most one leader a term; a leader only appends; logs that agree on an entry agree on all before it; what is
/// committed is in every later leader's log; no two members apply different entries at one index.
/// Threads: none of its own; one call at a time. Storage, randomness and journal are borrowed and outlive the core.
/// A failure of storage is returned, and the shell then stops this member: its memory and its disk may disagree.
class core {
 public:
  /// Errors: `invalid_argument` for options, `corruption` if the stored log ends before what was committed, and those of the storage.
  static result<std::unique_ptr<core>> open(const options& o, const log_storage& storage, random_source& random, journal& notes = journal::none());

  // ---- events

  /// Time has passed.
  void tick();
  /// A message of another member arrived. Errors: `not_found` if it answers from outside the group, `invalid_argument` for what no member sends,
  /// `corruption` if what it says contradicts what was acknowledged, and those of `propose`. The state is then as it was.
  result<void> step(message m);
  /// Do not wait for the election timeout.
  void campaign();
  /// Data for the log. Accepted is not committed: it may still be lost with this leader, and comes back in `ready.committed` if not.
  /// Errors: `unavailable` without a leader or while leadership is handed over, `busy` above `uncommitted_bytes_max`,
  /// `failed_precondition` at a leader that was removed.
  result<void> propose(shared_bytes data);
  result<void> propose(std::vector<shared_bytes> batch);
  /// A change of the membership. One that cannot be applied now enters the log as an empty entry; look for it in `ready.committed`.
  result<void> propose(const conf_change& change);
  result<void> propose(const single_change& change, bytes_view context = {});
  /// A committed change is carried out: the members from now on. Errors: `failed_precondition`, everywhere alike; nothing is changed.
  result<conf_state> apply(const conf_change& change);
  /// Hand leadership to a member. Given up if that takes longer than an election timeout.
  void transfer_leadership(node_id to);
  /// The transport lost a connection: probe that node before streaming to it again.
  void report_unreachable(node_id id);
  /// The transport lost the leader: it has no lease any more, and this follower campaigns after `wait` ticks instead of a whole timeout.
  void leader_gone(unsigned wait);
  /// A snapshot for that node was delivered, or was not.
  void report_snapshot(node_id id, bool delivered);

  // ---- effects

  [[nodiscard]] bool has_ready() const;
  /// Requires that the last one was advanced. Errors: of the storage.
  [[nodiscard]] result<ready> take_ready();
  /// Everything in the last `ready` is done. Errors: as `step`.
  result<void> advance();

  // ---- looking at it

  [[nodiscard]] node_id id() const noexcept { return options_.id; }
  [[nodiscard]] soft_state soft() const noexcept { return {leader_, role_}; }
  [[nodiscard]] hard_state hard() const noexcept { return {term_, vote_, log_.committed()}; }
  [[nodiscard]] bool leads() const noexcept { return role_ == role::leader; }
  [[nodiscard]] const raft_log& log() const noexcept { return log_; }
  [[nodiscard]] const membership& members() const noexcept { return members_; }
  [[nodiscard]] std::size_t uncommitted_bytes() const noexcept { return uncommitted_bytes_; }
  [[nodiscard]] status report() const;
  /// Until the role changes next, when it is drawn anew. For tests.
  void election_timeout(unsigned ticks) noexcept { timeout_ = ticks; }

 private:
  core(const options& o, const log_storage& storage, random_source& random, journal& notes);
  result<void> load(const log_storage& storage);

  // stepping.cpp: which message is for whom
  result<void> handle(message& m);
  bool from_higher_term(const message& m);
  void from_lower_term(const message& m);
  result<void> as_leader(message& m);
  result<void> as_candidate(message& m);
  result<void> as_follower(message& m);
  result<void> from_leader(message& m);
  void send(message m);

  // election.cpp
  enum class reason : std::uint8_t { pre_election, election, transfer };
  void reset(term_number term);
  void become_follower(term_number term, node_id leader);
  void become_pre_candidate();
  void become_candidate();
  void become_leader();
  void hup(reason why);
  void campaign(reason why);
  void ask_vote(node_id of, message_kind request, bool transfer);
  void answer_vote(const message& m);
  [[nodiscard]] unsigned grace() const;   ///< Ticks that campaigns which meet leave each other.
  bool rival_waits(const message& m);
  void give_way();
  void meet_candidate(const message& m);
  void count_vote(const message& m);
  void check_quorum();
  [[nodiscard]] bool promotable() const;
  [[nodiscard]] bool change_to_apply() const;
  void draw_timeout();
  void hand_over(message& m);
  void send_timeout_now(node_id to);

  // replication.cpp
  result<void> take_append(message& m);
  result<void> take_heartbeat(const message& m);
  void take_snapshot(const message& m);
  bool restore(const snapshot_ptr& from);
  void take_append_reply(const message& m, progress& from);
  void take_refusal(const message& m, progress& from);
  void take_heartbeat_reply(const message& m, progress& from);
  void broadcast_append();
  void broadcast_heartbeat();
  bool send_append(node_id to, progress& p, bool even_if_empty);
  bool send_snapshot(node_id to, progress& p);
  bool commit_more();

  // proposing.cpp
  result<void> take_proposal(message& m);
  void refuse_impossible_changes(std::vector<entry>& entries);
  result<void> append_own(std::vector<entry>&& entries);
  result<void> propose_entries(std::vector<entry> entries);
  void adopt(membership m);
  void applied_to(log_index index);
  [[nodiscard]] newcomers joining() const { return {log_.last_index(), options_.inflight_messages, options_.inflight_bytes}; }

  template <class... Parts>
  void say(severity level, const Parts&... parts) const {
    if (notes_.wants(level)) notes_.say(level, std::hex, options_.id, std::dec, parts...);
  }

  options options_;
  random_source& random_;
  journal& notes_;
  raft_log log_;
  membership members_;
  bool learner_ = false;

  term_number term_ = 0;
  node_id vote_ = nobody;
  node_id leader_ = nobody;
  role role_ = role::follower;
  std::map<node_id, bool> votes_;

  unsigned since_election_ = 0;   ///< Ticks since the leader was heard; at a leader, since it last checked its quorum.
  unsigned since_heartbeat_ = 0;
  unsigned timeout_ = 0;
  node_id transferee_ = nobody;
  log_index pending_change_ = 0;  ///< Only one change of the membership at a time: none may be proposed until this index is applied.
  std::size_t uncommitted_bytes_ = 0;

  std::vector<message> now_;          ///< May leave at once.
  std::vector<message> after_write_;  ///< Promise something that must be on disk first; those to this node itself are its own votes and acknowledgements.

  soft_state told_soft_;
  hard_state told_hard_;
  /// What the outstanding `ready` will have done.
  struct in_progress {
    std::vector<message> own;
    std::optional<position> written;
    log_index restored = 0;
    log_index applied = 0;
    std::size_t applied_bytes = 0;
  };
  std::optional<in_progress> outstanding_;
};

}  // namespace weft::cluster::raft
