// The services that a door offers, with the bridge actors that belong to them.
#pragma once

#include <initializer_list>

#include "edge/services.hpp"

namespace weft::edge {

/// Used by one thread. The actor system outlives it.
class equipment {
 public:
  using maker = equipped_service (*)(const door_context&);
  explicit equipment(caf::actor_system& system) : system_(system) {}
  ~equipment() { stop(); }
  equipment(const equipment&) = delete;
  equipment& operator=(const equipment&) = delete;
  /// Makes services and keeps their bridges.
  [[nodiscard]] std::vector<service> make(const door_context& context, std::initializer_list<maker> makers);
  /// Ends the bridges and waits for them; after the server has stopped. Idempotent.
  void stop();

 private:
  caf::actor_system& system_;
  std::vector<caf::strong_actor_ptr> bridges_;
};

}  // namespace weft::edge
