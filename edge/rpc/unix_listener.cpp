#include "edge/rpc/unix_listener.hpp"

#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>

namespace weft::edge {

namespace {

constexpr int backlog = 512, pause_ms = 100;

std::size_t descriptor_limit() {
  struct ::rlimit limit {};
  return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY ? static_cast<std::size_t>(limit.rlim_cur) : SIZE_MAX;
}

result<int> listen_on(const std::filesystem::path& socket) {
  const auto refuse = [&](const char* what) { return fail(errc::io, std::string(what) + " " + socket.string() + ": " + std::strerror(errno)); };
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket.native().size() >= sizeof address.sun_path) return fail(errc::io, "the path is too long for a socket: " + socket.string());
  std::memcpy(address.sun_path, socket.c_str(), socket.native().size());
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return refuse("cannot make the socket");
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 && ::listen(fd, backlog) == 0) return fd;
  const auto failed = refuse("cannot listen on");
  ::close(fd);
  return failed;
}

}  // namespace

std::size_t descriptors_reserved(std::size_t limit) noexcept { return std::clamp<std::size_t>(limit / 4, 64, 256); }

result<std::unique_ptr<unix_listener>> unix_listener::start(const std::filesystem::path& socket, taker take) {
  WEFT_TRY(const int listening, listen_on(socket));
  const int bell = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (bell < 0) {
    ::close(listening);
    return fail(errc::io, std::string("cannot make an event: ") + std::strerror(errno));
  }
  std::unique_ptr<unix_listener> made(new unix_listener(listening, bell, std::move(take)));
  made->thread_ = std::thread([self = made.get()] { self->run(); });
  return made;
}

void unix_listener::stop() {
  if (!thread_.joinable()) return;
  const std::uint64_t one = 1;
  static_cast<void>(!::write(bell_, &one, sizeof one));
  thread_.join();
  ::close(listening_);
  ::close(bell_);
}

bool unix_listener::wait(bool for_connections, int timeout_ms) const {
  pollfd fds[] = {{bell_, POLLIN, 0}, {for_connections ? listening_ : -1, POLLIN, 0}};
  ::poll(fds, std::size(fds), timeout_ms);
  return fds[0].revents == 0;
}

void unix_listener::run() {
  while (wait(true, -1)) accept_one();
}

void unix_listener::accept_one() {
  const int fd = ::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (fd < 0) {
    if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED) return;
    spdlog::warn("a client cannot be let in: {}", std::strerror(errno));
    static_cast<void>(wait(false, pause_ms));  // no descriptor or memory now; the client stays in the queue. A bell stays rung.
    return;
  }
  // The system gives the lowest number that is free: this one says how many are in use.
  const auto limit = descriptor_limit();
  if (static_cast<std::size_t>(fd) + descriptors_reserved(limit) < limit) {
    crowded_ = false;
    return take_(fd);
  }
  ::close(fd);
  ++turned_away_;
  if (!std::exchange(crowded_, true)) {
    spdlog::warn("clients are turned away: of {} files that this process may have open, {} are left, which the ledgers may need", limit,
                 descriptors_reserved(limit));
  }
}

}  // namespace weft::edge
