#include "tests/sim/orderer.hpp"

#include <algorithm>

#include "cluster/consenter/following.hpp"
#include "cluster/raft/describe.hpp"
#include "tests/sim/envelopes.hpp"
#include "tests/sim/world.hpp"

namespace weft::sim {

using namespace cluster;
using namespace std::chrono_literals;

namespace {

/// Fabric's consenter metadata travel with a fetched block; here the index of its entry alone.
ledger::block with_entry(const block_shelf::stored& s) {
  auto b = s.block;
  b.set_metadata(ledger::metadata_slot::orderer, std::to_string(s.entry));
  return b;
}

std::uint64_t entry_of(const chain_do::write_block& w) {
  if (w.index != 0) return w.index;
  const auto& text = w.block.metadata(ledger::metadata_slot::orderer);
  return text.empty() ? 0 : std::stoull(text);
}

}  // namespace

// ---- rules

config_admission short_rules::judge_again(const ledger::envelope& e) const {
  if (is_config(e)) {
    if (const auto c = read_config(e); !c || c->base != sequence()) return {{status_bad_request, "made for another configuration"}, {}};
  }
  return {{}, e};
}

result<std::optional<raft::conf_change>> short_rules::change_in(const ledger::envelope& config) const {
  WEFT_TRY(const auto c, read_config(config));
  if (c.base != sequence()) return fail(errc::conflict, "made for another configuration");
  if (c.changes.empty()) return std::nullopt;
  WEFT_TRY(auto changes, raft::parse_changes(c.changes));
  return raft::conf_change{raft::transition::automatic, std::move(changes), {}};
}

// ---- life

orderer::orderer(world& w, unsigned n, const orderer_options& o, faults::dice random)
    : number(n), log_disk(random.fork(1), w.disks()), block_disk(random.fork(2), w.disks()), world_(w), options_(o), random_(random.fork(3)), rules_(o.cut) {}
orderer::~orderer() = default;

void orderer::start() {
  if (up() || following_ || retired_) return;
  exists = true;
  ++life;
  if (const auto opened = open(); !opened) {
    chain_.reset();
    log_.reset();
    shelf_.reset();
    following_ = false;
    // A disk without space, or without power once more: later. Anything else should not have happened.
    if (opened.error().code != errc::io) return world_.promised().broken("node " + std::to_string(number) + " does not start: " + opened.error().context);
    world_.note(number, "does not start: its disk refuses");
    if (log_disk.off() || block_disk.off()) crash(true);
    return world_.restart_later(number);
  }
  world_.note(number, following_ ? "follows: height {}, log {} to {}" : "starts: height {}, log {} to {}", shelf_->height(), log_->first_index(), log_->last_index());
  if (following_) return world_.after(5ms, event::fetch(number, life));
  world_.schedule_tick(number);
  carry({});
  // As its shell does for the first consenter of a channel that nobody has led.
  if (up() && number == 1 && chain_->core().hard().term == 0) carry(chain_->campaign());
}

result<void> orderer::open() {
  WEFT_TRY(shelf_, block_shelf::open(block_disk.folder()));
  for (std::uint64_t n = 0; n < shelf_->height(); ++n) world_.promised().block(number, shelf_->at(n).block);
  WEFT_TRY(log_, raft::write_ahead_log::open(log_disk.folder(), options_.log));
  if (!log_->begun()) WEFT_CHECK(log_->begin(options_.first_members));
  world_.promised().recovered(number, *log_);
  if (const auto made = log_->latest_snapshot(); world_.looks_inside() && made && made->at.index != 0 && made->at.index == made_here_) {
    WEFT_TRY(const auto chain, chain_snapshot::decode(made->data));
    if (shelf_->height() < chain.height)
      world_.promised().broken("blocks that are on no disk: node " + std::to_string(number) + "'s log begins behind block " + std::to_string(chain.height - 1) +
                               ", and its store ends at height " + std::to_string(shelf_->height()));
  }
  rules_.follow(shelf_.get());
  following_ = !listed();
  if (!following_) return begin();
  auto start = shelf_->start();
  start.followed = log_->followed();
  if (const auto note = note_before_following(start, *log_)) WEFT_CHECK(log_->note_followed(*note));
  return {};
}

/// By the certificate that it has now.
bool orderer::listed() const {
  const auto& all = shelf_->configs();
  return !new_certificate_ || std::any_of(all.begin() + 1, all.end(), [&](std::uint64_t n) {
    const auto c = read_config(shelf_->at(n).block.envelopes().front());
    return c && c->changes == "u" + std::to_string(number);
  });
}

/// Takes part from here on, with the store as it is.
result<void> orderer::begin() {
  quiet_ticks_ = 0;
  auto start = shelf_->start();
  start.followed = log_->followed();
  if (const auto note = note_before_opening(start)) {
    WEFT_CHECK(shelf_->sync());
    WEFT_CHECK(log_->note_followed(*note));
    start.followed = log_->followed();
  }
  auto o = options_.chain;
  o.raft.id = number;
  WEFT_TRY(chain_, raft_chain::open(o, start, rules_, *log_, random_, world_.journal_of(number)));
  return {};
}

void orderer::crash(bool power) {
  if (!exists) return;
  world_.note(number, power ? "loses its power" : "is killed");
  world_.count_crash();
  // A write that was under way is done in part; the disk decides how much of it survives.
  if (power && up() && !log_jobs_.empty() && !log_disk.off() && random_.percent(70)) {
    log_disk.power_off_after(random_.below(4));
    static_cast<void>(do_log_job(log_jobs_.front()));
  }
  chain_.reset();
  log_.reset();
  shelf_.reset();
  log_jobs_.clear();
  block_jobs_.clear();
  fetch_from_ = fetch_until_ = 0;
  fetching_ = following_ = false;
  told_leader = 0;
  ++life;
  for (auto* d : {&log_disk, &block_disk}) power ? d->restart() : d->restart_process();
}

void orderer::stop(const std::string& why) {
  world_.say(number, "stops: " + why);
  crash(false);
  world_.restart_later(number);
}

void orderer::disk_failed(const error& e, const faults::disk& where) {
  if (!where.off()) return stop(e.context);
  crash(true);
  world_.restart_later(number);
}

// ---- events

void orderer::tick() {
  world_.schedule_tick(number);
  ++quiet_ticks_;
  carry(chain_->tick());
}
void orderer::arrives(raft::message m) {
  const auto& core = chain_->core();
  const auto kind = m.kind;
  const auto from = m.from;
  if (kind == raft::message_kind::vote || kind == raft::message_kind::pre_vote) {
    const bool leased = core.soft().leader != raft::nobody && core.soft().leader != core.id() && quiet_ticks_ < options_.chain.raft.election_ticks;
    world_.promised().asked_for_vote(number, m, leased && m.term > core.hard().term);
  }
  const bool heard = (kind == raft::message_kind::append || kind == raft::message_kind::heartbeat || kind == raft::message_kind::snapshot) && m.term >= core.hard().term;
  const auto done = chain_->step(std::move(m));
  if (heard && core.soft().leader == from) quiet_ticks_ = 0;
  carry(done);
}
void orderer::submit(ledger::envelope e, std::uint64_t ticket) { carry(chain_->submit(std::move(e), rules_.sequence(), ticket)); }
void orderer::fired(timer_id timer) { carry(chain_->fired(timer)); }
void orderer::idle() { carry({}); }
void orderer::disconnected(unsigned from) {
  quiet_ticks_ = options_.chain.raft.election_ticks;
  carry(chain_->disconnected(from));
}
void orderer::hand_over() { carry(chain_->hand_over()); }

/// Effects of one event, then, as a shell whose mailbox is empty, whatever an idle chain would cut.
void orderer::carry(const result<void>& done) {
  if (!done) {
    // Memory and disk may disagree. From outside nothing can cause it here.
    world_.promised().broken("node " + std::to_string(number) + " fails: " + done.error().context);
    return stop(done.error().context);
  }
  perform_all(chain_->take_effects());
  if (!up()) return;
  if (chain_->wants_idle()) {
    if (const auto cut = chain_->idle({}); !cut) return carry(cut);
    perform_all(chain_->take_effects());
    if (!up()) return;
  }
  world_.promised().look(number, chain_->core());
}

void orderer::perform_all(std::vector<chain_effect> effects) {
  for (auto& effect : effects) {
    std::visit([this](auto& e) { perform(e); }, effect);
    if (!up()) return;
  }
}

void orderer::perform(chain_do::send& e) {
  for (auto& m : e.messages) {
    world_.promised().sends(number, m);
    world_.send(number, std::move(m));
  }
}

void orderer::perform(chain_do::write_log& e) {
  world_.promised().appends(number, chain_->core(), e.entries);
  log_jobs_.emplace_back(std::move(e));
  if (log_jobs_.size() == 1) begin_log_job();
}

void orderer::perform(chain_do::compact_log& e) {
  if (e.made) made_here_ = e.made->at.index;
  log_jobs_.emplace_back(std::move(e));
  if (log_jobs_.size() == 1) begin_log_job();
}

void orderer::perform(chain_do::write_block& e) {
  block_jobs_.emplace_back(std::move(e));
  if (block_jobs_.size() == 1) begin_block_job();
}

void orderer::perform(chain_do::sync_blocks& e) {
  block_jobs_.emplace_back(e);
  if (block_jobs_.size() == 1) begin_block_job();
}

void orderer::perform(chain_do::fetch_blocks& e) {
  world_.note(number, "fetches blocks {} to {}", e.from, e.until - 1);
  fetch_from_ = e.from;
  fetch_until_ = e.until;
  if (!std::exchange(fetching_, true)) world_.after(5ms, event::fetch(number, life));
}

void orderer::perform(chain_do::answer& e) {
  world_.answer(number, e.ticket, e.what.status == status_success, e.what.info.c_str());
}

void orderer::perform(chain_do::leadership& e) {
  told_leader = e.now;
  if (e.as == raft::role::leader) world_.note(number, "leads term {}", chain_->core().hard().term);
  else world_.note(number, "leader {} -> {}, term {}", e.before, e.now, chain_->core().hard().term);
}

void orderer::perform(chain_do::suspect_eviction&) {
  if (!world_.knows_eviction(number)) return;
  world_.note(number, "learns that it was removed");
  retired_ = true;
  crash(false);
}

void orderer::perform(chain_do::retire&) {
  world_.note(number, "retires");
  retired_ = true;
  crash(false);
}

void orderer::perform(start_timer& e) { world_.after(clock.real(e.after), event::timer(number, life, e.timer.value)); }
void orderer::perform(look_again& e) { world_.after(clock.real(e.after), event::idle(number, life)); }

// ---- the log's writer

void orderer::begin_log_job() {
  std::size_t size = 64;
  unsigned syncs = 3;
  if (const auto* w = std::get_if<chain_do::write_log>(&log_jobs_.front())) {
    syncs = 1;
    for (const auto& e : w->entries) size += e.data.size();
  }
  world_.after(log_disk.time_for(size, syncs), event::log_done(number, life));
}

result<void> orderer::do_log_job(const log_job& job) {
  if (const auto* w = std::get_if<chain_do::write_log>(&job)) return log_->write({w->hard, w->restore, w->entries, true});
  const auto& c = std::get<chain_do::compact_log>(job);
  return log_->compact(c.made, c.keep_from > 0 ? c.keep_from - 1 : 0);
}

void orderer::log_done() {
  const auto job = std::move(log_jobs_.front());
  if (const auto done = do_log_job(job); !done) {
    log_jobs_.front() = job;  // in part it may be done
    if (done.error().code != errc::io) world_.promised().broken("node " + std::to_string(number) + "'s log: " + done.error().context);
    log_jobs_.clear();
    return disk_failed(done.error(), log_disk);
  }
  log_jobs_.pop_front();
  if (!log_jobs_.empty()) begin_log_job();
  const auto* w = std::get_if<chain_do::write_log>(&job);
  if (w == nullptr) return world_.count_snapshot(), world_.note(number, "compacted its log: {} to {}", log_->first_index(), log_->last_index());
  world_.promised().written(number, w->hard, w->restore, w->entries);
  if (w->restore) world_.note(number, "restored a snapshot at {}", w->restore->at.index);
  carry(chain_->log_written());
}

// ---- the blocks' writer

void orderer::begin_block_job() {
  const bool sync = std::holds_alternative<chain_do::sync_blocks>(block_jobs_.front());
  world_.after(sync ? block_disk.time_for(0, 1) : faults::instant(random_.between(100us, 900us)), event::block_done(number, life));
}

void orderer::block_done() {
  const auto job = std::move(block_jobs_.front());
  block_jobs_.pop_front();
  if (!block_jobs_.empty()) begin_block_job();
  if (const auto* w = std::get_if<chain_do::write_block>(&job)) {
    if (const auto done = shelf_->append(w->block, entry_of(*w)); !done) return disk_failed(done.error(), block_disk);
    if (world_.promised().block(number, w->block)) world_.new_block(w->block);
    world_.note(number, "writes block {}", w->block.number().value);
    return carry(chain_->block_written(w->block.number().value));
  }
  if (const auto done = shelf_->sync(); !done) return disk_failed(done.error(), block_disk);
  carry(chain_->blocks_synced());
}

/// Takes over the others' blocks until one of them lists this node.
void orderer::follow() {
  const auto* from = world_.reachable_store(number, shelf_->height());
  for (auto left = 8; from != nullptr && left > 0 && shelf_->height() < from->height(); --left) {
    const auto& b = from->at(shelf_->height());
    if (const auto done = shelf_->append(b.block, b.entry); !done) return disk_failed(done.error(), block_disk);
    world_.promised().block(number, b.block);
    world_.count_fetched();
  }
  if (!listed()) return world_.after(random_.between(2ms, 20ms), event::fetch(number, life));
  if (const auto done = begin(); !done) {
    if (done.error().code != errc::io) return world_.promised().broken("node " + std::to_string(number) + " does not take part again: " + done.error().context);
    return disk_failed(done.error(), log_disk.off() ? log_disk : block_disk);
  }
  following_ = false;
  world_.note(number, "takes part again: height {}, log {} to {}", shelf_->height(), log_->first_index(), log_->last_index());
  world_.schedule_tick(number);
  carry({});
}

/// From one of those that can be reached, a few blocks at a time.
void orderer::fetch() {
  if (following_) return follow();
  fetching_ = false;
  if (fetch_from_ >= fetch_until_) return;
  if (const auto* from = world_.reachable_store(number, fetch_from_)) {
    const auto until = std::min({fetch_until_, from->height(), fetch_from_ + 8});
    while (fetch_from_ < until) {
      // A new target sets fetch_from_ back; what comes then is of an earlier attempt.
      const auto n = fetch_from_++;
      carry(chain_->fetched(with_entry(from->at(n))));
      if (!up()) return;
      world_.count_fetched();
      if (fetch_from_ != n + 1) break;
    }
  }
  if (fetch_from_ < fetch_until_ && !std::exchange(fetching_, true)) world_.after(random_.between(2ms, 20ms), event::fetch(number, life));
}

std::string orderer::state() const {
  if (!exists) return "not there yet";
  if (retired_) return "removed";
  if (following_) return "follows, height:" + std::to_string(shelf_->height());
  if (!up()) return "down";
  const auto s = chain_->core().report();
  std::string out = raft::to_text(s.soft) + " " + raft::to_text(s.hard) + " applied:" + std::to_string(s.applied) + " last:" + std::to_string(s.last) +
                    " height:" + std::to_string(shelf_->height()) + " members:" + raft::to_text(s.members.config.state());
  if (frozen) out += " frozen";
  if (fetch_from_ < fetch_until_) out += " fetching " + std::to_string(fetch_from_) + ".." + std::to_string(fetch_until_);
  return out;
}

}  // namespace weft::sim
