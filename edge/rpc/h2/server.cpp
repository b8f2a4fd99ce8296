#include "edge/rpc/h2/server.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <thread>

#include "edge/rpc/h2/loop.hpp"
#include "edge/rpc/tls_check.hpp"

namespace weft::edge::h2 {

namespace {

constexpr int backlog = 512;
constexpr unsigned cores_a_loop = 4, loops_max = 4;  // a core's worth of TLS and HTTP/2 is some 50,000 calls a second

struct listening_socket {
  int fd = -1;
  int port = 0;
};

int port_of(int fd) {
  sockaddr_storage at{};
  socklen_t size = sizeof at;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&at), &size) != 0) return 0;
  return ntohs(at.ss_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6&>(at).sin6_port : reinterpret_cast<const sockaddr_in&>(at).sin_port);
}

result<listening_socket> listen_on(const std::string& address) {
  const auto refuse = [&](const char* why) { return fail(errc::unavailable, "cannot listen on " + address + ": " + why); };
  const auto colon = address.rfind(':');
  if (colon == std::string::npos) return refuse("an address is host:port");
  auto host = address.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  addrinfo hints{}, *found = nullptr;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  if (const int bad = ::getaddrinfo(host.c_str(), address.substr(colon + 1).c_str(), &hints, &found); bad != 0) return refuse(::gai_strerror(bad));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, ::freeaddrinfo);
  const int fd = ::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return refuse(std::strerror(errno));
  const int one = 1, both_families = 0;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (found->ai_family == AF_INET6) ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &both_families, sizeof both_families);
  if (::bind(fd, found->ai_addr, found->ai_addrlen) == 0 && ::listen(fd, backlog) == 0) return listening_socket{fd, port_of(fd)};
  const int why = errno;
  ::close(fd);
  return refuse(why == EADDRINUSE ? "another process does" : std::strerror(why));
}

class own_server final : public server {
 public:
  own_server(std::vector<service> services, const limits& bounds, std::shared_ptr<const tls_context> tls) : common_(std::move(services), bounds, std::move(tls)) {}
  ~own_server() override { own_server::stop(std::chrono::milliseconds(0)); }

  [[nodiscard]] result<void> listen(const std::string& address) {
    const auto loops = std::clamp(std::thread::hardware_concurrency() / cores_a_loop, 1U, loops_max);
    for (unsigned i = 0; i < loops; ++i) {
      WEFT_TRY(auto made, loop::make(common_));
      loops_.push_back(std::move(made));
    }
    WEFT_TRY(const auto socket, listen_on(address));
    port_ = socket.port;
    WEFT_CHECK(loops_.front()->listen({socket.fd}, [this](int fd) { loops_[next_++ % loops_.size()]->adopt(fd); }));
    for (auto& l : loops_) l->start();
    return {};
  }
  void stop(std::chrono::milliseconds grace) override {
    for (auto& l : loops_) l->stop(grace);
    for (auto& l : loops_) l->join();
  }
  [[nodiscard]] int port() const override { return port_; }
  [[nodiscard]] std::size_t open_calls() const override { return common_.methods.open_calls(); }
  [[nodiscard]] std::vector<method_usage> usage() const override { return common_.methods.usage(); }

 private:
  common common_;
  int port_ = 0;
  std::size_t next_ = 0;  ///< Whose turn it is; the accepting loop's alone.
  std::vector<std::unique_ptr<loop>> loops_;
};

}  // namespace

result<std::unique_ptr<server>> start(const std::string& address, std::vector<service> services, const std::optional<server_tls>& tls, const limits& bounds) {
  std::shared_ptr<const tls_context> context;
  if (tls) {
    WEFT_CHECK(check(*tls));
    WEFT_TRY(context, tls_context::make(*tls));
  }
  auto made = std::make_unique<own_server>(std::move(services), bounds, std::move(context));
  WEFT_CHECK(made->listen(address));
  return made;
}

}  // namespace weft::edge::h2
