#include "actors/site.hpp"

#include <algorithm>

namespace weft::actors {

std::size_t consensus_view::reachable() const noexcept {
  return static_cast<std::size_t>(std::count_if(members.begin(), members.end(), [](const member& m) { return m.reachable; }));
}

std::string consensus_view::leader_name() const {
  const auto found = std::find_if(members.begin(), members.end(), [&](const member& m) { return m.id == leader && leader != 0; });
  return found == members.end() ? std::string{} : found->name;
}

std::string consensus_view::why() const {
  if (leader != 0) return {};
  const auto have = reachable();
  if (have >= needed()) return "an election is under way";
  return std::to_string(have) + " of " + std::to_string(members.size()) + " consenters reachable, " + std::to_string(needed()) + " needed";
}

}  // namespace weft::actors
