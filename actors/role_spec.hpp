// How a supervisor makes a role, again and again: everything durable is in what the spec captured.
#pragma once

#include <caf/all.hpp>
#include <functional>
#include <memory>
#include <string>

#include "actors/role.hpp"

namespace weft::actors {

/// A role's name in the directory, and what its CPU time is booked on.
struct seat {
  std::string name;
  std::shared_ptr<role_meter> meter;
};

struct role_spec {
  std::string name;
  std::function<caf::strong_actor_ptr(caf::actor_system&)> spawn;
};

/// A spec for a behaviour function `fn(self, args...)`. Its state must be complete here, so each role makes its own spec.
template <caf::spawn_options Options = caf::no_spawn_options, class Impl, class... Ps, class... As>
role_spec make_spec(seat s, typename Impl::behavior_type (*fn)(Impl*, Ps...), As... args) {
  auto spawn = [s, fn, args...](caf::actor_system& system) {
    auto handle = system.spawn<Options>([s, fn, args...](Impl* self) -> typename Impl::behavior_type {
      self->sit(s.name, s.meter);
      return fn(self, args...);
    });
    return caf::actor_cast<caf::strong_actor_ptr>(handle);
  };
  return {std::move(s.name), std::move(spawn)};
}

}  // namespace weft::actors
