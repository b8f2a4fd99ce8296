// Events, and how raft's effects become the chain's.
#include "cluster/consenter/raft_chain.hpp"

#include <algorithm>

#include "cluster/consenter/following.hpp"
#include "cluster/raft/planted.hpp"
#include "config/base/assert.hpp"

namespace weft::cluster {

raft_chain::raft_chain(const raft_chain_options& o, const chain_start& start, const raft_rules& rules)
    : options_(o), rules_(rules), intake_(rules, o.bounds), proposed_(start.tip), tip_(start.tip), written_(start.tip.next.value), fetched_(start.tip) {}

namespace {

/// As a member behind its snapshot, or as one that an entry adds. Reads the whole log.
bool tells_of(const raft::log_storage& log, raft::node_id node) {
  const auto state = log.initial_state();
  if (!state) return true;
  const auto in = [&](const std::vector<raft::node_id>& list) { return std::find(list.begin(), list.end(), node) != list.end(); };
  const auto& m = state->members;
  if (log.last_index() != 0 && (in(m.voters) || in(m.learners) || in(m.voters_outgoing) || in(m.learners_next))) return true;
  std::vector<raft::entry> all;
  if (log.last_index() >= log.first_index() && !log.entries(log.first_index(), log.last_index() + 1, raft::unlimited, all)) return true;
  return std::any_of(all.begin(), all.end(), [&](const raft::entry& e) {
    if (e.kind == raft::entry_kind::normal) return false;
    const auto change = raft::parse_conf_change(e);
    return change && std::any_of(change->changes.begin(), change->changes.end(), [&](const auto& c) { return c.node == node; });
  });
}

}  // namespace

result<std::unique_ptr<raft_chain>> raft_chain::open(const raft_chain_options& o, const chain_start& start, const raft_rules& rules,
                                                     const raft::log_storage& log, random_source& random, raft::journal& notes) {
  std::unique_ptr<raft_chain> made(new raft_chain(o, start, rules));
  const auto snapshot = log.latest_snapshot();
  made->options_.raft.rank_campaigns = true;
  made->options_.raft.applied = snapshot ? snapshot->at.index : 0;
  // A log that does not tell of this node is from before it joined, with blocks of others: it has promised nothing.
  WEFT_ASSERT(start.followed != raft::still_following, "the end of following is noted before a chain opens");
  if (store_is_ahead(start, log) && tells_of(log, o.raft.id)) {
    return fail(errc::corruption, "the block store ends with entry " + std::to_string(start.newest_entry) + " of the raft log, but the log ends at " +
                                      std::to_string(log.last_index()) + ": files of the log were lost. Put them back, or replace this consenter");
  }
  WEFT_TRY(made->core_, raft::core::open(made->options_.raft, log, random, notes));
  if (snapshot && !snapshot->data.empty()) WEFT_CHECK(made->catch_up_to(*snapshot));
  WEFT_CHECK(made->pump());
  return made;
}

// ---- events

result<void> raft_chain::tick() {
  if (retired_) return {};
  core_->tick();
  retire_when_told();
  abandon_snapshots();
  count_leaderless_ticks();
  return pump();
}

result<void> raft_chain::step(raft::message m) {
  // Envelopes are forwarded as such, and who leads is decided here.
  if (retired_ || m.kind == raft::message_kind::propose || m.kind == raft::message_kind::transfer_leader) return {};
  const auto stepped = core_->step(std::move(m));
  if (!stepped && (stepped.error().code == errc::corruption || stepped.error().code == errc::io)) return stepped;
  return pump();
}

result<void> raft_chain::submit(ledger::envelope e, std::uint64_t sequence, std::uint64_t ticket) {
  if (retired_ || removed_) {
    answer(ticket, {status_unavailable, "this orderer was removed from the channel's consenters"});
    return {};
  }
  if (!core_->leads()) {
    answer(ticket, {status_unavailable, "no Raft leader"});
    return {};
  }
  if (leads_in_ == 0) {
    const auto size = e.size();
    if (early_.size() >= options_.bounds.pending_max || early_bytes_ + size > options_.bounds.pending_bytes_max) {
      answer(ticket, {status_unavailable, "the ordering queue is full; back off and retry"});
      return {};
    }
    early_bytes_ += size;
    early_.push_back({std::move(e), sequence, ticket});
    return {};
  }
  std::vector<intake_effect> taken;
  intake_.take(std::move(e), sequence, ticket, taken);
  carry(std::move(taken));
  return pump();
}

result<void> raft_chain::fired(timer_id timer) {
  std::vector<intake_effect> cut;
  intake_.on(timer_fired{timer}, cut);
  carry(std::move(cut));
  return pump();
}

result<void> raft_chain::idle(downstream_idle event) {
  if (wants_idle()) {
    std::vector<intake_effect> cut;
    intake_.on(event, cut);
    carry(std::move(cut));
  }
  return pump();
}

result<void> raft_chain::log_written() {
  WEFT_ASSERT(writing_, "nothing was being written to the log");
  auto done = std::move(*writing_);
  writing_.reset();
  WEFT_CHECK(finish(std::move(done)));
  return pump();
}

result<void> raft_chain::disconnected(raft::node_id id) {
  if (retired_) return {};
  core_->report_unreachable(id);
  if (core_->soft().leader == id) {
    // Those who noticed would all campaign at once, and share the votes: so one after another.
    unsigned rank = 0;
    for (const auto voter : core_->members().config.voters.all()) {
      if (voter < core_->id() && voter != id) ++rank;
    }
    core_->leader_gone(rank * options_.raft.heartbeat_ticks);
  }
  return pump();
}

result<void> raft_chain::campaign() {
  if (!retired_ && core_->soft().leader == raft::nobody) core_->campaign();
  return pump();
}

result<void> raft_chain::hand_over() {
  if (core_->leads()) {
    if (const auto to = best_successor(); to != raft::nobody) core_->transfer_leadership(to);
  }
  return pump();
}

// ---- effects

result<void> raft_chain::pump() {
  note_leadership();
  while (!writing_ && with_writer_.size() < options_.write_queue_max && core_->has_ready()) {
    WEFT_TRY(auto todo, core_->take_ready());
    note_leadership();
    if (todo.before_sync > 0) {
      const auto behind = todo.messages.begin() + static_cast<std::ptrdiff_t>(todo.before_sync);
      emit(chain_do::send{{std::make_move_iterator(todo.messages.begin()), std::make_move_iterator(behind)}});
      todo.messages.erase(todo.messages.begin(), behind);
    }
    if (todo.hard) unsaved_ = todo.hard;
    if (!todo.must_sync && !todo.restore) {
      WEFT_CHECK(finish(std::move(todo)));
      continue;
    }
    emit(chain_do::write_log{std::exchange(unsaved_, std::nullopt), todo.restore, todo.entries});
    writing_ = std::move(todo);
  }
  note_leadership();
  return {};
}

void raft_chain::note_leadership() {
  const auto soft = core_->soft();
  if (leads_in_ != 0 && (!core_->leads() || core_->hard().term != leads_in_)) stop_leading();
  else if (!core_->leads() && !early_.empty()) stop_leading();
  if (soft.leader == told_leader_ && soft.as == told_role_) return;
  emit(chain_do::leadership{std::exchange(told_leader_, soft.leader), soft.leader, std::exchange(told_role_, soft.as)});
}

/// What the ready asked to be written is on disk.
result<void> raft_chain::finish(raft::ready done) {
  if (!done.messages.empty()) emit(chain_do::send{std::move(done.messages)});
  if (done.restore) WEFT_CHECK(catch_up_to(*done.restore));
  for (const auto& e : done.committed) WEFT_CHECK(apply(e));
  WEFT_CHECK(core_->advance());
  release_flights();
  lead_if_ready();
  return {};
}

result<void> raft_chain::apply(const raft::entry& e) {
  term_begun_ = std::max(term_begun_, e.term);
  if (e.kind == raft::entry_kind::normal) {
    landed(e, !e.data.empty());
    return e.data.empty() ? result<void>{} : append(e, e.data);
  }
  WEFT_TRY(auto change, raft::parse_conf_change(e));
  const auto belongs = [&] { return core_->members().nodes.count(core_->id()) != 0; };
  const bool belonged = belongs();
  const auto members = core_->apply(change);
  WEFT_ASSERT(members || members.error().code == errc::failed_precondition, "a change of the members fails everywhere alike");
  landed(e, !change.context.empty());
  if (!change.context.empty()) WEFT_CHECK(append(e, shared_bytes{std::move(change.context)}));
  if ((belonged || planted(mistake::newcomer_retires)) && !belongs()) {  // one that reads about the time before it joined was not removed
    removed_ = true;
    if (!core_->leads()) retire_when_told();
  }
  return {};
}

result<void> raft_chain::append(const raft::entry& e, shared_bytes raw) {
  const auto size = raw.size();
  ledger::block block;
  const auto mine = std::find_if(flights_.begin(), flights_.end(), [&](const flight& f) { return f.index == e.index; });
  if (mine != flights_.end()) {
    block = mine->block;
  } else {
    auto parsed = ledger::block::parse(std::move(raw));
    if (!parsed) return fail(within("entry " + std::to_string(e.index) + " of the raft log", parsed.error()));
    block = std::move(*parsed);
  }
  const auto where = [&] { return "entry " + std::to_string(e.index) + " of the raft log, block " + std::to_string(block.number().value); };
  if (block.number() < tip_.next) {  // in the store already; a consenter that starts often has to forget its log nevertheless
    if (block.number().next() == tip_.next && block.hash() != tip_.last_hash) return fail(errc::corruption, where() + ": the block store has another one there");
    since_snapshot_ += size;
    return {};
  }
  if (block.number() != tip_.next) return fail(errc::corruption, where() + ": block " + std::to_string(tip_.next.value) + " should come next");
  if (block.header().previous_hash != tip_.last_hash) return fail(errc::corruption, where() + ": its previous hash is not that of the block before");
  if (!target_) {
    tip_.next = tip_.next.next();
    tip_.last_hash = block.hash();
    if (is_config_block(block)) tip_.last_config = block.number();
  }
  if (target_) fetch_to({e.at(), core_->members().config.state(), {block.number().value + 1, block.hash()}});
  else write({std::move(block), e.at(), core_->members().config.state(), size}, e.index);
  return {};
}

/// Cut off, or removed without having heard of it?
void raft_chain::count_leaderless_ticks() {
  leaderless_ticks_ = core_->soft().leader == raft::nobody ? leaderless_ticks_ + 1 : 0;
  if (options_.suspicion_ticks != 0 && leaderless_ticks_ > 0 && leaderless_ticks_ % options_.suspicion_ticks == 0) emit(chain_do::suspect_eviction{});
}

}  // namespace weft::cluster
