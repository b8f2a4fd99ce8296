// The operations service: log specifications, answers, and the server over a socket.
#include <doctest/doctest.h>
#include <httplib.h>

#include <nlohmann/json.hpp>

#include "edge/operations/log_spec.hpp"
#include "edge/operations/server.hpp"

using namespace weft;
using namespace weft::edge::operations;
using nlohmann::json;

namespace {

struct fixture {
  std::vector<failed_check> ailments;
  std::string spec = "info";
  subject about;
  fixture() {
    about.health = [this] { return ailments; };
    about.log_spec = [this] { return spec; };
    about.set_log_spec = [this](const std::string& text) -> result<void> {
      WEFT_TRY(const auto parsed, parse_log_spec(text));
      spec = parsed.to_text();
      return {};
    };
    about.metrics = [] { return std::string("# HELP x\nx 1\n"); };
    about.version = "3.1.0";
    about.commit = "abc";
    about.now = [] { return timestamp(std::chrono::nanoseconds(1'800'000'000'123'000'000)); };
  }
};

}  // namespace

TEST_CASE("log specifications are read and written as Fabric does") {
  struct row {
    const char *text, *normal;
  };
  const row rows[] = {{"", "info"}, {"debug", "debug"}, {"WARNING", "warn"}, {"info:grpc=debug", "grpc=debug:info"}, {"b,a=error:debug", "a=error:b=error:debug"},
                      {"gossip.state=debug", "gossip.state=debug:info"}, {"info:debug", "debug"}, {"a=debug:a=error", "a=error:info"}, {"critical", "error"}};
  for (const auto& r : rows) {
    CAPTURE(r.text);
    const auto spec = parse_log_spec(r.text);
    REQUIRE(spec);
    CHECK(spec->to_text() == r.normal);
  }
}

TEST_CASE("a bad specification is refused with the part that is bad") {
  struct row {
    const char *text, *bad;
  };
  const row rows[] = {{"x", "segment 'x'"}, {"info:", "segment ''"}, {"=info", "segment '=info'"}, {"a=b=info", "segment 'a=b=info'"},
                      {"a=loud", "segment 'a=loud'"}, {"a,,b=info", "logger name ''"}, {".a=info", "logger name '.a'"}, {"a..b=info", "logger name 'a..b'"}};
  for (const auto& r : rows) {
    CAPTURE(r.text);
    const auto spec = parse_log_spec(r.text);
    REQUIRE_FALSE(spec);
    CHECK(spec.error().context == std::string("invalid logging specification '") + r.text + "': bad " + r.bad);
  }
}

TEST_CASE("health, version, metrics and levels are answered; everything else is refused") {
  fixture f;
  const auto ask = [&](const char* method, const char* path, const std::string& body = {}) { return respond(method, path, body, f.about); };
  auto a = ask("GET", "/healthz");
  CHECK(a.status == 200);
  CHECK(json::parse(a.body) == json{{"status", "OK"}, {"time", "2027-01-15T08:00:00.123000000Z"}});
  f.ailments = {{"consenter", "no leader"}};
  a = ask("GET", "/healthz");
  CHECK(a.status == 503);
  CHECK(json::parse(a.body)["status"] == "Service Unavailable");
  CHECK(json::parse(a.body)["failed_checks"] == json::array({{{"component", "consenter"}, {"reason", "no leader"}}}));
  CHECK(json::parse(ask("GET", "/version").body) == json{{"CommitSHA", "abc"}, {"Version", "3.1.0"}});
  CHECK(ask("GET", "/metrics").body == "# HELP x\nx 1\n");
  CHECK(json::parse(ask("GET", "/logspec").body) == json{{"spec", "info"}});
  CHECK(ask("PUT", "/logspec", R"({"spec":"info:grpc=debug"})").status == 204);
  CHECK(json::parse(ask("GET", "/logspec").body) == json{{"spec", "grpc=debug:info"}});
  a = ask("PUT", "/logspec", R"({"spec":"x"})");
  CHECK(a.status == 400);
  CHECK(json::parse(a.body) == json{{"error", "invalid logging specification 'x': bad segment 'x'"}});
  for (const char* body : {"", "{", "[]", R"({"spec":7})"}) CHECK(ask("PUT", "/logspec", body).status == 400);
  CHECK(ask("POST", "/logspec").status == 400);
  CHECK(ask("POST", "/healthz").status == 405);
  CHECK(ask("GET", "/").status == 404);
  CHECK(json::parse(ask("GET", "/logspec").body) == json{{"spec", "grpc=debug:info"}});
}

TEST_CASE("over a socket: every answer has a request id, bodies are bounded, a taken port is an error") {
  fixture f;
  const auto opened = server::open("127.0.0.1:0", f.about);
  REQUIRE(opened);
  httplib::Client client("127.0.0.1", (*opened)->port());
  auto r = client.Get("/healthz");
  REQUIRE(r);
  CHECK(r->status == 200);
  CHECK(r->get_header_value("X-Request-Id").size() == 32);
  r = client.Get("/nothing", httplib::Headers{{"X-Request-Id", "mine"}});
  REQUIRE(r);
  CHECK(r->status == 404);
  CHECK(r->get_header_value("X-Request-Id") == "mine");
  r = client.Put("/logspec", R"({"spec":"debug"})", "application/json");
  REQUIRE(r);
  CHECK(r->status == 204);
  CHECK(f.spec == "debug");
  r = client.Put("/logspec", std::string(1 << 20, 'x'), "application/json");
  CHECK((!r || r->status == 413));
  CHECK(f.spec == "debug");
  const auto second = server::open("127.0.0.1:" + std::to_string((*opened)->port()), f.about);
  REQUIRE_FALSE(second);
  CHECK(second.error().code == errc::io);
  for (const char* bad : {"", "9443", "127.0.0.1:", "127.0.0.1:70000"}) {
    CAPTURE(bad);
    CHECK_FALSE(server::open(bad, f.about));
  }
  CHECK((*opened)->close(std::chrono::seconds(5)));
}
