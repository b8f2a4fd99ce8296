// What lies between a socket and HTTP/2: TLS, or nothing. Knows no sockets: bytes of the wire go in and come out.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "edge/rpc/server.hpp"

struct ssl_st;
struct ssl_ctx_st;

namespace weft::edge::h2 {

/// Certificate, key and rules of one server; shared by its connections.
class tls_context {
 public:
  /// TLS 1.2 and 1.3; forward secrecy and authenticated encryption only; h2 by ALPN or no connection; no resumption, no renegotiation.
  /// Errors: `invalid_argument`.
  [[nodiscard]] static result<std::shared_ptr<const tls_context>> make(const server_tls& tls);
  ~tls_context();
  tls_context(const tls_context&) = delete;
  tls_context& operator=(const tls_context&) = delete;
  [[nodiscard]] ssl_ctx_st* get() const noexcept { return context_; }

 private:
  explicit tls_context(ssl_ctx_st* context) : context_(context) {}
  ssl_ctx_st* context_;
};

/// One connection's end. Used by one thread.
class transport {
 public:
  /// Takes plain bytes, which live as long as the call; false: no more.
  using sink = std::function<bool(bytes_view)>;

  /// Without `tls` bytes pass as they are. Errors of OpenSSL's memory end in a transport that takes nothing.
  explicit transport(std::shared_ptr<const tls_context> tls);
  ~transport();
  transport(const transport&) = delete;
  transport& operator=(const transport&) = delete;

  /// What came from the wire. Calls `ready` once, when the handshake is over, before any plain bytes. False: the connection is over; what is in
  /// wire() (an alert) may still be sent.
  [[nodiscard]] bool receive(bytes_view wire, const std::function<void()>& ready, const sink& plain);
  /// Only after `ready`. False: the connection is over.
  [[nodiscard]] bool send(bytes_view plain);
  /// Says goodbye, if there was a handshake.
  void close();
  /// Bytes for the wire; who sends them takes them out.
  [[nodiscard]] bytes& wire() noexcept { return out_; }
  /// What the client has shown, as PEM, if this port asks for it.
  [[nodiscard]] std::string client_certificate() const;

 private:
  struct hooks;
  [[nodiscard]] bool shake_hands(const std::function<void()>& ready);

  std::shared_ptr<const tls_context> context_;
  ssl_st* ssl_ = nullptr;
  bool established_ = false, broken_ = false;
  bytes_view in_;  ///< Of the call of receive() that is running.
  bytes out_;
};

}  // namespace weft::edge::h2
