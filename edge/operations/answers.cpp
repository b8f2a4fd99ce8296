#include "edge/operations/answers.hpp"

#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>

namespace weft::edge::operations {

namespace {

using json = nlohmann::ordered_json;
constexpr int ok = 200, no_content = 204, bad_request = 400, not_found = 404, wrong_method = 405, unavailable = 503;

/// Go ends JSON with a line feed.
answer in_json(int status, const json& body) { return {status, "application/json", body.dump(-1, ' ', false, json::error_handler_t::replace) + "\n"}; }
answer refused(int status, const std::string& why) { return in_json(status, {{"error", why}}); }

answer health(const subject& about) {
  const auto failed = about.health();
  json out{{"status", failed.empty() ? "OK" : "Service Unavailable"}, {"time", rfc3339_nano(about.now())}};
  for (const auto& f : failed) out["failed_checks"].push_back({{"component", f.component}, {"reason", f.reason}});
  return in_json(failed.empty() ? ok : unavailable, out);
}

answer set_log_spec(const std::string& body, const subject& about) {
  const auto asked = json::parse(body, nullptr, false);
  if (!asked.is_object() || (asked.contains("spec") && !asked["spec"].is_string())) return refused(bad_request, "the body is not {\"spec\": \"...\"}");
  const auto done = about.set_log_spec(asked.value("spec", ""));
  return done ? answer{no_content, {}, {}} : refused(bad_request, done.error().context);
}

}  // namespace

std::string rfc3339_nano(timestamp t) {
  const auto since = std::chrono::duration_cast<std::chrono::nanoseconds>(t.time_since_epoch()).count();
  const std::time_t seconds = since / 1'000'000'000;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char date[32], out[64];
  std::strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &parts);
  std::snprintf(out, sizeof out, "%s.%09lldZ", date, static_cast<long long>(since % 1'000'000'000));
  return out;
}

answer respond(std::string_view method, std::string_view path, const std::string& body, const subject& about) {
  if (path == "/logspec") {
    if (method == "GET") return in_json(ok, {{"spec", about.log_spec()}});
    if (method == "PUT") return set_log_spec(body, about);
    return refused(bad_request, "invalid request method: " + std::string(method));
  }
  if (path != "/healthz" && path != "/version" && path != "/metrics") return {not_found, "text/plain; charset=utf-8", "404 page not found\n"};
  if (method != "GET") return {wrong_method, "text/plain; charset=utf-8", "method not allowed\n"};
  if (path == "/healthz") return health(about);
  if (path == "/version") return in_json(ok, {{"CommitSHA", about.commit}, {"Version", about.version}});
  return {ok, "text/plain; version=0.0.4; charset=utf-8", about.metrics()};
}

}  // namespace weft::edge::operations
