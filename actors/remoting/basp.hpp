// What weft asks of CAF's middleman: BASP over sockets that are handed in, and nothing that listens.
#pragma once

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/node_id.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/remoting/descriptor.hpp"
#include "config/base/bytes.hpp"

namespace weft::actors::remoting {

/// Before the actor system is made: loads the middleman, registers what only remoting sends, heartbeats every 100 ms.
/// CAF's own connection timeout stays off: it counts whole frames, so that a large block on a slow line would look like a dead node, and it takes
/// a connection that waits for its first frame for one that was silent since 1970. The tunnel has heartbeats and
/// bounds of its own.
void prepare(caf::actor_system_config& config);

/// Right after the actor system was made: nobody spawns actors here or writes to CAF's shared configuration from afar.
void erase_named_servers(caf::actor_system& system);

/// How BASP writes a node's id.
[[nodiscard]] bytes mark_of(caf::actor_system& system, const caf::node_id& node);

}  // namespace weft::actors::remoting
