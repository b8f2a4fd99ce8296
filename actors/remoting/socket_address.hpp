// "host:port" as text and as the system takes it.
#pragma once

#include <sys/socket.h>

#include <optional>
#include <string>
#include <vector>

#include "config/base/result.hpp"

namespace weft::actors::remoting {

struct host_port {
  std::string host;          ///< Without brackets.
  std::uint16_t port = 0;
};
/// "127.0.0.1:7051", "[::1]:7051", "orderer1.example.com:7050". Errors: `invalid_argument`, with an example.
[[nodiscard]] result<host_port> parse_host_port(const std::string& text);

struct socket_address {
  sockaddr_storage raw{};
  socklen_t size = 0;
  [[nodiscard]] const sockaddr* get() const noexcept { return reinterpret_cast<const sockaddr*>(&raw); }
};
/// Nothing when `host` is no address but a name.
[[nodiscard]] std::optional<socket_address> as_address(const host_port& at);
/// Asks the system's resolver: blocks, for seconds. Empty when there is none.
[[nodiscard]] std::vector<socket_address> look_up(const host_port& at);
/// "127.0.0.1", "2001:db8:1:2::/64" (one customer of a provider owns at least as much): what connections are counted by.
[[nodiscard]] std::string source_of(const socket_address& from);
/// "127.0.0.1:7051"
[[nodiscard]] std::string to_text(const socket_address& at);

}  // namespace weft::actors::remoting
