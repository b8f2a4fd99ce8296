#include "cluster/faults/network.hpp"

#include <algorithm>

#include "config/base/assert.hpp"

namespace weft::cluster::faults {

links::links(unsigned nodes, const link_quality& quality, dice random)
    : nodes_(nodes), quality_(quality), random_(random), cuts_((nodes + 1) * (nodes + 1)), slow_(nodes + 1, 1) {
  WEFT_ASSERT(nodes < 64, "islands are sets of at most 63 nodes");
}

instant links::delay(node_number from, node_number to) noexcept {
  const auto& q = quality_;
  const bool late = random_.per_mille(q.late_per_mille);
  const auto usual = late ? random_.between(q.delay_max, std::max(q.delay_max, q.late_max)) : random_.between(q.delay_min, q.delay_max);
  return usual * std::max(slow_[from], slow_[to]);
}

links::verdict links::judge(node_number from, node_number to) {
  verdict v;
  if (!connected(from, to) || random_.per_mille(quality_.loss_per_mille)) return v;
  v.copies = random_.per_mille(quality_.duplicate_per_mille) ? 2 : 1;
  for (unsigned i = 0; i < v.copies; ++i) v.delay[i] = delay(from, to);
  return v;
}

void links::heal(node_number from, node_number to) noexcept {
  auto& cuts = cuts_[place(from, to)];
  if (cuts > 0) --cuts;
}

void links::across(std::uint64_t island, bool cut_them, bool both_ways) noexcept {
  for (node_number a = 1; a <= nodes_; ++a) {
    if ((island >> a & 1) == 0) continue;
    for (node_number b = 1; b <= nodes_; ++b) {
      if ((island >> b & 1) != 0) continue;
      if (cut_them) cut(a, b); else heal(a, b);
      if (!both_ways) continue;
      if (cut_them) cut(b, a); else heal(b, a);
    }
  }
}

void links::heal_all() noexcept {
  std::fill(cuts_.begin(), cuts_.end(), 0u);
  std::fill(slow_.begin(), slow_.end(), 1u);
  quality_.loss_per_mille = quality_.duplicate_per_mille = quality_.late_per_mille = 0;
}

}  // namespace weft::cluster::faults
