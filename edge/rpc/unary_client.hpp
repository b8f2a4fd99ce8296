// A client whose calls do not block: for actors that ask other people's servers.
#pragma once

#include <functional>

#include "edge/rpc/client.hpp"

namespace weft::edge {

/// A connection, made on first use. Thread-safe. Its end cancels what is open, and waits until every `done` has returned: never from within one.
class unary_client {
 public:
  /// As rpc_client::connect.
  [[nodiscard]] static std::shared_ptr<unary_client> connect(const std::string& address, const std::optional<client_tls>& tls = {});
  virtual ~unary_client() = default;
  /// `done` is called once, from gRPC's threads: with the answer, or why there is none, after `timeout` at the latest. It must not block.
  virtual void call(const std::string& method, bytes request, std::chrono::milliseconds timeout, std::function<void(call_answer)> done) = 0;
};

}  // namespace weft::edge
