// A gRPC server that knows no service: methods by path, messages as bytes. So that gRPC's headers stay in one file, and what was signed is never
// parsed and encoded again on its way through a door.
#pragma once

#include <array>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actors/messages.hpp"
#include "config/base/bytes.hpp"

namespace weft::edge {

/// One call of a client with one answer. Answering is thread-safe, never blocks, and only the first answer counts; when the last reference goes
/// unanswered, the client hears UNAVAILABLE. A cancelled call is already answered.
class unary_call {
 public:
  virtual ~unary_call() = default;
  [[nodiscard]] virtual const bytes& request() const = 0;
  /// Value of a metadata key in lower case; empty when the client sent none.
  [[nodiscard]] virtual std::string metadata(const std::string& key) const = 0;
  /// What is left of the client's deadline; nothing when it has none.
  [[nodiscard]] virtual std::optional<std::chrono::milliseconds> time_left() const = 0;
  [[nodiscard]] virtual bool open() const = 0;
  virtual void answer(bytes response) = 0;
  virtual void refuse(const actors::rpc_status& status) = 0;
};
using unary_ptr = std::shared_ptr<unary_call>;

/// The server's end of a stream. Thread-safe; calls on a stream that is over do nothing.
class stream {
 public:
  virtual ~stream() = default;
  [[nodiscard]] virtual std::string metadata(const std::string& key) const = 0;
  /// The certificate (PEM) that the client showed and that was verified; empty where none is asked for.
  [[nodiscard]] virtual std::string client_certificate() const { return {}; }
  /// Asks for the client's next message: one at a time, so that a client cannot flood us.
  virtual void read() = 0;
  /// Queues a message; `stream_events::written` follows when it has left. The caller bounds what is queued.
  virtual void write(bytes message) = 0;
  /// Ends the stream behind what is queued.
  virtual void finish(const actors::rpc_status& status) = 0;
};
using stream_ptr = std::shared_ptr<stream>;

/// What happens to a stream, told by threads of the server, one at a time. Must not block.
class stream_events {
 public:
  virtual ~stream_events() = default;
  virtual void message(bytes content) = 0;
  virtual void no_more_messages() = 0;  ///< The client has sent its last message.
  virtual void written() = 0;
  virtual void cancelled() = 0;         ///< The client is gone; `closed` follows.
  virtual void closed() = 0;            ///< Nothing follows.
};

using unary_handler = std::function<void(const unary_ptr&)>;
/// Called once for each stream. The events object lives until `closed` has returned.
using stream_handler = std::function<std::unique_ptr<stream_events>(const stream_ptr&)>;

/// The methods of one service, with a bound on how many of its calls may be open at once; beyond it: RESOURCE_EXHAUSTED.
struct service {
  std::string name;                               ///< "gateway.Gateway"
  std::size_t calls_max = 500;
  std::map<std::string, unary_handler> unary;     ///< By method: "Evaluate".
  std::map<std::string, stream_handler> streams;
};

/// How a server on a TCP port proves who it is: TLS 1.2 or 1.3, with h2 agreed on by ALPN.
struct server_tls {
  std::string certificate_pem, key_pem;  ///< Own leaf first, then intermediates.
  std::string client_roots_pem;          ///< Not empty: a client shows a certificate that one of these issued, or is not heard.
};

/// How the calls of one method went since the server started.
struct method_usage {
  static constexpr std::size_t codes = 17;
  /// Upper bounds in seconds of the classes that durations are counted in: Prometheus' defaults. One more class has no bound.
  static constexpr std::array<double, 11> bounds{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10};
  std::string service, method;
  bool streaming = false;
  std::uint64_t received = 0, messages_received = 0, messages_sent = 0;
  std::array<std::uint64_t, codes> completed{};               ///< By gRPC's code.
  std::array<std::uint64_t, bounds.size() + 1> durations{};   ///< Of completed calls.
  double seconds = 0;                                         ///< Their sum.
};

/// A running server. Construction and stop by one thread.
class server {
 public:
  /// Listens on `address`: "unix:/path" (see unix_listener.hpp), or "127.0.0.1:7051", "[::]:7051" with port 0 for any. Without `tls` a port is in
  /// the clear. A handshake that is not over in ten seconds is cut, and a connection has at most `streams_max` calls at once.
  /// Errors: `unavailable` (somebody listens there), `invalid_argument` (certificate or key), `io`.
  [[nodiscard]] static result<std::unique_ptr<server>> start(const std::string& address, std::vector<service> services,
                                                             const std::optional<server_tls>& tls = {});
  static constexpr int streams_max = 1000;
  virtual ~server() = default;
  /// Refuses new calls, cancels what is open after `grace`, returns when all is over. Idempotent.
  virtual void stop(std::chrono::milliseconds grace) = 0;
  /// The port that it listens on; 0 for a Unix socket.
  [[nodiscard]] virtual int port() const = 0;
  /// Calls and streams that are open now.
  [[nodiscard]] virtual std::size_t open_calls() const = 0;
  /// Of every method that it serves. Thread-safe.
  [[nodiscard]] virtual std::vector<method_usage> usage() const = 0;
};

/// The trailer grpc-status-details-bin: google.rpc.Status with a gateway.ErrorDetail each; empty without details (interop/04 §2).
[[nodiscard]] bytes encode_details(const actors::rpc_status& status);
/// The reverse; what is no such trailer gives no details.
[[nodiscard]] std::vector<actors::error_detail> decode_details(bytes_view trailer);

}  // namespace weft::edge
