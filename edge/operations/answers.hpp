// What the operations service answers, as pure functions over what it is told. interop/06 §8.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "config/base/clock.hpp"
#include "config/base/result.hpp"

namespace weft::edge::operations {

/// Something that does not work, for /healthz.
struct failed_check {
  std::string component, reason;
};

/// What stands behind the service. Called from its threads.
struct subject {
  std::function<std::vector<failed_check>()> health;
  std::function<std::string()> log_spec;                         ///< As it stands.
  std::function<result<void>(const std::string&)> set_log_spec;  ///< Errors: `invalid_argument`.
  std::function<std::string()> metrics;                          ///< In Prometheus' text format.
  std::string version, commit;
  std::function<timestamp()> now;
};

struct answer {
  int status = 200;
  std::string type;  ///< Content-Type; empty when there is no body.
  std::string body;
};

/// GET /healthz, /version, /metrics, GET and PUT /logspec; else 404, or 400 for another method of /logspec and 405 of the rest.
[[nodiscard]] answer respond(std::string_view method, std::string_view path, const std::string& body, const subject& about);

/// "2026-11-27T10:11:12.123456789Z"
[[nodiscard]] std::string rfc3339_nano(timestamp t);

}  // namespace weft::edge::operations
