#include "edge/rpc/h2/loop.hpp"

#include <pthread.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <spdlog/spdlog.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <future>

#include "edge/rpc/unix_listener.hpp"

namespace weft::edge::h2 {

namespace {

constexpr std::size_t receive_bytes = 64 * KiB;
constexpr int accepts_a_round = 32, rounds_without_waiting = 8;
constexpr std::chrono::milliseconds crowded_pause{100};

/// What epoll gives back: a connection's address, or one of these.
constexpr std::uint64_t bell_mark = 0, first_socket_mark = 1, sockets_max = 15;

}  // namespace

loop::loop(common& with, int epoll, std::shared_ptr<mailbox> mail) : with_(with), epoll_(epoll), mail_(std::move(mail)), buffer_(receive_bytes) {}

loop::~loop() {
  if (thread_.joinable()) {
    stop(std::chrono::milliseconds(0));
    join();
  }
  close_listening();
  ::close(epoll_);
}

result<std::unique_ptr<loop>> loop::make(common& with) {
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC), bell = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  epoll_event wanted{};
  wanted.events = EPOLLIN;
  wanted.data.u64 = bell_mark;
  if (epoll < 0 || bell < 0 || ::epoll_ctl(epoll, EPOLL_CTL_ADD, bell, &wanted) != 0) {
    const auto why = std::string("cannot wait for clients: ") + std::strerror(errno);
    if (epoll >= 0) ::close(epoll);
    if (bell >= 0) ::close(bell);
    return fail(errc::io, why);
  }
  return std::unique_ptr<loop>(new loop(with, epoll, std::make_shared<mailbox>(bell)));
}

result<void> loop::listen(std::vector<int> sockets, std::function<void(int fd)> give) {
  listening_ = std::move(sockets);
  give_ = std::move(give);
  for (std::size_t i = 0; i < std::min<std::size_t>(listening_.size(), sockets_max); ++i) {
    epoll_event wanted{};
    wanted.events = EPOLLIN;
    wanted.data.u64 = first_socket_mark + i;
    if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, listening_[i], &wanted) != 0) return fail(errc::io, std::string("cannot wait for clients: ") + std::strerror(errno));
  }
  return {};
}

void loop::start() {
  thread_ = std::thread([this] { run(); });
  ::pthread_setname_np(thread_.native_handle(), "weft-rpc");
}

void loop::adopt(int fd) {
  if (!mail_->order([this, fd] { take_in(fd); })) ::close(fd);
}

void loop::stop(std::chrono::milliseconds grace) {
  static_cast<void>(mail_->order([this, grace] {
    close_listening();
    const auto at = now_ + grace;
    stop_at_ = stop_at_ ? std::min(*stop_at_, at) : at;
    for (auto& [fd, c] : connections_) c->drain();
  }));
}

void loop::join() {
  if (thread_.joinable()) thread_.join();
}

void loop::close_listening() {
  for (const int fd : std::exchange(listening_, {})) ::close(fd);
}

void loop::watch_writable(const connection& c, bool on) const {
  epoll_event wanted{};
  wanted.events = on ? EPOLLIN | EPOLLOUT : EPOLLIN;
  wanted.data.ptr = const_cast<connection*>(&c);
  ::epoll_ctl(epoll_, EPOLL_CTL_MOD, c.fd(), &wanted);
}

void loop::accept_some(int socket) {
  for (int i = 0; i < accepts_a_round; ++i) {
    const int fd = ::accept4(socket, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) {
      if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED) return;
      if (!std::exchange(crowded_, true)) spdlog::warn("a client cannot be let in: {}", std::strerror(errno));
      accept_again_ = now_ + crowded_pause;  // no descriptor or memory now; the client stays in the queue
      for (const int s : listening_) ::epoll_ctl(epoll_, EPOLL_CTL_DEL, s, nullptr);
      return;
    }
    // The system gives the lowest number that is free: this one says how many are in use.
    struct ::rlimit most {};
    const auto limit = ::getrlimit(RLIMIT_NOFILE, &most) == 0 && most.rlim_cur != RLIM_INFINITY ? static_cast<std::size_t>(most.rlim_cur) : SIZE_MAX;
    if (static_cast<std::size_t>(fd) + descriptors_reserved(limit) >= limit) {
      ::close(fd);
      if (!std::exchange(crowded_, true)) {
        spdlog::warn("clients are turned away: of {} files that this process may have open, {} are left, which the ledgers may need", limit,
                     descriptors_reserved(limit));
      }
      continue;
    }
    crowded_ = false;
    give_(fd);
  }
}

