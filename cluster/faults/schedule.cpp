#include "cluster/faults/schedule.hpp"

#include <algorithm>
#include <cstdio>
#include <numeric>

#include "config/base/assert.hpp"

namespace weft::cluster::faults {

namespace {

fault_kind draw_kind(const schedule_shape& shape, dice& random) {
  const unsigned sum = std::accumulate(shape.weights.begin(), shape.weights.end(), 0u);
  WEFT_ASSERT(sum > 0, "no kind of fault is allowed");
  auto left = random.below(sum);
  std::size_t kind = 0;
  while (left >= shape.weights[kind]) left -= shape.weights[kind++];
  return static_cast<fault_kind>(kind);
}

unsigned draw_amount(fault_kind kind, dice& random) {
  switch (kind) {
    case fault_kind::crash_in_call: return static_cast<unsigned>(random.below(24));
    case fault_kind::disk_full: return static_cast<unsigned>(random.below(4096));
    case fault_kind::slow_disk:
    case fault_kind::slow_node: return static_cast<unsigned>(random.between(std::uint64_t{2}, std::uint64_t{30}));
    case fault_kind::loss:
    case fault_kind::late:
    case fault_kind::repeat: return static_cast<unsigned>(random.between(std::uint64_t{50}, std::uint64_t{500}));
    case fault_kind::clock_drift: return static_cast<unsigned>(random.percent(50) ? random.between(std::uint64_t{300}, std::uint64_t{800}) : random.between(std::uint64_t{1200}, std::uint64_t{3000}));
    default: return 0;
  }
}

/// Some of them: neither none nor all. The leader is among them as often as it is hit alone elsewhere.
std::uint64_t draw_island(const schedule_shape& shape, dice& random) {
  const auto all = ((std::uint64_t{1} << (shape.nodes + 1)) - 1) & ~std::uint64_t{1};
  std::uint64_t island = 0;
  for (;;) {
    island = random.next() & all;
    if (random.percent(40)) island = std::uint64_t{2} << random.below(shape.nodes);  // one alone: what happens most
    if (island != 0 && island != all) break;
  }
  return random.percent(shape.leader_percent) ? island | 1 : island;
}

const char* name_of(fault_kind kind) {
  constexpr const char* names[fault_kinds] = {"crash",  "crash within a write", "kill",         "freeze",        "full disk",     "slow disk",  "split",
                                              "mute",   "slow messages",        "loss",         "late messages", "repeated ones", "clock drift"};
  return names[static_cast<std::size_t>(kind)];
}

}  // namespace

std::vector<fault> draw_schedule(const schedule_shape& shape, dice& random) {
  WEFT_ASSERT(shape.nodes >= 2 && shape.from < shape.until, "a schedule needs two nodes and some time");
  std::vector<fault> out(shape.faults);
  for (auto& f : out) {
    f.kind = draw_kind(shape, random);
    f.at = random.between(shape.from, shape.until);
    // As many short ones as long ones: half of them last less than an eighth of what is allowed.
    const auto longest = random.percent(50) ? shape.lasts_max / 8 : shape.lasts_max;
    f.lasts = std::min(random.between(instant{1'000'000}, longest), shape.until - f.at);
    f.amount = draw_amount(f.kind, random);
    if (f.kind == fault_kind::split || f.kind == fault_kind::mute) f.nodes = draw_island(shape, random);
    else f.nodes = random.percent(shape.leader_percent) ? 1 : std::uint64_t{2} << random.below(shape.nodes);
  }
  std::stable_sort(out.begin(), out.end(), [](const fault& a, const fault& b) { return a.at < b.at; });
  return out;
}

std::string to_text(const fault& f) {
  std::string who;
  if ((f.nodes & 1) != 0) who += " leader";
  for (unsigned n = 1; n < 64; ++n)
    if ((f.nodes >> n & 1) != 0) who += " " + std::to_string(n);
  char times[64];
  std::snprintf(times, sizeof times, " from %.3f s for %.3f s", static_cast<double>(f.at.count()) / 1e9, static_cast<double>(f.lasts.count()) / 1e9);
  return std::string(name_of(f.kind)) + " (" + std::to_string(f.amount) + ") of" + who + times;
}

}  // namespace weft::cluster::faults
