// What the shell of a raft consenter holds, and its parts: who is where, effects, envelopes, following. Only for the .cpp files beside it.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actors/orderer/pace.hpp"
#include "actors/orderer/raft_roles.hpp"
#include "actors/orderer/rules.hpp"
#include "actors/orderer/tickets.hpp"

namespace weft::actors {

/// Another consenter, as the newest configuration names it.
struct other_consenter {
  std::string member;
  route<raft_consenter_actor> where;
  caf::actor_addr watched;
};

/// Raft's own lines, in the log that operators read.
class raft_journal final : public cluster::raft::journal {
 public:
  explicit raft_journal(std::string channel) : channel_(std::move(channel)) {}
  [[nodiscard]] bool wants(cluster::raft::severity level) const noexcept override;
  void write(cluster::raft::severity level, std::string_view line) override;

 private:
  std::string channel_;
};

struct raft_consenter_state {
  orderer_ptr site;
  ordered_channel_ptr channel;
  bytes genesis;                                   ///< Hash of the channel's first block.
  std::optional<crypto::certificate> certificate;  ///< Our own for TLS: how we find ourselves in the channel's list.
  route<block_writer_actor> writer;
  route<log_writer_actor> log_writer;
  route<orderer_actor> front;               ///< Is told of another leader, for those who asked it.
  block_writer_actor blocks;                ///< The incarnations that hold our work: when one dies, so does this.
  log_writer_actor log_holder;
  caf::actor_addr watched_blocks, watched_log;
  std::shared_ptr<const cluster::raft::write_ahead_log> log;
  std::unique_ptr<orderer_rules> rules;
  std::unique_ptr<raft_journal> notes;
  std::unique_ptr<cluster::raft_chain> chain;  ///< Null until the log and the store are at rest, and while this orderer is no consenter.
  std::string not_open = "the consenter is starting";
  tickets waiting;
  std::size_t forwarded = 0;                ///< Envelopes that the leader has not answered for.
  std::map<cluster::raft::node_id, other_consenter> others;
  std::optional<std::uint64_t> known_sequence;  ///< Of the configuration that `others` is from.
  block_fetcher_actor fetcher;
  std::chrono::milliseconds tick{10};
  bool ticking = false;                     ///< A tick is on its way.
  unsigned ticks = 0;
  consensus_view shown;                     ///< Published last.
  bool view_asked = false;                  ///< A look at it is on its way.
  bool first = false;                       ///< Of the channel's consenters, and nobody has led it yet.
  std::deque<raft_batch> early;             ///< Came before the chain was open.
  std::optional<caf::actor_clock::time_point> foreign_told;  ///< When the log last heard of another channel of this name.
  pace timing;
  // no consenter (any more, or yet)
  bool leaving = false;                     ///< The chain has retired; it is put away when its last effects are carried out.
  bool following = false;                   ///< Takes over the others' blocks.
  bool evicted = false;                     ///< Was a consenter until now.
  std::uint64_t evicted_in = 0;             ///< Number of the block that removed us; until that is stored, what our own newest configuration says is old.
  std::shared_ptr<const ledger::channel_bundle> suspected;  ///< Looking whether we still belong: the configuration behind the blocks seen so far.
  static inline const char* name = "raft";
};

namespace raft_shell {

using raft_self = role_self<raft_consenter_actor, raft_consenter_state>;

inline constexpr std::chrono::seconds disk_patience{180};
/// Timer number of a look at what others are shown; the cutter's count from 1.
inline constexpr std::uint64_t view_timer = ~std::uint64_t{0};

// ---- raft.cpp: opening and events

/// Memory and disk may disagree, or a writer died with work of ours: whoever waits is refused, and the role begins again from the disk.
void give_up(raft_self self, const std::string& why);
/// Begins once both writers have done what was asked of them: as a consenter, or following those who are.
void open(raft_self self);

// ---- raft_effects.cpp

/// Whatever the chain wants done. The chain may be gone afterwards.
void carry_out(raft_self self);

/// An event for the chain, and what follows from it. An error ends this incarnation.
template <class Event>
void drive(raft_self self, Event event) {
  auto& s = self->state;
  if (!s.chain) return;
  if (const auto done = event(*s.chain); !done) return give_up(self, done.error().context);
  carry_out(self);
}

// ---- raft_group.cpp: who is where

/// As what node this orderer is listed in a configuration; nobody if it is not.
[[nodiscard]] cluster::raft::node_id listed_as(const raft_consenter_state& s, const ledger::channel_bundle& bundle, const cluster::group_metadata& group);
/// Reads the consenters anew if the configuration changed. True if it did.
bool learn_members(raft_self self);
/// A null handle when it is not reachable. Watched, so that its end is heard of.
const raft_consenter_actor& find(raft_self self, other_consenter& other);
void publish_view(raft_self self);
/// Sees to it that what has changed is published: who leads in what term at once, how far the log has come within `view_delay`.
void refresh_view(raft_self self);
void on_view_timer(raft_self self);
/// What a client is told when nobody leads.
[[nodiscard]] std::string no_leader(raft_self self);

// ---- raft_envelopes.cpp

[[nodiscard]] caf::result<broadcast_reply> order(raft_self self, const ledger::envelope& e, std::uint64_t sequence);
[[nodiscard]] caf::result<std::vector<broadcast_reply>> order_all(raft_self self, const std::vector<ledger::envelope>& all, std::uint64_t sequence);
[[nodiscard]] caf::result<std::vector<broadcast_reply>> order_here(raft_self self, const std::vector<ledger::envelope>& all, std::uint64_t sequence);

// ---- raft_following.cpp: blocks from others

/// Blocks that the chain lacks.
void fetch(raft_self self, const cluster::chain_do::fetch_blocks& what);
void stop_fetching(raft_self self);
void on_fetched(raft_self self, const ledger::block& b);
/// No consenter: takes over the others' blocks, and becomes one when a configuration names it.
void follow(raft_self self);
void followed(raft_self self);  ///< One of those blocks is stored.
/// The chain has heard of no leader for long: do the others' blocks say that this consenter was removed?
void suspect_eviction(raft_self self);
/// The chain knows that it was removed, and the others know too.
void retire(raft_self self);
void put_chain_away(raft_self self);

}  // namespace raft_shell
}  // namespace weft::actors