void loop::take_in(int fd) {
  const int one = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (stop_at_) return static_cast<void>(::close(fd));
  auto made = std::make_unique<connection>(*this, with_, fd, now_);
  epoll_event wanted{};
  wanted.events = EPOLLIN;
  wanted.data.ptr = made.get();
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &wanted) != 0) return;  // its destructor closes the socket
  next_check_ = std::min(next_check_, now_ + with_.bounds.handshake);
  connections_[fd] = std::move(made);
}

void loop::end_largest() {
  exchange* out = nullptr;
  for (const auto& [fd, c] : connections_) {
    auto* e = c->largest();
    if (e != nullptr && (out == nullptr || e->own.counted > out->own.counted)) out = e;
  }
  if (out == nullptr) return;
  out->own.at->fail_call(*out, actors::status_of(actors::rpc_code::resource_exhausted,
                                                 "this port holds " + std::to_string(with_.bounds.unread_bytes_max / MiB) +
                                                     " MiB of messages that have not ended, and this was the largest; try again"));
}

int loop::patience() {
  if (!dirty_.empty()) return 0;
  auto until = next_check_;
  if (!deadlines_.empty()) until = std::min(until, deadlines_.begin()->first);
  if (stop_at_) until = std::min(until, *stop_at_);
  if (accept_again_) until = std::min(until, *accept_again_);
  if (until == time_point::max()) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
}

void loop::run() {
  now_ = std::chrono::steady_clock::now();
  while (!stop_at_ || !connections_.empty()) round();
  mail_->shut();
}

void loop::round() {
  std::array<epoll_event, 128> events;  // NOLINT: filled by the system
  const int wait = patience();
  const bool sleeps = wait != 0 && mail_->fall_asleep();
  const int n = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), sleeps ? wait : 0);
  if (sleeps) mail_->wake_up();
  now_ = std::chrono::steady_clock::now();
  for (int i = 0; i < n; ++i) {
    const auto& e = events[static_cast<std::size_t>(i)];
    if (e.data.u64 == bell_mark) {
      std::uint64_t rung = 0;
      static_cast<void>(!::read(mail_->bell(), &rung, sizeof rung));
    } else if (e.data.u64 <= sockets_max) {
      const auto which = static_cast<std::size_t>(e.data.u64 - first_socket_mark);
      if (which < listening_.size() && !accept_again_) accept_some(listening_[which]);
    } else {
      auto& c = *static_cast<connection*>(e.data.ptr);
      if ((e.events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) c.on_readable();
      if ((e.events & EPOLLOUT) != 0 && !c.dead()) c.flush();
    }
  }
  check_times();
  for (int i = 0; i < rounds_without_waiting; ++i) {
    if (!work()) break;
  }
  bury();
}

bool loop::work() {
  mail_->take(letters_);
  if (letters_.empty() && dirty_.empty()) return false;
  for (auto& o : letters_.orders) o();
  for (auto& e : letters_.exchanges) e->turn();
  letters_.orders.clear();
  letters_.exchanges.clear();
  for (auto* c : std::exchange(dirty_, {})) {
    if (!c->dead()) c->flush();
  }
  return true;
}

void loop::check_times() {
  while (!deadlines_.empty() && deadlines_.begin()->first <= now_) {
    auto& e = *deadlines_.begin()->second;
    deadlines_.erase(deadlines_.begin());
    e.own.at->deadline_passed(e);
  }
  if (now_ >= next_check_) {
    next_check_ = time_point::max();
    for (auto& [fd, c] : connections_) next_check_ = std::min(next_check_, c->check(now_));
  }
  if (stop_at_ && now_ >= *stop_at_) {
    for (auto& [fd, c] : connections_) c->end_all(actors::status_of(actors::rpc_code::unavailable, "the server is stopping"));
  }
  if (accept_again_ && now_ >= *accept_again_) {
    accept_again_.reset();
    for (std::size_t i = 0; i < listening_.size(); ++i) {
      epoll_event wanted{};
      wanted.events = EPOLLIN;
      wanted.data.u64 = first_socket_mark + i;
      ::epoll_ctl(epoll_, EPOLL_CTL_ADD, listening_[i], &wanted);
    }
  }
}

void loop::bury() {
  std::erase_if(dirty_, [](const connection* c) { return c->dead(); });
  std::erase_if(connections_, [](const auto& entry) { return entry.second->dead(); });
}

}  // namespace weft::edge::h2
