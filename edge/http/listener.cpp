#include "edge/http/listener.hpp"

#include <cerrno>
#include <cstring>
#include <deque>
#include <functional>
#include <vector>

namespace weft::edge::http {

namespace {

/// A few threads and a short queue. When it is full, accepting waits.
class bounded_queue final : public httplib::TaskQueue {
 public:
  bounded_queue(std::size_t threads, std::size_t waiting_max) : waiting_max_(waiting_max) {
    for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
  }

  // Nothing in Debian 12's version of the library, a bool in Debian 13's.
  using enqueued = decltype(std::declval<httplib::TaskQueue&>().enqueue(std::declval<std::function<void()>>()));
  enqueued enqueue(std::function<void()> job) override {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [&] { return jobs_.size() < waiting_max_; });
    jobs_.push_back(std::move(job));
    there_.notify_one();
    return static_cast<enqueued>(true);
  }

  void shutdown() override {
    {
      std::lock_guard lock(mutex_);
      ending_ = true;
    }
    there_.notify_all();
    for (auto& t : threads_) t.join();
  }

 private:
  void work() {
    for (;;) {
      std::unique_lock lock(mutex_);
      there_.wait(lock, [&] { return ending_ || !jobs_.empty(); });
      if (jobs_.empty()) return;
      const auto job = std::move(jobs_.front());
      jobs_.pop_front();
      lock.unlock();
      room_.notify_one();
      job();
    }
  }

  std::size_t waiting_max_;
  std::mutex mutex_;
  std::condition_variable there_, room_;
  std::deque<std::function<void()>> jobs_;
  std::vector<std::thread> threads_;
  bool ending_ = false;
};

}  // namespace

listener::listener(listener_options options) : options_(std::move(options)) {
  http_.new_task_queue = [this] { return new bounded_queue(options_.threads, options_.waiting_max); };
  http_.set_keep_alive_max_count(1);
  http_.set_read_timeout(options_.read_timeout);
  http_.set_write_timeout(options_.read_timeout);
  http_.set_tcp_nodelay(true);
  // Without the library's SO_REUSEPORT, with which a second server on the same port would start without a word.
  http_.set_socket_options([this](auto socket) {
    listening_ = socket;
    const int on = 1;
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  });
}

listener::~listener() {
  stop();
  if (thread_.joinable()) thread_.join();
}

result<void> listener::start() {
  errno = 0;
  port_ = options_.port;
  if (options_.port == 0) port_ = http_.bind_to_any_port(options_.hostname);
  else if (!http_.bind_to_port(options_.hostname, options_.port)) port_ = -1;
  if (port_ <= 0) return fail(errc::io, errno != 0 ? std::strerror(errno) : "no such host");
  // The library's backlog is 5, and the kernel resets some of the connections that do not fit.
  if (::listen(listening_, SOMAXCONN) != 0) return fail(errc::io, std::string("cannot listen: ") + std::strerror(errno));
  thread_ = std::thread([this] {
    http_.listen_after_bind();
    std::lock_guard lock(mutex_);
    ended_ = true;
    end_.notify_all();
  });
  return {};
}

bool listener::close(std::chrono::milliseconds grace) {
  stop();
  std::unique_lock lock(mutex_);
  return end_.wait_for(lock, grace, [&] { return ended_; });
}

void listener::stop() {
  stopping_ = true;
  if (!thread_.joinable()) return;
  // The library forgets a stop that comes before its loop has begun.
  std::unique_lock lock(mutex_);
  while (!ended_) {
    if (http_.is_running()) {
      http_.stop();
      return;
    }
    end_.wait_for(lock, std::chrono::milliseconds(1));
  }
}

}  // namespace weft::edge::http
