// The carrier: byte streams between nodes, each with a proven other end. A TLS socket (make_tls_carrier), or its twin in memory.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "actors/remoting/admission.hpp"
#include "config/base/executor.hpp"

namespace weft::actors::remoting {

/// One connection. Never blocks, never raises SIGPIPE. Owned by the tunnel's thread; closed by its destructor.
class stream {
 public:
  virtual ~stream() = default;
  /// Readable or writable when there is something to do; see `wants_write`.
  [[nodiscard]] virtual int file() const = 0;
  /// Connects, proves who we are, and has the other side admitted. True: done, see peer(). False: more must arrive or leave first.
  /// Errors: `permission_denied`: refused, by us or by them; `unavailable`: nobody there, or no TLS.
  [[nodiscard]] virtual result<bool> shake_hands() = 0;
  /// The node at the other end, by the admission rule; after the handshake.
  [[nodiscard]] virtual const std::string& peer() const = 0;
  /// How many bytes came, at most `size`; 0: none now. Errors: `unavailable`: the stream has ended.
  [[nodiscard]] virtual result<std::size_t> read(char* to, std::size_t size) = 0;
  /// How many bytes were taken; 0: none now. Errors: `unavailable`. The bytes of a call that took none may lie elsewhere at the next.
  [[nodiscard]] virtual result<std::size_t> write(bytes_view from) = 0;
  /// The last call waits for the file to become writable, rather than readable.
  [[nodiscard]] virtual bool wants_write() const = 0;
  /// Tells the other side, as far as that is possible at once, that nothing more comes.
  virtual void say_goodbye() = 0;
};

struct arrival {
  std::unique_ptr<stream> connection;
  std::string source;                        ///< Where it comes from, as far as one can tell before the handshake: an address without port.
};

class carrier {
 public:
  virtual ~carrier() = default;
  /// Readable when somebody calls; -1 for a carrier that only dials.
  [[nodiscard]] virtual int listener() const = 0;
  /// Where it listens, with the port that the system chose for port 0.
  [[nodiscard]] virtual const std::string& address() const = 0;
  /// Nothing: nobody calls (any more). Errors: `busy`: out of descriptors or memory; leave the listener alone for a while.
  [[nodiscard]] virtual result<std::optional<arrival>> accept() = 0;
  /// Begins to connect to the node of that name. Errors: `unavailable` (also: the name is still being resolved), `invalid_argument`.
  [[nodiscard]] virtual result<std::unique_ptr<stream>> dial(const std::string& address, const std::string& node) = 0;
};

struct tls_settings {
  std::string listen;                               ///< "0.0.0.0:7051", "[::]:7051"; port 0: any; empty: dials only.
  std::string certificate_pem, key_pem;             ///< Own leaf first, then intermediates.
  std::shared_ptr<const admission_rule> admission;
  std::shared_ptr<executor> resolver;               ///< Looks host names up; without it only addresses can be dialled.
};
/// TLS 1.3 with certificates on both sides, no resumption. Errors: `invalid_argument` (certificate, key, address), `io` (cannot listen).
[[nodiscard]] result<std::unique_ptr<carrier>> make_tls_carrier(const tls_settings& settings);

/// Where carriers in memory find each other, by address. Thread-safe.
class memory_exchange;
[[nodiscard]] std::shared_ptr<memory_exchange> make_memory_exchange();
/// `certificate` is what it presents: any bytes. An empty `address`: dials only. Requires: the address is free.
[[nodiscard]] std::unique_ptr<carrier> make_memory_carrier(std::shared_ptr<memory_exchange> exchange, std::string address, bytes certificate,
                                                           std::shared_ptr<const admission_rule> admission);

}  // namespace weft::actors::remoting
