// What the REST server of configtxlator answers, as pure functions: bodies in, status, content type and body out, as Fabric's server gives them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/base/bytes.hpp"
#include "ledger/json/fabric_json.hpp"

namespace weft::edge::translator {

/// Headers by name; a handful.
using headers = std::map<std::string, std::string>;

struct answer {
  int status = 200;
  std::string type;  ///< Content-Type; empty when there is no body.
  std::string body;
  headers extra;
};

/// What a request asks for.
struct route {
  enum class target : std::uint8_t { decode, encode, compute, none };
  target what = target::none;
  std::string type;  ///< Name of the message, for decode and encode.
};
[[nodiscard]] route route_of(std::string_view path);

/// The answer to a request that is none of ours: unknown path, another method than POST, a slash too many. Nothing for good requests.
[[nodiscard]] std::optional<answer> refuse_route(std::string_view method, std::string_view path);

/// 200 with JSON, 404 "message name not found", 400 with the reason.
[[nodiscard]] answer decode(std::string_view type, bytes_view body, const ledger::json_limits& limits = {});
/// 200 with bytes, 404, 400.
[[nodiscard]] answer encode(std::string_view type, std::string_view body, const ledger::json_limits& limits = {});

/// The parts of a form that count. A part is a file if it came with a file name.
struct compute_form {
  bool is_form = true;  ///< False: the body is not multipart/form-data.
  std::optional<bytes> original, updated;
  std::string channel;
};
/// 200 with the bytes of a ConfigUpdate, or 400 with the reason.
[[nodiscard]] answer compute(const compute_form& form);

/// A plain text answer with a line feed, as Fabric refuses.
[[nodiscard]] answer say(int status, std::string text);

/// Fabric's server sets its content types too late, so that Go guesses them: bytes that no text has make a body "application/octet-stream",
/// all else is "text/plain; charset=utf-8". Clients that look at them depend on that.
[[nodiscard]] std::string guessed_type(bytes_view body);

/// Cross-origin requests (flag --CORS). No allowed origins: nothing is checked and nothing added.
struct cors_request {
  std::string_view method, origin;
  bool asks_method = false;          ///< Access-Control-Request-Method is there,
  std::string_view wanted_method;    ///< and this is what it says.
  std::string_view wanted_headers;   ///< Access-Control-Request-Headers, separated by commas.
};
struct cors_verdict {
  std::optional<answer> done;  ///< The request ends here: a preflight, or a refused one.
  headers extra;               ///< Otherwise, these go with the answer.
};
[[nodiscard]] cors_verdict judge_cors(const std::vector<std::string>& allowed_origins, const cors_request& request);

}  // namespace weft::edge::translator
