// Streams to contracts outside of the process, as the roles see them. What carries them (gRPC) lies in edge/, which a node's settings bring in.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "chaincode/lifecycle/connection.hpp"
#include "config/base/bytes.hpp"

namespace weft::actors {

/// One stream. Thread-safe, never blocks; calls on a stream that is over do nothing. Letting go of it closes it.
class contract_stream {
 public:
  virtual ~contract_stream() = default;
  /// Queues a message. A stream whose contract does not read ends when too much is queued.
  virtual void send(bytes message) = 0;
  /// Asks for the contract's next message: one at a time, so that it cannot flood us.
  virtual void read() = 0;
  virtual void close(const std::string& why) = 0;
};
using contract_stream_ptr = std::shared_ptr<contract_stream>;

/// What happens to a stream, told by the carrier's threads, one at a time. Must not block.
class contract_listener {
 public:
  virtual ~contract_listener() = default;
  virtual void opened() = 0;
  virtual void message(bytes content) = 0;
  virtual void ended(std::string why) = 0;  ///< Once; nothing follows. Also when it could not be opened.
};
using contract_listener_ptr = std::shared_ptr<contract_listener>;

/// Opens streams to services (protos.Chaincode/Connect). Thread-safe.
class contract_dialler {
 public:
  virtual ~contract_dialler() = default;
  /// Begins one attempt; `opened` or `ended` follows. Never blocks. Whoever is tired of waiting closes the stream.
  [[nodiscard]] virtual contract_stream_ptr dial(const chaincode::connection& to, contract_listener_ptr listener) = 0;
};

}  // namespace weft::actors
