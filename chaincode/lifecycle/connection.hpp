// How a peer reaches a contract that runs as a service: the connection.json of its package. interop/05 §4.
#pragma once

#include <chrono>
#include <string>

#include "config/base/bytes.hpp"

namespace weft::chaincode {

/// Larger descriptions are refused: three PEM files and an address take a fourth of it, and a text of brackets a hundred times its size in memory.
inline constexpr std::size_t connection_bytes_max = 64 * KiB;

struct connection {
  std::string address;                         ///< "host:port"
  std::chrono::milliseconds dial_timeout{3'000};  ///< For one attempt to reach the service; what is written as 0 or not at all means the default.
  bool tls_required = false;
  bool client_auth_required = false;           ///< The peer shows `client_cert`; only with TLS.
  std::string client_key, client_cert;         ///< PEM
  std::string root_cert;                       ///< PEM; who may have signed the service's certificate. Required with TLS.
  friend bool operator==(const connection&, const connection&) = default;
};

/// Reads {"address", "dial_timeout", "tls_required", "client_auth_required", "client_key", "client_cert", "root_cert"}; other members are passed
/// over. `dial_timeout` is a text as Go writes durations ("10s") or a number of nanoseconds; at most an hour. What is not needed (PEM texts without
/// TLS) is kept but not asked for. An address may still hold a builder's template ("{{.peername}}_cc:9999"): fill it in first or afterwards.
/// Errors: `invalid_argument` that names the member.
[[nodiscard]] result<connection> parse_connection(bytes_view json);

}  // namespace weft::chaincode
