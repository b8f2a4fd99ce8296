// The operations service of a node, on a port of its own: health, version, metrics, log levels. It tells no secrets, but who reaches it can change what is
// logged, so it listens at a loopback address unless somebody says otherwise.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "edge/operations/answers.hpp"

namespace weft::edge::operations {

/// Serves from `open` until it is closed or destroyed.
class server {
 public:
  /// `address`: "127.0.0.1:9443"; port 0: any free one. Errors: `invalid_argument`, `io` with the reason that the system gives.
  [[nodiscard]] static result<std::unique_ptr<server>> open(const std::string& address, subject about);
  virtual ~server() = default;
  [[nodiscard]] virtual int port() const noexcept = 0;
  /// Accepts nothing more; false when requests are in hand after `grace`.
  [[nodiscard]] virtual bool close(std::chrono::milliseconds grace) = 0;
};

}  // namespace weft::edge::operations
