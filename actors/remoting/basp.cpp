#include "actors/remoting/basp.hpp"

#include <caf/actor_registry.hpp>
#include <caf/binary_serializer.hpp>
#include <caf/io/middleman.hpp>

#include "actors/remoting/node_entry.hpp"

namespace weft::actors::remoting {

void prepare(caf::actor_system_config& config) {
  config.load<caf::io::middleman>();
  config.add_message_type<role_handle>("weft.role");
  config.set("middleman.heartbeat-interval", caf::timespan{std::chrono::milliseconds{100}});
  config.set("middleman.connection-timeout", caf::timespan{0});
  config.set("middleman.enable-automatic-connections", false);
}

void erase_named_servers(caf::actor_system& system) {
  system.registry().erase(caf::atom("SpawnServ"));
  system.registry().erase(caf::atom("ConfigServ"));
}

bytes mark_of(caf::actor_system& system, const caf::node_id& node) {
  std::vector<char> buffer;
  caf::binary_serializer out{system, buffer};
  auto copy = node;
  if (out(copy)) return {};
  return {buffer.begin(), buffer.end()};
}

}  // namespace weft::actors::remoting
