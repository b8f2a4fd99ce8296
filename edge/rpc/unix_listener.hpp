// Accepts connections on a Unix socket and hands them on. gRPC's own listener is gone for good when no descriptor was left to accept with, and a
// server that lets clients take every descriptor cannot open its ledger's files any more. This one waits instead, and keeps a reserve back.
#pragma once

#include <atomic>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <thread>

#include "config/base/result.hpp"

namespace weft::edge {

/// How many descriptors stay free for everything that is no connection, of `limit` that the process may have: a quarter, at least 64, at most 256.
[[nodiscard]] std::size_t descriptors_reserved(std::size_t limit) noexcept;

/// Listens from start() to stop(), on a thread of its own. Construction and stop by one thread.
class unix_listener {
 public:
  using taker = std::function<void(int fd)>;  ///< Called on the listener's thread; owns the connected, non-blocking descriptor.

  /// Makes the socket. A connection that would take from the reserve is closed at once. Errors: `io`.
  [[nodiscard]] static result<std::unique_ptr<unix_listener>> start(const std::filesystem::path& socket, taker take);
  ~unix_listener() { stop(); }
  unix_listener(const unix_listener&) = delete;
  unix_listener& operator=(const unix_listener&) = delete;

  /// Takes no more; returns when `take` will not be called again. The socket's file stays. Idempotent.
  void stop();
  /// Connections that were closed because of the reserve.
  [[nodiscard]] std::size_t turned_away() const noexcept { return turned_away_; }

 private:
  unix_listener(int listening, int bell, taker take) : listening_(listening), bell_(bell), take_(std::move(take)) {}
  void run();
  void accept_one();
  /// Until there is something to accept; false when told to stop.
  [[nodiscard]] bool wait(bool for_connections, int timeout_ms) const;

  int listening_, bell_;
  taker take_;
  std::atomic<std::size_t> turned_away_{0};
  bool crowded_ = false;  ///< The last connection was turned away: said once in the log, not a thousand times.
  std::thread thread_;
};

}  // namespace weft::edge
