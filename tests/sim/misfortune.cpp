// What the fault schedule does to this world, and how it heals.
#include <algorithm>
#include <limits>

#include "tests/sim/world.hpp"

namespace weft::sim {

using namespace cluster;
using namespace std::chrono_literals;
using faults::fault;
using faults::fault_kind;

namespace {

constexpr auto settles_within = 4000ms;  // 400 ticks from healing until everybody has everything
constexpr auto looks_every = 20ms;
constexpr instant ends_at = 5000ms;

template <class Do>
void each(std::uint64_t nodes, Do&& what) {
  for (unsigned n = 1; n < 64; ++n)
    if ((nodes >> n & 1) != 0) what(n);
}

}  // namespace

unsigned world::leading() const {
  unsigned best = 0;
  for (unsigned n = 1; n <= count_; ++n)
    if (nodes_[n]->leads() && (best == 0 || nodes_[n]->chain().core().hard().term > nodes_[best]->chain().core().hard().term)) best = n;
  return best;
}

/// One that exists and was not removed.
unsigned world::any_node() {
  for (;;) {
    const auto n = static_cast<unsigned>(random_.between(std::uint64_t{1}, std::uint64_t{count_}));
    if (n <= voters_ || nodes_[n]->exists) return n;
  }
}

void world::crash(unsigned n, bool power) {
  if (!node(n).exists || node(n).retired()) return;
  node(n).frozen = false;
  for (const auto& e : std::exchange(backlog_[n], {}))
    if (e.kind == event::what::arrival) static_cast<void>(net_->take(e.a));
  node(n).crash(power);
}

/// Those who can be told that a process died are told by its kernel.
void world::disconnect_from(unsigned n) {
  for (unsigned other = 1; other <= count_; ++other)
    if (other != n && node(other).up() && net_->links().connected(n, other)) time_.after(random_.between(200us, 2ms), event::disconnected(other, node(other).life, n));
}

void world::begins(fault& f) {
  if ((f.nodes & 1) != 0) {
    const auto l = leading();
    f.nodes = (f.nodes & ~std::uint64_t{1}) | std::uint64_t{1} << (l != 0 ? l : any_node());
  }
  say(0, "begins: " + faults::to_text(f));
  auto& quality = net_->links().quality();
  switch (f.kind) {
    case fault_kind::crash: each(f.nodes, [&](unsigned n) { crash(n, true); }); break;
    case fault_kind::crash_in_call: each(f.nodes, [&](unsigned n) { (f.amount % 3 != 0 ? node(n).log_disk : node(n).block_disk).power_off_after(f.amount); }); break;
    case fault_kind::kill:
      each(f.nodes, [&](unsigned n) {
        crash(n, false);
        disconnect_from(n);
      });
      break;
    case fault_kind::freeze: each(f.nodes, [&](unsigned n) { node(n).frozen = node(n).up(); }); break;
    case fault_kind::disk_full: each(f.nodes, [&](unsigned n) { (f.amount % 2 != 0 ? node(n).log_disk : node(n).block_disk).fill_up(f.amount); }); break;
    case fault_kind::slow_disk:
      each(f.nodes, [&](unsigned n) {
        node(n).log_disk.slow(f.amount);
        node(n).block_disk.slow(f.amount);
      });
      break;
    case fault_kind::split: net_->links().split(f.nodes); break;
    case fault_kind::mute: net_->links().mute(f.nodes); break;
    case fault_kind::slow_node: each(f.nodes, [&](unsigned n) { net_->links().slow(n, f.amount); }); break;
    case fault_kind::loss: quality.loss_per_mille = f.amount; break;
    case fault_kind::late: quality.late_per_mille = f.amount; break;
    case fault_kind::repeat: quality.duplicate_per_mille = f.amount; break;
    case fault_kind::clock_drift: each(f.nodes, [&](unsigned n) { node(n).clock.drift(time_.now(), (static_cast<std::int64_t>(f.amount) - 1000) * 1000); }); break;
  }
}

void world::ends(const fault& f) {
  say(0, "ends: " + faults::to_text(f));
  auto& quality = net_->links().quality();
  switch (f.kind) {
    case fault_kind::crash:
    case fault_kind::kill: each(f.nodes, [&](unsigned n) { if (node(n).exists) node(n).start(); }); break;
    case fault_kind::crash_in_call:
      each(f.nodes, [&](unsigned n) {
        for (auto* d : {&node(n).log_disk, &node(n).block_disk})
          if (!d->off()) d->power_off_after(std::numeric_limits<std::uint64_t>::max());
      });
      break;
    case fault_kind::freeze:
      each(f.nodes, [&](unsigned n) {
        node(n).frozen = false;
        for (const auto& e : std::exchange(backlog_[n], {})) time_.after(0ms, e);
      });
      break;
    case fault_kind::disk_full:
      each(f.nodes, [&](unsigned n) {
        node(n).log_disk.make_room();
        node(n).block_disk.make_room();
      });
      break;
    case fault_kind::slow_disk:
      each(f.nodes, [&](unsigned n) {
        node(n).log_disk.slow(1);
        node(n).block_disk.slow(1);
      });
      break;
    case fault_kind::split: net_->links().unsplit(f.nodes); break;
    case fault_kind::mute: net_->links().unmute(f.nodes); break;
    case fault_kind::slow_node: each(f.nodes, [&](unsigned n) { net_->links().slow(n, 1); }); break;
    case fault_kind::loss: quality.loss_per_mille = quality_.loss_per_mille; break;
    case fault_kind::late: quality.late_per_mille = quality_.late_per_mille; break;
    case fault_kind::repeat: quality.duplicate_per_mille = quality_.duplicate_per_mille; break;
    case fault_kind::clock_drift: each(f.nodes, [&](unsigned n) { node(n).clock.drift(time_.now(), 0); }); break;
  }
}

void world::heal() {
  for (const auto& f : faults_) ends(f);
  healed_ = true;
  healed_at_ = time_.now();
  net_->links().heal_all();
  for (unsigned n = 1; n <= count_; ++n)
    if (n <= voters_ || node(n).exists) node(n).start();
  note(0, "all is healed");
  time_.after(looks_every, event::of(event::what::look));
}

/// Every member has the whole chain.
bool world::all_equal() const {
  for (unsigned n = 1; n <= count_; ++n) {
    if (!member_[n]) continue;
    const auto& o = *nodes_[n];
    if (!o.up() || o.shelf()->height() != promises_.height()) return false;
  }
  return true;
}

void world::look() {
  const bool done = open_requests_ == 0 && promises_.nothing_missing() && all_equal() && std::all_of(changes_.begin(), changes_.end(), [](const auto& c) { return c.done; });
  if (done && figures_.settled_after == instant{}) figures_.settled_after = time_.now() - healed_at_;
  if (done && time_.now() >= ends_at) {
    over_ = true;
    return;
  }
  if (!done && time_.now() > healed_at_ + settles_within) {
    std::string open;
    for (std::size_t i = 0; i < clients_.size(); ++i)
      if (!clients_[i].done) open += " " + std::to_string(i);
    return promises_.broken("no progress: " + std::to_string(open_requests_) + " requests are open (" + open + " )" + (all_equal() ? "" : ", chains differ in length") + (promises_.nothing_missing() ? "" : ", something acknowledged is in no chain") +
                            (std::all_of(changes_.begin(), changes_.end(), [](const auto& c) { return c.done; }) ? "" : ", the change of the consenters was not made"));
  }
  time_.after(looks_every, event::of(event::what::look));
}

}  // namespace weft::sim
