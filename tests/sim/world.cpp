#include "tests/sim/world.hpp"

#include "tests/sim/envelopes.hpp"

namespace weft::sim {

using namespace cluster;
using namespace std::chrono_literals;

namespace {

constexpr auto tick_length = 10ms;
constexpr std::uint32_t requests = 200, requests_after_healing = 6;
constexpr unsigned faults_per_run = 5;
constexpr instant heals_at = 4300ms;

}  // namespace

struct world::node_journal final : raft::journal {
  node_journal(world& w, unsigned n) : where(w), number(n) {}
  bool wants(raft::severity) const noexcept override { return true; }
  void write(raft::severity, std::string_view line) override { where.say(number, std::string(line)); }
  world& where;
  unsigned number;
};

world::world(const run_options& o) : asked_(o), random_(o.seed), trace_(o.verbose ? 1'000'000 : 300), promises_(16, o.inside) {
  voters_ = static_cast<unsigned>(random_.between(std::uint64_t{3}, std::uint64_t{7}));
  draw_options();
  plan();
}
world::~world() = default;

raft::journal& world::journal_of(unsigned n) {
  if (!asked_.verbose) return raft::journal::none();
  return *journals_[n];
}

/// The whole range, silly corners included.
void world::draw_options() {
  auto r = random_.fork(1);
  const auto one_of = [&](auto... values) {
    const std::size_t all[] = {static_cast<std::size_t>(values)...};
    return r.pick(all);
  };
  auto& c = options_.chain;
  c.raft.election_ticks = 10;
  c.raft.heartbeat_ticks = 2;
  c.raft.check_quorum = c.raft.pre_vote = true;
  c.raft.forward_proposals = false;
  c.raft.message_bytes_max = one_of(0, 600, 4000, 1 * MiB);
  c.raft.ready_bytes_max = one_of(0, 2000, raft::unlimited);
  c.raft.uncommitted_bytes_max = one_of(2000, raft::unlimited, raft::unlimited);
  c.raft.inflight_messages = one_of(1, 4, 256);
  c.blocks_in_flight_max = one_of(1, 3, 5, 8);
  c.snapshot_bytes = one_of(500, 3000, 3000, 10000, 10000, 30000, 16 * MiB);
  c.entries_kept = r.below(20);
  c.write_queue_max = one_of(1, 4, 64);
  c.suspicion_ticks = static_cast<unsigned>(r.between(std::uint64_t{30}, std::uint64_t{100}));
  options_.log.segment_bytes = one_of(1000, 5000, 64 * KiB);
  options_.log.cache_bytes = one_of(0, 1000, 8 * MiB);
  options_.cut.max_message_count = one_of(1, 3, 10, 50);
  options_.cut.preferred_max_bytes = one_of(300, 3000, 2 * MiB);
  options_.cut.timeout = std::chrono::milliseconds(one_of(5, 20, 60));
  options_.cut.cut_when_idle = r.percent(60);
  quality_.loss_per_mille = static_cast<unsigned>(one_of(0, 0, 5, 30));
  quality_.duplicate_per_mille = static_cast<unsigned>(one_of(0, 5, 30));
  quality_.late_per_mille = static_cast<unsigned>(one_of(0, 5, 30));
  disk_speed_.sync_max = instant(static_cast<std::int64_t>(one_of(300'000, 2'000'000, 6'000'000)));
}

void world::plan() {
  auto r = random_.fork(2), order = random_.fork(4);
  // One change of the consenters, sometimes two that meet.
  for (auto left = r.percent(25) ? 2 : 1; left > 0; --left) {
    planned_change c;
    c.adds = voters_ < 7 && (voters_ == 3 || r.percent(50));
    c.rotates = !c.adds && r.percent(15);
    c.files_first = c.rotates && order.percent(70);
    c.learns_first = c.adds && r.percent(30);
    changes_.push_back(c);
  }
  count_ = voters_;
  for (auto& c : changes_)
    if (c.adds) c.node = ++count_;
  net_ = std::make_unique<faults::network<packet>>(count_, quality_, random_.fork(3));
  for (unsigned n = 1; n <= voters_; ++n) options_.first_members.voters.push_back(n);
  member_.assign(count_ + 1, false);
  nodes_.resize(count_ + 1);
  backlog_.resize(count_ + 1);
  journals_.resize(count_ + 1);
  for (unsigned n = 1; n <= count_; ++n) {
    member_[n] = n <= voters_;
    nodes_[n] = std::make_unique<orderer>(*this, n, options_, random_.fork(100 + n));
    if (asked_.verbose) journals_[n] = std::make_unique<node_journal>(*this, n);
    nodes_[n]->clock = faults::skewed_clock(static_cast<std::int64_t>(r.below(100'000)) - 50'000, instant(static_cast<std::int64_t>(r.below(1'000'000'000))));
  }
  was_member_ = member_;

  clients_.resize(requests);
  open_requests_ = requests;
  // One by one, or in bursts.
  std::vector<instant> bursts(r.percent(50) ? 30 : 0);
  for (auto& b : bursts) b = r.between(50ms, heals_at);
  for (std::uint32_t i = 0; i < requests; ++i) {
    const auto at = i >= requests - requests_after_healing ? r.between(heals_at + 100ms, heals_at + 400ms)
                    : bursts.empty()                        ? r.between(50ms, heals_at)
                                                            : r.pick(bursts) + r.between(0ms, 2ms);
    time_.at(at, event::of(event::what::retry, i, 0));
  }
  for (std::uint32_t i = 0; i < changes_.size(); ++i) time_.at(r.between(400ms, 3500ms), event::of(event::what::admin, i));
  if (r.percent(35)) time_.at(r.between(500ms, 4000ms), event::of(event::what::hand_over));

  faults::schedule_shape shape;
  shape.nodes = count_;
  shape.faults = faults_per_run;
  shape.from = 150ms;
  shape.until = heals_at;
  faults_ = faults::draw_schedule(shape, r);
  for (std::uint32_t i = 0; i < faults_.size(); ++i) {
    time_.at(faults_[i].at, event::of(event::what::fault_begins, i));
    time_.at(faults_[i].at + faults_[i].lasts, event::of(event::what::fault_ends, i));
  }
  time_.at(heals_at, event::of(event::what::heal));
  for (unsigned n = 1; n <= voters_; ++n) time_.at(r.between(0ms, 20ms), event::of(event::what::restart, n));
}

const std::string& world::run() {
  while (!over_ && promises_.first_broken().empty() && !time_.empty()) {
    ++figures_.events;
    happen(time_.pop());
  }
  if (promises_.first_broken().empty()) promises_.close();
  figures_.ended = time_.now();
  return promises_.first_broken();
}

void world::happen(const event& e) {
  using what = event::what;
  switch (e.kind) {
    case what::arrival: arrival(e); break;
    case what::request: asked(e.node, e.b, false); break;
    case what::reply: replied(e.a, static_cast<std::uint32_t>(e.b >> 1), (e.b & 1) != 0); break;
    case what::retry:
      if (!clients_[e.a].done && clients_[e.a].attempts == e.b) ask(e.a);
      break;
    case what::admin: administer(changes_[e.a], e.a); break;
    case what::fault_begins: begins(faults_[e.a]); break;
    case what::fault_ends:
      if (!healed_) ends(faults_[e.a]);
      break;
    case what::restart: node(e.a).start(); break;
    case what::hand_over:
      if (const auto l = leading(); l != 0 && !node(l).frozen) note(l, "hands leadership over"), node(l).hand_over();
      break;
    case what::heal: heal(); break;
    case what::look: look(); break;
    default: at_node(e); break;
  }
}

void world::arrival(const event& e) {
  const auto to = net_->destination(e.a);
  if (node(to).frozen && backlog_[to].size() < 500) {  // in the kernel's buffers
    backlog_[to].push_back(e);
    return;
  }
  auto d = net_->take(e.a);
  if (!d || !node(to).up() || node(to).frozen) return;
  if (d->content.forwarded) asked(to, d->content.ticket, true);
  else node(to).arrives(std::move(d->content.raft));
}

void world::at_node(const event& e) {
  auto& n = node(e.node);
  if (n.life != e.life || !(n.up() || n.follows())) return;
  if (n.frozen) {
    backlog_[e.node].push_back(e);
    return;
  }
  switch (e.kind) {
    case event::what::tick: n.tick(); break;
    case event::what::log_done: n.log_done(); break;
    case event::what::block_done: n.block_done(); break;
    case event::what::fetch: n.fetch(); break;
    case event::what::timer: n.fired(timer_id{e.b}); break;
    case event::what::idle: n.idle(); break;
    case event::what::disconnected: n.disconnected(e.a); break;
    default: break;
  }
}

// ---- for orderers

void world::schedule_tick(unsigned n) { time_.after(node(n).clock.real(tick_length), event::tick(n, node(n).life)); }

void world::restart_later(unsigned n) { time_.after(random_.between(30ms, 300ms), event::of(event::what::restart, n)); }

void world::send(unsigned from, raft::message&& m) {
  if (m.to > count_) return;
  const auto to = static_cast<unsigned>(m.to);
  net_->send(from, to, packet{std::move(m), 0, false}, [&](instant delay, auto parcel) { time_.after(delay, event::of(event::what::arrival, parcel)); });
}

const block_shelf* world::reachable_store(unsigned n, std::uint64_t from) {
  const auto first = random_.below(count_);
  for (unsigned i = 0; i < count_; ++i) {
    const auto other = static_cast<unsigned>((first + i) % count_ + 1);
    const auto& o = node(other);
    if (other == n || !o.up() || o.frozen || o.shelf()->height() <= from) continue;
    if (net_->links().connected(n, other) && net_->links().connected(other, n)) return o.shelf();
  }
  return nullptr;
}

bool world::knows_eviction(unsigned n) {
  if (member_[n] || !was_member_[n]) return false;
  const auto* store = reachable_store(n, 0);
  return store != nullptr && store->config_sequence() == configs_;
}

void world::new_block(const ledger::block& b) {
  if (b.number().value == 0 || !is_config_block(b)) return;
  ++configs_;
  const auto c = read_config(b.envelopes().front());
  if (!c) return promises_.broken("a config block cannot be read");
  for (auto& planned : changes_)
    if (!planned.done && planned.attempts > 0 && text_of(planned) == c->changes) {
      planned.done = !std::exchange(planned.learns_first, false);
      break;
    }
  const auto changes = raft::parse_changes(c->changes);
  for (const auto& change : *changes) {
    const auto who = static_cast<std::size_t>(change.node);
    if (change.kind == raft::change_kind::add_voter || change.kind == raft::change_kind::add_learner) member_[who] = was_member_[who] = true;
    if (change.kind == raft::change_kind::remove) member_[who] = false;
  }
  ++figures_.config_changes;
  say(0, "block " + std::to_string(b.number().value) + " changes the consenters: " + c->changes);
}

run_figures world::figures() const {
  auto f = figures_;
  f.leaders = promises_.leaders();
  f.entries = promises_.entries_committed();
  f.blocks = promises_.height();
  f.messages = net_->sent();
  f.lost = net_->lost();
  return f;
}

std::string world::story() const {
  std::string out = "seed " + std::to_string(asked_.seed) + ": " + std::to_string(voters_) + " consenters";
  for (const auto& c : changes_) out += std::string(", ") + (c.adds ? "one is added" : c.files_first ? "one rotates, files first" : c.rotates ? "one rotates" : "one is removed");
  out += "; blocks of at most " + std::to_string(options_.cut.max_message_count) + ", snapshot every " + std::to_string(options_.chain.snapshot_bytes) + " bytes, " +
         std::to_string(options_.chain.entries_kept) + " entries kept, " + std::to_string(options_.chain.blocks_in_flight_max) + " blocks in flight\n";
  for (const auto& f : faults_) out += "  " + faults::to_text(f) + "\n";
  out += trace_.text();
  for (unsigned n = 1; n <= count_; ++n) out += "  node " + std::to_string(n) + ": " + nodes_[n]->state() + "\n";
  return out;
}

}  // namespace weft::sim
