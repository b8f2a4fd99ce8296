// A client that speaks HTTP/2 in the clear and keeps to no rule of gRPC unless told to. Blocks; one thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/base/bytes.hpp"

struct nghttp2_session;

namespace weft::testing {

/// What came back for one request.
struct wire_answer {
  std::map<std::string, std::string> headers;  ///< Those of the response and its trailers.
  bytes body;
  bool closed = false;
  std::uint32_t reset = 0;                     ///< HTTP/2's code, when closed.
};

class wire_client {
 public:
  using headers = std::vector<std::pair<std::string, std::string>>;

  /// `window`: what it lets the server send of a call without reading.
  explicit wire_client(int port, std::uint32_t window = 65'535);
  ~wire_client();
  wire_client(const wire_client&) = delete;
  wire_client& operator=(const wire_client&) = delete;

  /// POST of application/grpc; fields of `more` replace or add. Without `end` the body goes on with send().
  std::int32_t request(const std::string& path, const bytes& body, bool end = true, const headers& more = {});
  void send(std::int32_t id, const bytes& more, bool end);
  void reset(std::int32_t id);
  void ping();
  /// Bytes that are no HTTP/2 of nghttp2's.
  void send_raw(const bytes& data) const;
  void flush();

  /// Reads until the call is closed, or the connection.
  const wire_answer& finish(std::int32_t id);
  /// Reads until a call has so many bytes of body.
  void read_body(std::int32_t id, std::size_t size);
  /// Reads until the server has closed the connection.
  void read_to_end();
  /// Until the server has taken all that was sent before, which it says by answering a ping.
  void wait_until_taken();
  void read_until_pinged(std::size_t times);
  void read_until_settings();
  /// Reads once; false at the end of the connection.
  bool read_some();

  [[nodiscard]] const wire_answer& answer(std::int32_t id) const { return calls_.at(id).answer; }
  [[nodiscard]] bool connected() const noexcept { return !ended_; }
  [[nodiscard]] std::optional<std::uint32_t> goaway() const noexcept { return goaway_; }
  [[nodiscard]] const std::string& goaway_text() const noexcept { return goaway_text_; }
  [[nodiscard]] std::size_t pings_of_server() const noexcept { return pinged_; }
  [[nodiscard]] std::uint32_t streams_max() const;

 private:
  struct hooks;
  struct call {
    bytes out;
    bool end = false;
    wire_answer answer;
  };

  int fd_;
  nghttp2_session* session_ = nullptr;
  std::map<std::int32_t, call> calls_;
  std::optional<std::uint32_t> goaway_;
  std::string goaway_text_;
  std::size_t pinged_ = 0, acknowledged_ = 0, settings_ = 0;
  bool ended_ = false;
};

/// A message with its prefix.
[[nodiscard]] bytes framed(const bytes& message);
/// Only the prefix of a message of this length.
[[nodiscard]] bytes prefix(std::size_t length, char flags = 0);

}  // namespace weft::testing
