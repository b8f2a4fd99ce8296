#include "chaincode/process/loopback.hpp"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <optional>

namespace weft::chaincode {
namespace {

constexpr std::string_view host = "127.0.0.1:";
constexpr int connect_patience_ms = 10;

std::optional<sockaddr_in> parse(std::string_view address) {
  if (!address.starts_with(host)) return std::nullopt;
  address.remove_prefix(host.size());
  std::uint16_t port = 0;
  const auto [end, ec] = std::from_chars(address.data(), address.data() + address.size(), port);
  if (ec != std::errc{} || end != address.data() + address.size() || port == 0) return std::nullopt;
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(port);
  out.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return out;
}

struct socket_owner {
  int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  socket_owner() = default;
  socket_owner(const socket_owner&) = delete;
  socket_owner& operator=(const socket_owner&) = delete;
  ~socket_owner() {
    if (fd >= 0) ::close(fd);
  }
};

const sockaddr* plain(const sockaddr_in& a) { return reinterpret_cast<const sockaddr*>(&a); }

}  // namespace

bool is_loopback(const std::string& address) { return parse(address).has_value(); }

bool accepts_connections(const std::string& address) {
  const auto at = parse(address);
  const socket_owner s;
  if (!at || s.fd < 0) return false;
  if (::connect(s.fd, plain(*at), sizeof *at) == 0) return true;
  if (errno != EINPROGRESS) return false;
  pollfd p{s.fd, POLLOUT, 0};
  int code = 0;
  socklen_t size = sizeof code;
  return ::poll(&p, 1, connect_patience_ms) == 1 && ::getsockopt(s.fd, SOL_SOCKET, SO_ERROR, &code, &size) == 0 && code == 0;
}

bool can_listen(const std::string& address) {
  const auto at = parse(address);
  const socket_owner s;
  const int one = 1;  // connections that ended a moment ago do not count
  return at && s.fd >= 0 && ::setsockopt(s.fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0 && ::bind(s.fd, plain(*at), sizeof *at) == 0 &&
         ::listen(s.fd, 1) == 0;
}

result<std::string> free_address(std::string_view wish, const std::vector<std::string>& taken) {
  constexpr std::uint32_t first = 28'000, count = 4'000;
  std::uint32_t seed = 2'166'136'261U;  // FNV-1a: anything that spreads names over ports
  for (const char c : wish) seed = (seed ^ static_cast<unsigned char>(c)) * 16'777'619U;
  for (std::uint32_t i = 0; i < count; ++i) {
    auto address = std::string(host) + std::to_string(first + (seed % count + i) % count);
    if (std::find(taken.begin(), taken.end(), address) == taken.end() && can_listen(address)) return address;
  }
  return fail(errc::busy, "all ports from 28000 to 31999 are in use on 127.0.0.1");
}

}  // namespace weft::chaincode
