#include "edge/translator/server.hpp"

#include <mutex>

#include "edge/http/listener.hpp"
#include "edge/translator/answers.hpp"

namespace weft::edge::translator {

namespace {

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
  explicit http_server(server_options options)
      : options_(std::move(options)), http_({options_.hostname, options_.port, options_.threads, options_.waiting_max, options_.read_timeout}) {
    auto& routes = http_.routes();
    routes.set_pre_routing_handler([this](const httplib::Request& in, httplib::Response& out) { return admit(in, out); });
    routes.set_exception_handler([](const httplib::Request&, httplib::Response& out, const auto&) { put(say(500, "internal error"), out); });
    routes.Post("/.*", [this](const httplib::Request& in, httplib::Response& out, const httplib::ContentReader& read) { put(serve(in, read), out); });
  }
  result<void> start() { return http_.start(); }
  int port() const noexcept override { return http_.port(); }
  bool close(std::chrono::milliseconds grace) override { return http_.close(grace); }

 private:
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
    intake taken(options_, http_.stopping());
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
  std::mutex conversion_;  ///< Bounds the memory that hostile bodies can take at a time.
  http::listener http_;    ///< Last: its threads use the rest.
};

}  // namespace

result<std::unique_ptr<server>> server::open(server_options options) {
  auto made = std::make_unique<http_server>(std::move(options));
  WEFT_CHECK(made->start());
  return made;
}

}  // namespace weft::edge::translator
