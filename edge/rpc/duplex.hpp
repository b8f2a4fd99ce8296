// A stream to a server that no thread waits for: events come on gRPC's threads. (client.hpp's streams block their caller.)
#pragma once

#include <memory>
#include <string>

#include "config/base/bytes.hpp"

namespace weft::edge {

/// What happens on a stream, told one at a time. Must not block.
class duplex_events {
 public:
  virtual ~duplex_events() = default;
  virtual void message(bytes content) = 0;
  virtual void ended(std::string why) = 0;  ///< Once; nothing follows. Also when the server was not reached.
};

/// Thread-safe, never blocks; calls on a stream that is over do nothing. Letting go of it closes it.
class duplex {
 public:
  virtual ~duplex() = default;
  /// Queues a message. When too much is queued, the stream ends.
  virtual void send(bytes message) = 0;
  /// Asks for the next message. The first is asked for by open_duplex.
  virtual void read() = 0;
  virtual void close(const std::string& why) = 0;
};

struct duplex_target {
  std::string address;                   ///< "host:port"
  bool tls = false;                      ///< The server's certificate must be for the host, from one of `roots_pem`.
  std::string roots_pem;
  std::string certificate_pem, key_pem;  ///< What the client shows; may be empty.
  std::size_t message_bytes_max = 100 * MiB;
  std::size_t queued_bytes_max = 200 * MiB;
};

/// Begins one attempt on a connection of its own: nothing is left of earlier attempts, so a server that is back is found at once.
[[nodiscard]] std::shared_ptr<duplex> open_duplex(const duplex_target& to, const std::string& method, std::shared_ptr<duplex_events> events);

}  // namespace weft::edge
