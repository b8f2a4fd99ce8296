#include "edge/translator/answers.hpp"

#include <algorithm>
#include <cctype>

#include "common/configtx.pb.h"
#include "ledger/channel/compute_update.hpp"
#include "proto/encode.hpp"

namespace weft::edge::translator {

namespace {

constexpr const char* plain_text = "text/plain; charset=utf-8";

answer good(std::string body) {
  auto type = body.empty() ? std::string() : guessed_type(body);
  return {200, std::move(type), std::move(body), {}};
}

answer refuse(const error& e) {
  if (e.code == errc::not_found) return say(404, "message name not found");
  return say(400, e.context);
}

/// A file of the form as a Config, or Fabric's words for what is wrong with it.
result<::common::Config> config_in(const compute_form& form, const std::optional<bytes>& file) {
  if (!form.is_form) return fail(errc::invalid_argument, "error reading field bytes: request Content-Type isn't multipart/form-data");
  if (!file) return fail(errc::invalid_argument, "error reading field bytes: http: no such file");
  ::common::Config out;
  if (!proto::decode(*file, out)) return fail(errc::invalid_argument, "error unmarshaling field bytes: proto: cannot parse invalid wire-format data");
  return out;
}

std::string_view trimmed(std::string_view s) {
  while (!s.empty() && s.front() == ' ') s.remove_prefix(1);
  while (!s.empty() && s.back() == ' ') s.remove_suffix(1);
  return s;
}

/// "content-type" is "Content-Type".
std::string canonical(std::string_view name) {
  std::string out(name);
  bool first = true;
  for (auto& c : out) {
    const auto u = static_cast<unsigned char>(c);
    c = static_cast<char>(first ? std::toupper(u) : std::tolower(u));
    first = c == '-';
  }
  return out;
}

/// The wanted headers that have to be allowed by name; nothing if one is not allowed.
std::optional<std::string> allowed_headers(std::string_view wanted) {
  std::string out;
  while (!wanted.empty()) {
    const auto comma = std::min(wanted.find(','), wanted.size());
    const auto name = canonical(trimmed(wanted.substr(0, comma)));
    wanted.remove_prefix(std::min(comma + 1, wanted.size()));
    if (name.empty() || name == "Accept" || name == "Accept-Language" || name == "Content-Language" || name == "Origin") continue;
    if (name != "Content-Type") return {};
    out.append(out.empty() ? "" : ",").append(name);
  }
  return out;
}

}  // namespace

route route_of(std::string_view path) {
  if (path == "/configtxlator/compute/update-from-configs") return {route::target::compute, {}};
  for (const auto& [prefix, what] : {std::pair{std::string_view("/protolator/decode/"), route::target::decode},
                                     std::pair{std::string_view("/protolator/encode/"), route::target::encode}}) {
    if (!path.starts_with(prefix)) continue;
    const auto type = path.substr(prefix.size());
    if (!type.empty() && type.find('/') == type.npos) return {what, std::string(type)};
  }
  return {};
}

std::optional<answer> refuse_route(std::string_view method, std::string_view path) {
  if (route_of(path).what != route::target::none) return method == "POST" ? std::nullopt : std::optional(answer{405, {}, {}, {}});
  if (path.ends_with('/') && route_of(path.substr(0, path.size() - 1)).what != route::target::none)
    return answer{301, {}, {}, {{"Location", std::string(path.substr(0, path.size() - 1))}}};
  auto out = say(404, "404 page not found");
  out.extra.emplace("X-Content-Type-Options", "nosniff");
  return out;
}

answer say(int status, std::string text) { return {status, plain_text, std::move(text) + "\n", {}}; }

std::string guessed_type(bytes_view body) {
  const auto binary = [](char c) {
    const auto u = static_cast<unsigned char>(c);
    return u <= 0x08 || u == 0x0B || (u >= 0x0E && u <= 0x1A) || (u >= 0x1C && u <= 0x1F);
  };
  const auto looked_at = body.substr(0, 512);
  return std::any_of(looked_at.begin(), looked_at.end(), binary) ? "application/octet-stream" : plain_text;
}

answer decode(std::string_view type, bytes_view body, const ledger::json_limits& limits) {
  auto text = ledger::decode_to_json(type, body, limits);
  return text ? good(std::move(*text)) : refuse(text.error());
}

answer encode(std::string_view type, std::string_view body, const ledger::json_limits& limits) {
  auto data = ledger::encode_from_json(type, body, limits);
  return data ? good(std::move(*data)) : refuse(data.error());
}

answer compute(const compute_form& form) {
  const auto original = config_in(form, form.original);
  if (!original) return say(400, "Error with field 'original': " + original.error().context);
  const auto updated = config_in(form, form.updated);
  if (!updated) return say(400, "Error with field 'updated': " + updated.error().context);
  auto update = ledger::compute_update(*original, *updated);
  if (!update) return say(400, "Error computing update: " + update.error().context);
  update->set_channel_id(form.channel);
  return good(proto::encode(*update));
}

cors_verdict judge_cors(const std::vector<std::string>& allowed_origins, const cors_request& request) {
  cors_verdict out;
  if (allowed_origins.empty()) return out;
  const bool preflight = request.method == "OPTIONS";
  const auto any = std::find(allowed_origins.begin(), allowed_origins.end(), "*") != allowed_origins.end();
  const bool allowed = !request.origin.empty() && (any || std::find(allowed_origins.begin(), allowed_origins.end(), request.origin) != allowed_origins.end());
  if (!allowed) {
    if (preflight) out.done = answer{200, {}, {}, {}};  // without a header, which is a no to the browser
    return out;
  }
  if (preflight) {
    if (!request.asks_method) return {answer{400, {}, {}, {}}, {}};
    if (request.wanted_method != "POST") return {answer{405, {}, {}, {}}, {}};
    const auto names = allowed_headers(request.wanted_headers);
    if (!names) return {answer{403, {}, {}, {}}, {}};
    if (!names->empty()) out.extra["Access-Control-Allow-Headers"] = *names;
  }
  if (allowed_origins.size() > 1) out.extra["Vary"] = "Origin";
  out.extra["Access-Control-Allow-Origin"] = any ? "*" : std::string(request.origin);
  if (preflight) out.done = answer{200, {}, {}, out.extra};
  return out;
}

}  // namespace weft::edge::translator
