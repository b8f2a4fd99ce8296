#include "tests/unit/cluster/raft/world.hpp"

#include <algorithm>
#include <sstream>

#include "cluster/raft/describe.hpp"

namespace weft::cluster::raft::testing {

namespace {

constexpr log_index base = 1;  // every member begins behind a snapshot at this index

std::uint64_t mix(std::uint64_t digest, bytes_view data) {
  digest = (digest ^ 0x9e3779b97f4a7c15ULL) * 0x100000001b3ULL;
  for (const char c : data) digest = (digest ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return digest;
}

std::uint64_t of(const entry& e) { return mix(e.term * 31 + static_cast<std::uint64_t>(e.kind), e.data); }

}  // namespace

world::world(const plan& p) : plan_(p), random_(p.seed) {
  const unsigned voters = 3 + static_cast<unsigned>(random_.below(3));
  const unsigned spare = static_cast<unsigned>(random_.below(3));
  options_.election_ticks = 4 + static_cast<unsigned>(random_.below(8));
  options_.heartbeat_ticks = 1 + static_cast<unsigned>(random_.below(2));
  options_.pre_vote = chance(70);
  options_.check_quorum = chance(70);
  options_.step_down_on_removal = chance(50);
  const std::size_t sizes[] = {0, 40, 200, 1 * MiB};
  options_.message_bytes_max = sizes[random_.below(4)];
  options_.ready_bytes_max = sizes[random_.below(4)];
  options_.inflight_messages = chance(50) ? 1 + random_.below(4) : 256;
  options_.inflight_bytes = chance(30) ? std::max<std::size_t>(options_.message_bytes_max, 64) : 0;
  options_.uncommitted_bytes_max = chance(30) ? 100 : unlimited;
  loss_percent_ = static_cast<unsigned>(random_.below(20));
  // Campaigns that are ranked contest fewer terms: a mistake takes more seeds to show.
  options_.rank_campaigns = p.seed % 2 == 0 && p.planted == bug::none;
  island_.assign(voters + spare + 1, 0);

  auto first = std::make_shared<snapshot>();
  first->at = {1, base};
  for (node_id id = 1; id <= voters; ++id) first->members.voters.push_back(id);
  first->data = shared_bytes("0");
  for (node_id id = 1; id <= voters + spare; ++id) {
    nodes_.push_back(std::make_unique<node>());
    nodes_.back()->id = id;
    if (id <= voters) static_cast<void>(nodes_.back()->disk.restore(first));
    start(*nodes_.back());
  }
}

world::~world() = default;

/// The application's state is that of its newest snapshot; everything behind it is applied again.
void world::start(node& n) {
  const auto from = n.disk.latest_snapshot();
  n.members = from->members;
  n.applied = n.seen_commit = from->at.index;
  n.digest = from->empty() ? 0 : std::stoull(from->data.to_bytes());
  options o = options_;
  o.id = n.id;
  o.applied = n.applied;
  auto opened = core::open(o, n.disk, random_);
  if (!opened) return violated("node " + to_text(n.id) + " does not start: " + opened.error().context);
  n.running = std::move(*opened);
}

void world::crash(node& n) {
  if (!n.running) return;
  ++crashes_;
  n.running.reset();
  n.writing.reset();  // what was not on disk is gone, and so are the messages that waited for it
}

std::string world::run() {
  for (unsigned i = 0; i < plan_.steps && violation_.empty(); ++i) {
    one_step();
    check();
    if (i % 64 == 0) check_matching();
  }
  if (violation_.empty()) settle();
  check_matching();
  return violation_;
}

void world::one_step() {
  const auto dice = random_.below(1000);
  if (dice < 120) tick_some();
  else if (dice < 480) deliver_one();
  else if (dice < 700) begin_write(any());
  else if (dice < 920) end_write(any());
  else if (dice < 980) propose();
  else fault();
}

void world::tick_some() {
  // Clocks are skewed: a tick may pass at one node only.
  for (auto& n : nodes_)
    if (n->running && chance(80)) n->running->tick();
}

void world::deliver_one() {
  if (network_.empty()) return;
  // Any of the oldest: messages overtake each other.
  const auto at = random_.below(std::min<std::size_t>(network_.size(), 12));
  message m = network_[at];
  if (!chance(5)) network_.erase(network_.begin() + static_cast<std::ptrdiff_t>(at));  // else it will come again
  if (chance(loss_percent_) || !connected(m.from, m.to)) return;
  hand(std::move(m));
}

void world::hand(message&& m) {
  node& to = *nodes_[m.to - 1];
  if (!to.running) return;
  const std::string text = to_text(m);
  const auto done = to.running->step(std::move(m));
  if (!done && (done.error().code == errc::corruption || done.error().code == errc::invalid_argument || done.error().code == errc::io))
    violated(text + ": " + done.error().context);
}

void world::send(std::vector<message>::iterator from, std::vector<message>::iterator until) {
  for (; from != until; ++from)
    if (from->to <= nodes_.size()) network_.push_back(std::move(*from));
  if (network_.size() > 400) network_.erase(network_.begin(), network_.begin() + 100);
}

void world::begin_write(node& n) {
  if (!n.running || n.writing || !n.running->has_ready()) return;
  auto taken = n.running->take_ready();
  if (!taken) return violated("take_ready: " + taken.error().context);
  n.writing = std::move(*taken);
  const std::size_t early = plan_.planted == bug::answer_before_write ? n.writing->messages.size() : n.writing->before_sync;
  send(n.writing->messages.begin(), n.writing->messages.begin() + static_cast<std::ptrdiff_t>(early));
  n.writing->messages.erase(n.writing->messages.begin(), n.writing->messages.begin() + static_cast<std::ptrdiff_t>(early));
}

void world::end_write(node& n) {
  if (!n.running || !n.writing) return;
  ready todo = std::move(*n.writing);
  n.writing.reset();
  if (todo.hard) {
    auto hard = *todo.hard;
    if (plan_.planted == bug::vote_not_written) hard.vote = n.disk.hard().vote;
    // A commit index alone need not survive.
    if (todo.must_sync || chance(50)) n.disk.save(hard);
  }
  if (todo.restore) {
    if (const auto done = n.disk.restore(todo.restore); !done) violated("restore: " + done.error().context);
    n.members = todo.restore->members;
    n.applied = todo.restore->at.index;
    n.digest = std::stoull(todo.restore->data.to_bytes());
    if (const auto known = digests_.find(n.applied); known != digests_.end() && known->second != n.digest) violated("a snapshot differs from what was applied");
    ++snapshots_;
  }
  n.disk.append(todo.entries);
  send(todo.messages.begin(), todo.messages.end());
  apply(n, todo.committed);
  if (const auto done = n.running->advance(); !done) violated("advance: " + done.error().context);
}

void world::apply(node& n, const std::vector<entry>& committed) {
  for (const auto& e : committed) {
    if (e.index != n.applied + 1) violated("node " + to_text(n.id) + " applies " + std::to_string(e.index) + " after " + std::to_string(n.applied));
    n.applied = e.index;
    n.digest = mix(n.digest + of(e), "");
    const auto [known, first] = digests_.emplace(e.index, n.digest);
    if (!first && known->second != n.digest) violated("state-machine safety: node " + to_text(n.id) + " applies another entry at " + std::to_string(e.index));
    if (e.kind == entry_kind::normal) continue;
    const auto change = parse_conf_change(e);
    if (!change) return violated("a change cannot be read");
    // One that can no longer be applied is passed over by everybody alike.
    if (auto next = n.running->apply(*change)) n.members = std::move(*next), ++changes_;
  }
}

world::node* world::leader() {
  node* best = nullptr;
  for (auto& n : nodes_)
    if (n->running && n->running->leads() && (best == nullptr || n->running->hard().term > best->running->hard().term)) best = n.get();
  return best;
}

void world::propose() {
  node& n = any();
  if (!n.running) return;
  std::vector<shared_bytes> batch;
  for (auto left = 1 + random_.below(3); left > 0; --left) batch.emplace_back("p" + std::to_string(++proposals_) + bytes(random_.below(30), '.'));
  static_cast<void>(n.running->propose(std::move(batch)));
}

void world::change_membership(node& leader) {
  conf_change change;
  const auto& config = leader.running->members().config;
  if (!config.voters.joint() || chance(20)) {
    change.how = static_cast<transition>(random_.below(3));
    for (auto left = 1 + random_.below(3); left > 0; --left) {
      constexpr change_kind kinds[] = {change_kind::add_voter, change_kind::add_voter, change_kind::add_learner, change_kind::remove, change_kind::update};
      change.changes.push_back({kinds[random_.below(5)], 1 + random_.below(nodes_.size())});
    }
  }
  static_cast<void>(leader.running->propose(change));
}

void world::take_snapshot(node& n) {
  if (!n.running || n.applied <= n.disk.latest_snapshot()->at.index) return;
  conf_state members = n.members;
  if (plan_.planted == bug::snapshot_without_members && members.voters.size() > 1) members.voters.pop_back();
  if (!n.disk.make_snapshot(n.applied, std::move(members), shared_bytes(std::to_string(n.digest)))) return;
  const log_index upto = n.applied - random_.below(4);
  if (upto >= n.disk.first_index()) static_cast<void>(n.disk.compact(upto));
}

void world::fault() {
  node& n = any();
  switch (random_.below(9)) {
    case 0: crash(n); break;
    case 1:
    case 2:
      for (auto& down : nodes_)
        if (!down->running) { start(*down); break; }
      break;
    case 3: island_[n.id] ^= 1; break;
    case 4: std::fill(island_.begin(), island_.end(), 0); break;
    case 5: take_snapshot(n); break;
    case 6: if (node* l = leader()) change_membership(*l); break;
    case 7: if (n.running) n.running->transfer_leadership(1 + random_.below(nodes_.size())); break;
    case 8:
      if (n.running) {
        const node_id other = 1 + random_.below(nodes_.size());
        if (chance(50)) n.running->report_unreachable(other);
        else n.running->report_snapshot(other, chance(50));
      }
      break;
  }
}

void world::heal() {
  std::fill(island_.begin(), island_.end(), 0);
  loss_percent_ = 0;
  for (auto& n : nodes_)
    if (!n->running) start(*n);
}

/// Nothing fails any more: within a bounded number of ticks there is a leader, and what it is given is applied by all members.
void world::settle() {
  heal();
  std::uint64_t given = 0;
  for (unsigned round = 0; round < 60 * options_.election_ticks && violation_.empty(); ++round) {
    for (auto& n : nodes_) if (n->running) n->running->tick();
    for (unsigned i = 0; i < 30; ++i) {
      for (auto& n : nodes_) begin_write(*n), end_write(*n);
      for (auto& m : std::exchange(network_, {})) hand(std::move(m));
    }
    check();
    node* l = leader();
    if (l == nullptr) continue;
    const auto& config = l->running->members().config;
    if (config.voters.joint() && !config.auto_leave) static_cast<void>(l->running->propose(conf_change{}));
    if (l->running->members().nodes.count(l->id) == 0) { l->running->transfer_leadership(*config.voters.incoming.begin()); crash(*l); continue; }
    if (round % 20 == 10) {
      // As a transport does: a snapshot that is older than its receiver's membership is refused there; the next one is not.
      take_snapshot(*l);
      for (auto& n : nodes_) l->running->report_snapshot(n->id, false);
    }
    if (round % 20 != 19) continue;
    if (given != 0) {
      const bool all = std::all_of(nodes_.begin(), nodes_.end(), [&](const auto& n) {
        return l->running->members().nodes.count(n->id) == 0 || !n->running || n->applied >= given;
      });
      if (all && l->applied >= given) return;
    }
    if (l->running->propose(shared_bytes("last"))) given = l->running->log().last_index();
  }
  std::string states;
  for (auto& n : nodes_) {
    if (!n->running) continue;
    const auto s = n->running->report();
    std::ostringstream line;
    line << "\n  " << to_text(n->id) << ": " << to_text(s.soft) << ' ' << to_text(s.hard) << " applied:" << s.applied << " last:" << s.last << ' ' << s.members;
    states += line.str();
  }
  violated("no progress after everything healed" + states);
}

void world::check() {
  for (auto& n : nodes_) {
    if (!n->running) continue;
    const auto& log = n->running->log();
    for (log_index i = std::max(n->seen_commit + 1, log.first_index()); i <= log.committed(); ++i) {
      const auto [known, first] = truth_.emplace(i, truth{*log.term(i), 0});
      if (!first && known->second.term != *log.term(i)) violated("two entries are committed at " + std::to_string(i));
    }
    n->seen_commit = std::max(n->seen_commit, log.committed());
    highest_ = std::max(highest_, n->seen_commit);
    if (!n->running->leads()) continue;
    const auto [known, first] = leader_of_.emplace(n->running->hard().term, n->id);
    if (known->second != n->id) violated("election safety: nodes " + to_text(known->second) + " and " + to_text(n->id) + " lead term " + std::to_string(known->first));
    if (!first) continue;
    for (const auto& [index, what] : truth_)
      if (what.term < known->first && index >= log.first_index() && log.term(index) != what.term)
        violated("leader completeness: the leader of term " + std::to_string(known->first) + " lacks entry " + std::to_string(index));
  }
}

void world::check_matching() {
  for (auto& a : nodes_) {
    for (auto& b : nodes_) {
      if (a->id >= b->id || !a->running || !b->running) continue;
      const auto& x = a->running->log();
      const auto& y = b->running->log();
      const log_index from = std::max(x.first_index(), y.first_index());
      log_index top = std::min(x.last_index(), y.last_index());
      while (top >= from && x.term(top) != y.term(top)) --top;
      if (top < from) continue;
      const auto left = x.slice(from, top + 1, unlimited);
      const auto right = y.slice(from, top + 1, unlimited);
      if (!left || !right || *left != *right)
        violated("log matching: nodes " + to_text(a->id) + " and " + to_text(b->id) + " agree at " + std::to_string(top) + " and differ before");
    }
  }
}

}  // namespace weft::cluster::raft::testing
