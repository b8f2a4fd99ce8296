// One client: its socket, its HTTP/2 session, its calls. Lives on a loop; everything here is for that thread.
#pragma once

#include <memory>
#include <unordered_map>

#include "edge/rpc/h2/exchange.hpp"
#include "edge/rpc/h2/limits.hpp"
#include "edge/rpc/h2/transport.hpp"

struct nghttp2_session;

namespace weft::edge::h2 {

class loop;

/// What the loops of a server share.
struct common {
  common(std::vector<service> services, limits l, std::shared_ptr<const tls_context> t) : methods(std::move(services)), bounds(l), tls(std::move(t)) {}
  const method_table methods;
  const limits bounds;
  const std::shared_ptr<const tls_context> tls;  ///< Null: in the clear.
  std::atomic<std::size_t> unread{0};            ///< Bytes of messages that have not ended.
};

class connection {
 public:
  connection(loop& home, common& with, int fd, time_point now);
  ~connection();
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  [[nodiscard]] int fd() const noexcept { return fd_; }
  /// To be destroyed at the end of the loop's round.
  [[nodiscard]] bool dead() const noexcept { return dead_; }
  [[nodiscard]] std::size_t calls() const noexcept { return exchanges_.size(); }

  void on_readable();
  /// Sends what there is to send, as far as the socket takes it.
  void flush();
  /// Deadlines of the connection itself; when the next one is.
  [[nodiscard]] time_point check(time_point now);
  /// Takes no new calls; dies when the last is over.
  void drain();
  /// Ends all calls with a status, tries to send that, and dies.
  void end_all(const actors::rpc_status& status);
  /// The call that holds most bytes of unfinished messages; null when none does.
  [[nodiscard]] exchange* largest() const;

  // For exchanges of this connection.
  void want(exchange& e);
  void write(exchange& e, bytes message);
  void end(exchange& e, const actors::rpc_status& status);
  /// Ends a call against its service's will.
  void fail_call(exchange& e, const actors::rpc_status& status);
  void deadline_passed(exchange& e);

 private:
  struct hooks;  ///< nghttp2's callbacks.
  void greet();
  void mark();
  void die() { dead_ = true; }
  void leave(std::uint32_t code, bytes_view why);
  void begin_call(std::int32_t id, bool body_over);
  void on_body(exchange& e, bytes_view piece);
  void on_body_over(exchange& e);
  void on_ping();
  void on_reset();
  void on_idle_frame();
  void pump(exchange& e);
  void count(exchange& e);
  void close_call(std::int32_t id);
  void release(exchange& e);
  void respond(exchange& e);
  void refuse(std::int32_t id, const actors::rpc_status& status);
  void refuse_http(std::int32_t id, int status);
  void submit_trailers(exchange& e);
  [[nodiscard]] long fill(exchange& e, std::uint8_t* to, std::size_t room, std::uint32_t* flags);
  [[nodiscard]] bool send_wire();
  void gather();

  loop& home_;
  common& with_;
  const int fd_;
  transport transport_;
  nghttp2_session* session_ = nullptr;
  request_head head_;                                ///< Of the headers that are coming: those of one call at a time.
  std::unordered_map<std::int32_t, std::shared_ptr<exchange>> exchanges_;
  std::shared_ptr<const std::string> client_certificate_;
  rate_guard resets_, idle_frames_;
  ping_guard pings_;
  std::size_t sent_ = 0;                             ///< Of transport_.wire().
  time_point begun_, heard_;
  std::optional<time_point> pinged_;
  bool greeted_ = false, draining_ = false, leaving_ = false, dead_ = false, dirty_ = false, blocked_ = false;
};

}  // namespace weft::edge::h2
