// Inside edge/: an HTTP server of cpp-httplib with our bounds around it. Includes the library, so it is for .cpp files only.
#pragma once

#include <httplib.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "config/base/result.hpp"

namespace weft::edge::http {

struct listener_options {
  std::string hostname = "127.0.0.1";
  int port = 0;                          ///< 0: any free one.
  std::size_t threads = 4;               ///< Connections that are served at a time.
  std::size_t waiting_max = 64;          ///< Accepted connections that wait for a thread; further ones wait in the kernel.
  std::chrono::seconds read_timeout{5};  ///< Without a byte, either way.
};

/// Listens from start() until it is closed or destroyed. Each connection carries one request: a body that was refused unread is never taken for the
/// next one. Used by one thread; handlers run on the listener's own.
class listener {
 public:
  explicit listener(listener_options options);
  ~listener();
  listener(const listener&) = delete;
  listener& operator=(const listener&) = delete;
  /// To add handlers, before start().
  [[nodiscard]] httplib::Server& routes() noexcept { return http_; }
  /// Errors: `io` with the reason that the system gives, such as "Address already in use".
  [[nodiscard]] result<void> start();
  /// The port that was bound.
  [[nodiscard]] int port() const noexcept { return port_; }
  /// True once close() has begun: for handlers that take their time.
  [[nodiscard]] const std::atomic<bool>& stopping() const noexcept { return stopping_; }
  /// Accepts nothing more and waits for requests in hand. False: some are not through after `grace` (a stranger who sends a byte now and then
  /// can keep a thread); the destructor would wait for them.
  [[nodiscard]] bool close(std::chrono::milliseconds grace);

 private:
  void stop();

  listener_options options_;
  socket_t listening_ = INVALID_SOCKET;
  httplib::Server http_;
  int port_ = -1;
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  std::condition_variable end_;
  bool ended_ = false;
  std::thread thread_;
};

}  // namespace weft::edge::http
