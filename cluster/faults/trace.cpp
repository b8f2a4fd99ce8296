#include "cluster/faults/trace.hpp"

#include <algorithm>
#include <cstdio>

namespace weft::cluster::faults {

std::string trace::text() const {
  const auto kept = std::min<std::uint64_t>(count_, ring_.size());
  std::string out;
  if (count_ > kept) out = "... " + std::to_string(count_ - kept) + " earlier lines are left out\n";
  for (auto i = count_ - kept; i < count_; ++i) {
    const auto& r = ring_[static_cast<std::size_t>(i % ring_.size())];
    char head[64];
    if (r.node == 0) std::snprintf(head, sizeof head, "%11.6f s          ", static_cast<double>(r.at.count()) / 1e9);
    else std::snprintf(head, sizeof head, "%11.6f s  node %-2u ", static_cast<double>(r.at.count()) / 1e9, r.node);
    out += head;
    std::size_t value = 0;
    out += r.own;
    for (const char* c = r.own.empty() ? r.form : ""; *c != '\0'; ++c) {
      if (c[0] == '{' && c[1] == '}' && value < values_max) {
        r.values[value++].append_to(out);
        ++c;
      } else {
        out += *c;
      }
    }
    out += '\n';
  }
  return out;
}

}  // namespace weft::cluster::faults
