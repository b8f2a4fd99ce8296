#include "edge/operations/server.hpp"

#include <charconv>

#include "config/base/bytes.hpp"
#include "config/base/random.hpp"
#include "edge/http/listener.hpp"

namespace weft::edge::operations {

namespace {

constexpr std::size_t body_max = 64 * KiB, request_id_max = 128;

/// The client's own, or a new one.
std::string request_id(const httplib::Request& in) {
  auto given = in.get_header_value("X-Request-Id");
  if (!given.empty() && given.size() <= request_id_max) return given;
  return to_hex(system_random().make_bytes(16));
}

class http_server final : public server {
 public:
  http_server(http::listener_options where, subject about) : about_(std::move(about)), http_(std::move(where)) {
    auto& routes = http_.routes();
    routes.set_payload_max_length(body_max);
    const auto serve = [this](const httplib::Request& in, httplib::Response& out) {
      const auto a = respond(in.method, in.path, in.body, about_);
      out.status = a.status;
      if (!a.body.empty()) out.set_content(a.body, a.type);
    };
    routes.Get("/.*", serve);
    routes.Put("/.*", serve);
    routes.Post("/.*", serve);
    routes.Delete("/.*", serve);
    routes.Patch("/.*", serve);
    routes.set_post_routing_handler([](const httplib::Request& in, httplib::Response& out) { out.set_header("X-Request-Id", request_id(in)); });
    routes.set_exception_handler([](const httplib::Request&, httplib::Response& out, const auto&) { out.status = 500; });
  }
  result<void> start() { return http_.start(); }
  int port() const noexcept override { return http_.port(); }
  bool close(std::chrono::milliseconds grace) override { return http_.close(grace); }

 private:
  subject about_;
  http::listener http_;  ///< Last: its threads use the rest.
};

}  // namespace

result<std::unique_ptr<server>> server::open(const std::string& address, subject about) {
  const auto colon = address.rfind(':');
  int port = -1;
  if (colon != std::string::npos) std::from_chars(address.data() + colon + 1, address.data() + address.size(), port);
  if (colon == 0 || port < 0 || port > 65'535) return fail(errc::invalid_argument, "'" + address + "' is no host and port, such as 127.0.0.1:9443");
  auto made = std::make_unique<http_server>(http::listener_options{address.substr(0, colon), port, 2}, std::move(about));
  WEFT_CHECK(made->start());
  return made;
}

}  // namespace weft::edge::operations
