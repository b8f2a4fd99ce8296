#include "edge/equipment.hpp"

#include <caf/scoped_actor.hpp>

namespace weft::edge {

std::vector<service> equipment::make(const door_context& context, std::initializer_list<maker> makers) {
  std::vector<service> out;
  for (const auto make_one : makers) {
    auto equipped = make_one(context);
    bridges_.insert(bridges_.end(), equipped.bridges.begin(), equipped.bridges.end());
    out.push_back(std::move(equipped.service));
  }
  return out;
}

/// A role listens to named actors only.
void equipment::stop() {
  if (bridges_.empty()) return;
  caf::scoped_actor self{system_};
  for (const auto& b : bridges_) self->send_exit(caf::actor_cast<caf::actor>(b), caf::exit_reason::user_shutdown);
  for (const auto& b : bridges_) self->wait_for(caf::actor_cast<caf::actor>(b));
  bridges_.clear();
}

}  // namespace weft::edge
