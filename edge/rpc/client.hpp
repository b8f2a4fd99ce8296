// The client's side of a door: calls by path, messages as bytes. For the command, for tests, and for whoever drives a node from outside.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "actors/messages.hpp"
#include "config/base/bytes.hpp"

namespace weft::edge {

/// What goes with a call.
struct call_options {
  std::optional<std::chrono::milliseconds> timeout;   ///< Nothing: waits as long as the server does.
  std::map<std::string, std::string> metadata;
};

/// What came back: a message, or why not.
struct call_answer {
  actors::rpc_status status;
  bytes response;
};

/// A stream to a server, read and written by one thread; calls block.
class client_stream {
 public:
  virtual ~client_stream() = default;
  virtual bool write(bytes message) = 0;
  virtual bool half_close() = 0;
  /// Nothing at the end; `status` then tells how it ended.
  [[nodiscard]] virtual std::optional<bytes> read() = 0;
  [[nodiscard]] virtual actors::rpc_status status() = 0;
  virtual void cancel() = 0;
};

/// How a client knows a server on a TCP port, and shows who it is.
struct client_tls {
  std::string roots_pem;                 ///< Who may have issued the server's certificate.
  std::string certificate_pem, key_pem;  ///< Its own; empty: it shows none.
  std::string name;                      ///< Expected in the server's certificate, where that is not the address's host.
};

/// A connection, made on first use. Thread-safe.
class rpc_client {
 public:
  /// "unix:/path", "localhost:7051". Without `tls` in the clear.
  [[nodiscard]] static std::shared_ptr<rpc_client> connect(const std::string& address, const std::optional<client_tls>& tls = {});
  virtual ~rpc_client() = default;
  /// Blocks until the answer. `method`: "/gateway.Gateway/Evaluate".
  [[nodiscard]] virtual call_answer call(const std::string& method, bytes request, const call_options& options = {}) = 0;
  [[nodiscard]] virtual std::unique_ptr<client_stream> open(const std::string& method, const call_options& options = {}) = 0;
};

}  // namespace weft::edge
