// The door of a node: Fabric's services and our own on the Unix socket `DIR/weft.sock`. architecture §4.15.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>

#include "config/base/result.hpp"

namespace caf {
class actor_system;
}
namespace weft::actors {
class node;
}

namespace weft::edge {

/// `<folder>/weft.sock`
[[nodiscard]] std::filesystem::path socket_path(const std::filesystem::path& folder);
/// What gRPC calls it.
[[nodiscard]] std::string socket_address(const std::filesystem::path& folder);
/// True if somebody answers on a Unix socket.
[[nodiscard]] bool answers(const std::filesystem::path& socket);
/// Whoever answers on a Unix socket also says something within that time, as a server of gRPC does unasked. The system takes connections for a
/// process that stands still.
[[nodiscard]] bool speaks(const std::filesystem::path& socket, std::chrono::milliseconds within);

/// Open from construction to close(). The node and the actor system outlive it. Used by one thread.
class door {
 public:
  /// Listens on the folder's socket with mode 0600. A socket that nobody answers on is removed first.
  /// `stop` is called (from a foreign thread) when a client asks the node to stop.
  /// Errors: `already_exists` when somebody answers there, `invalid_argument` for a path that does not fit a socket, `io`, `unavailable`.
  [[nodiscard]] static result<std::unique_ptr<door>> open(caf::actor_system& system, actors::node& node, const std::filesystem::path& folder,
                                                          std::function<void()> stop);
  virtual ~door() = default;
  /// False when the socket is no longer where it was put: somebody removed or replaced it, and no new client finds this door.
  [[nodiscard]] virtual bool reachable() const = 0;
  /// Takes no more calls, lets open ones finish for `grace`, removes the socket. Idempotent.
  virtual void close(std::chrono::milliseconds grace) = 0;
};

}  // namespace weft::edge
