#include "edge/translator/server.hpp"

#include <httplib.h>

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>
#include <thread>

#include "edge/translator/answers.hpp"

namespace weft::edge::translator {

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

void put(const answer& a, httplib::Response& out) {
  out.status = a.status;
  for (const auto& [name, value] : a.extra) out.set_header(name, value);
  if (!a.body.empty()) out.set_content(a.body, a.type);
}

/// Takes in a body up to a bound and a time.
class intake {
 public:
  intake(const server_options& o, const std::atomic<bool>& stopping) : bytes_max_(o.body_bytes_max), end_(now() + o.body_timeout), stopping_(stopping) {}
  bool take(bytes& to, const char* data, std::size_t size) {
    too_large_ = size > bytes_max_ - taken_;
    late_ = now() > end_ || stopping_;
    if (too_large_ || late_) return false;
    taken_ += size;
    to.append(data, size);
    return true;
  }
  [[nodiscard]] answer failed() const {
    if (too_large_) return say(413, "the body is larger than " + std::to_string(bytes_max_) + " bytes");
    if (late_) return say(408, "the body took too long");
    return say(400, "the body cannot be read: it ended early, or its encoding is broken");
  }

 private:
  static std::chrono::steady_clock::time_point now() { return std::chrono::steady_clock::now(); }
  std::size_t bytes_max_, taken_ = 0;
  std::chrono::steady_clock::time_point end_;
  const std::atomic<bool>& stopping_;
  bool too_large_ = false, late_ = false;
};

bool has_body(const httplib::Request& in) { return in.has_header("Content-Length") || in.has_header("Transfer-Encoding"); }

class http_server final : public server {
 public:
  explicit http_server(server_options options) : options_(std::move(options)) {
    http_.new_task_queue = [this] { return new bounded_queue(options_.threads, options_.waiting_max); };
    http_.set_keep_alive_max_count(1);  // so that a body that was refused unread is never taken for the next request
    http_.set_read_timeout(options_.read_timeout);
    http_.set_write_timeout(options_.read_timeout);
    http_.set_tcp_nodelay(true);
    // Without the library's SO_REUSEPORT, with which a second server on the same port would start without a word.
    http_.set_socket_options([this](auto socket) {
      listening_ = socket;
      const int on = 1;
      ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    });
    http_.set_pre_routing_handler([this](const httplib::Request& in, httplib::Response& out) { return admit(in, out); });
    http_.set_exception_handler([](const httplib::Request&, httplib::Response& out, const auto&) { put(say(500, "internal error"), out); });
    http_.Post("/.*", [this](const httplib::Request& in, httplib::Response& out, const httplib::ContentReader& read) { put(serve(in, read), out); });
  }

  ~http_server() override {
    stop();
    if (thread_.joinable()) thread_.join();
  }

  result<void> start() {
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

  int port() const noexcept override { return port_; }

  bool close(std::chrono::milliseconds grace) override {
    stop();
    std::unique_lock lock(mutex_);
    return end_.wait_for(lock, grace, [&] { return ended_; });
  }

 private:
  void stop() {
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

  /// Before a byte of the body is read: cross-origin rules, paths and methods.
  httplib::Server::HandlerResponse admit(const httplib::Request& in, httplib::Response& out) const {
    const auto header = [&](const char* name) { return in.get_header_value(name); };
    const auto origin = header("Origin"), method = header("Access-Control-Request-Method"), names = header("Access-Control-Request-Headers");
    const auto verdict = judge_cors(options_.cors, {in.method, origin, in.has_header("Access-Control-Request-Method"), method, names});
    for (const auto& [name, value] : verdict.extra) {
      if (!verdict.done) out.set_header(name, value);
    }
    const auto done = verdict.done ? verdict.done : refuse_route(in.method, in.path);
    if (!done) return httplib::Server::HandlerResponse::Unhandled;
    put(*done, out);
    return httplib::Server::HandlerResponse::Handled;
  }

  answer serve(const httplib::Request& in, const httplib::ContentReader& read) {
    const auto route = route_of(in.path);
    intake taken(options_, stopping_);
    const ledger::json_limits limits{options_.text_bytes_max};
    if (route.what == route::target::compute) {
      compute_form form;
      if (!read_form(in, read, taken, form)) return taken.failed();
      std::lock_guard lock(conversion_);
      return compute(form);
    }
    bytes body;
    if (has_body(in) && !read([&](const char* data, std::size_t size) { return taken.take(body, data, size); })) return taken.failed();
    std::lock_guard lock(conversion_);
    return route.what == route::target::decode ? decode(route.type, body, limits) : encode(route.type, body, limits);
  }

  static bool read_form(const httplib::Request& in, const httplib::ContentReader& read, intake& taken, compute_form& form) {
    if (in.has_param("channel")) form.channel = in.get_param_value("channel");
    form.is_form = in.is_multipart_form_data() && has_body(in);
    if (!form.is_form) return true;
    bytes ignored, channel, *to = &ignored;
    bool has_channel = in.has_param("channel");
    const bool good = read(
        [&](const auto& part) {
          ignored.clear();
          to = &ignored;
          const bool is_file = !part.filename.empty();
          if (part.name == "original" && is_file && !form.original) to = &form.original.emplace();
          if (part.name == "updated" && is_file && !form.updated) to = &form.updated.emplace();
          if (part.name == "channel" && !is_file && !has_channel) to = &channel, has_channel = true;
          return true;
        },
        [&](const char* data, std::size_t size) { return taken.take(*to, data, size); });
    if (!in.has_param("channel")) form.channel = std::move(channel);
    return good;
  }

  server_options options_;
  socket_t listening_ = INVALID_SOCKET;
  httplib::Server http_;
  int port_ = -1;
  std::atomic<bool> stopping_{false};
  std::mutex conversion_;  ///< Bounds the memory that hostile bodies can take at a time.
  std::mutex mutex_;
  std::condition_variable end_;
  bool ended_ = false;
  std::thread thread_;
};

}  // namespace

result<std::unique_ptr<server>> server::open(server_options options) {
  auto made = std::make_unique<http_server>(std::move(options));
  WEFT_CHECK(made->start());
  return made;
}

}  // namespace weft::edge::translator
