// The REST server of configtxlator. It knows no network and no secret: whoever can reach the port may have messages translated, and no more.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "config/base/bytes.hpp"
#include "config/base/result.hpp"

namespace weft::edge::translator {

struct server_options {
  std::string hostname = "0.0.0.0";
  int port = 7059;                             ///< 0: any free one.
  std::vector<std::string> cors;               ///< Origins that browsers may come from; "*" for all.
  std::size_t body_bytes_max = 32 * MiB;       ///< A larger request is refused with 413. Config blocks are well below 1 MiB.
  std::size_t text_bytes_max = 256 * MiB;      ///< Of the JSON in an answer.
  std::size_t threads = 4;                     ///< Connections that are served at a time; one conversion runs at a time.
  std::size_t waiting_max = 64;                ///< Accepted connections that wait for a thread; further ones wait in the kernel.
  std::chrono::seconds read_timeout{5};        ///< Without a byte.
  std::chrono::seconds body_timeout{30};       ///< For a whole body.
};

/// Serves from `open` until it is closed or destroyed. Each connection carries one request.
class server {
 public:
  /// Binds and begins to serve. Errors: `io` with the reason that the system gives, such as "address already in use".
  [[nodiscard]] static result<std::unique_ptr<server>> open(server_options options);
  virtual ~server() = default;
  /// The port that was bound.
  [[nodiscard]] virtual int port() const noexcept = 0;
  /// Accepts nothing more and waits for requests in hand. False: some are not through after `grace` (a stranger who sends a byte now and then
  /// can keep a thread); the destructor would wait for them.
  [[nodiscard]] virtual bool close(std::chrono::milliseconds grace) = 0;
};

}  // namespace weft::edge::translator
