#include "actors/remoting/socket_address.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>

#include <charconv>
#include <cstring>

namespace weft::actors::remoting {

namespace {

const in6_addr& v6(const socket_address& a) { return reinterpret_cast<const sockaddr_in6*>(&a.raw)->sin6_addr; }

std::string host_text(const socket_address& a) {
  char out[INET6_ADDRSTRLEN] = "";
  if (a.raw.ss_family == AF_INET) {
    ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(&a.raw)->sin_addr, out, sizeof out);
  } else if (a.raw.ss_family == AF_INET6) {
    ::inet_ntop(AF_INET6, &v6(a), out, sizeof out);
  }
  return out;
}

}  // namespace

result<host_port> parse_host_port(const std::string& text) {
  const auto bad = [&] { return fail(errc::invalid_argument, "\"" + text + "\" is no address: write HOST:PORT, as in 127.0.0.1:7051 or [::1]:7051"); };
  host_port out;
  std::string port;
  if (text.starts_with('[')) {
    const auto end = text.find("]:");
    if (end == std::string::npos) return bad();
    out.host = text.substr(1, end - 1);
    port = text.substr(end + 2);
  } else {
    const auto colon = text.rfind(':');
    if (colon == std::string::npos || text.find(':') != colon) return bad();
    out.host = text.substr(0, colon);
    port = text.substr(colon + 1);
  }
  const auto* end = port.data() + port.size();
  const auto [at, failure] = std::from_chars(port.data(), end, out.port);
  if (failure != std::errc{} || at != end || port.empty() || out.host.empty()) return bad();
  return out;
}

std::optional<socket_address> as_address(const host_port& at) {
  socket_address out;
  auto& in = reinterpret_cast<sockaddr_in&>(out.raw);
  auto& in6 = reinterpret_cast<sockaddr_in6&>(out.raw);
  if (::inet_pton(AF_INET, at.host.c_str(), &in.sin_addr) == 1) {
    in.sin_family = AF_INET;
    in.sin_port = htons(at.port);
    out.size = sizeof(sockaddr_in);
    return out;
  }
  out = {};
  if (::inet_pton(AF_INET6, at.host.c_str(), &in6.sin6_addr) == 1) {
    in6.sin6_family = AF_INET6;
    in6.sin6_port = htons(at.port);
    out.size = sizeof(sockaddr_in6);
    return out;
  }
  return std::nullopt;
}

std::vector<socket_address> look_up(const host_port& at) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  std::vector<socket_address> out;
  if (::getaddrinfo(at.host.c_str(), std::to_string(at.port).c_str(), &hints, &found) != 0) return out;
  for (auto* i = found; i != nullptr && out.size() < 8; i = i->ai_next) {
    socket_address a;
    std::memcpy(&a.raw, i->ai_addr, i->ai_addrlen);
    a.size = i->ai_addrlen;
    out.push_back(a);
  }
  ::freeaddrinfo(found);
  return out;
}

std::string source_of(const socket_address& from) {
  if (from.raw.ss_family != AF_INET6) return host_text(from);
  auto masked = from;
  auto& bits = reinterpret_cast<sockaddr_in6*>(&masked.raw)->sin6_addr;
  if (IN6_IS_ADDR_V4MAPPED(&bits)) return host_text(from);
  std::memset(bits.s6_addr + 8, 0, 8);
  return host_text(masked) + "/64";
}

std::string to_text(const socket_address& at) {
  const auto host = host_text(at);
  if (at.raw.ss_family == AF_INET6) return "[" + host + "]:" + std::to_string(ntohs(reinterpret_cast<const sockaddr_in6*>(&at.raw)->sin6_port));
  return host + ":" + std::to_string(ntohs(reinterpret_cast<const sockaddr_in*>(&at.raw)->sin_port));
}

}  // namespace weft::actors::remoting
