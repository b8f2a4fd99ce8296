// A dev network in this process, in memory and from a seed, whose doors' handlers are called as gRPC would call them.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actors/messages.hpp"
#include "config/base/bytes.hpp"
#include "crypto/msp/msp.hpp"

namespace weft::fuzz {

/// How one call ended.
struct door_answer {
  actors::rpc_status status;
  bytes response;  ///< When the status is ok.
};

/// What came of one stream: at most as many messages as were waited for.
struct door_stream {
  std::vector<bytes> messages;
  std::optional<actors::rpc_status> end;  ///< Nothing: the stream was still open when the client went away.
};

/// What all networks of the seed have in common is known at once, so inputs that hold their signatures stay good.
/// Used by one thread. Stops the process when a call is not answered.
class live_network {
 public:
  /// Started when first asked for. When inputs made it grow beyond what is reasonable, another of the same seed takes its place.
  [[nodiscard]] static live_network& get();
  virtual ~live_network() = default;

  /// Methods as "weft.control.Control/Status", in order.
  [[nodiscard]] virtual const std::vector<std::string>& unary_methods() const = 0;
  [[nodiscard]] virtual const std::vector<std::string>& stream_methods() const = 0;
  /// `peer` is the metadata that names one; may be empty.
  [[nodiscard]] virtual door_answer call(const std::string& method, bytes request, const std::string& peer) = 0;
  /// One message of the client, which then listens for a moment or for a few messages, and goes away.
  [[nodiscard]] virtual door_stream listen(const std::string& method, bytes request, const std::string& peer) = 0;
  [[nodiscard]] virtual crypto::signing_identity user(const std::string& name) const = 0;
  [[nodiscard]] virtual bytes genesis() const = 0;
  [[nodiscard]] virtual timestamp now() const = 0;
};

}  // namespace weft::fuzz
