#include "chaincode/lifecycle/connection.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "config/yaml/scalars.hpp"

namespace weft::chaincode {
namespace {

using nlohmann::json;

constexpr std::chrono::nanoseconds dial_timeout_max = std::chrono::hours(1);

tl::unexpected<error> bad_connection(const std::string& why) { return fail(errc::invalid_argument, "connection.json: " + why); }

result<void> read(const json& from, const char* name, std::string& into) {
  const auto it = from.find(name);
  if (it == from.end() || it->is_null()) return {};
  if (!it->is_string()) return bad_connection(std::string(name) + " must be a text");
  into = it->get<std::string>();
  return {};
}

result<void> read(const json& from, const char* name, bool& into) {
  const auto it = from.find(name);
  if (it == from.end() || it->is_null()) return {};
  if (!it->is_boolean()) return bad_connection(std::string(name) + " must be true or false");
  into = it->get<bool>();
  return {};
}

result<void> read_dial_timeout(const json& from, std::chrono::milliseconds& into) {
  const auto it = from.find("dial_timeout");
  if (it == from.end() || it->is_null()) return {};
  std::optional<std::chrono::nanoseconds> value;
  if (it->is_string()) value = config::parse_go_duration(it->get<std::string>());
  if (it->is_number()) {
    const double nanos = it->get<double>();  // Go takes "1e9" for a number too
    if (nanos >= 0 && nanos <= static_cast<double>(dial_timeout_max.count())) value = std::chrono::nanoseconds(static_cast<std::int64_t>(nanos));
  }
  if (!value || value->count() < 0 || *value > dial_timeout_max) {
    return bad_connection("dial_timeout must be a duration as \"10s\" or a number of nanoseconds, at most an hour");
  }
  if (value->count() > 0) into = std::max(std::chrono::ceil<std::chrono::milliseconds>(*value), std::chrono::milliseconds(1));
  return {};
}

result<void> check_address(const std::string& address) {
  if (address.empty()) return bad_connection("chaincode address not provided");
  const auto colon = address.rfind(':');
  const auto port = colon == std::string::npos ? std::nullopt : config::parse_unsigned(address.substr(colon + 1));
  const auto host = address.substr(0, colon);
  // Not a name of gRPC's own, such as unix:/path:1 or dns://server/name:1. Templates may have spaces, and are filled in later.
  const bool is_url = host.find('/') != std::string::npos || (host.find(':') != std::string::npos && !(host.starts_with('[') && host.ends_with(']')));
  const bool has_control = std::any_of(host.begin(), host.end(), [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; });
  if (!port || *port == 0 || *port > 65'535 || colon == 0 || is_url || has_control) return bad_connection("address '" + address + "' must be host:port, as \"localhost:9999\"");
  return {};
}

result<void> check_tls(const connection& c) {
  if (!c.tls_required) return {};
  if (c.root_cert.empty()) return bad_connection("tls_required needs root_cert, the certificate that the service's was signed by");
  if (!c.client_auth_required) return {};
  if (c.client_key.empty()) return bad_connection("client_auth_required needs client_key");
  if (c.client_cert.empty()) return bad_connection("client_auth_required needs client_cert");
  return {};
}

result<connection> from_object(const json& object) {
  connection out;
  WEFT_CHECK(read(object, "address", out.address));
  WEFT_CHECK(read_dial_timeout(object, out.dial_timeout));
  WEFT_CHECK(read(object, "tls_required", out.tls_required));
  WEFT_CHECK(read(object, "client_auth_required", out.client_auth_required));
  WEFT_CHECK(read(object, "client_key", out.client_key));
  WEFT_CHECK(read(object, "client_cert", out.client_cert));
  WEFT_CHECK(read(object, "root_cert", out.root_cert));
  WEFT_CHECK(check_address(out.address));
  WEFT_CHECK(check_tls(out));
  return out;
}

}  // namespace

result<connection> parse_connection(bytes_view text) {
  if (text.size() > connection_bytes_max) return bad_connection("larger than " + std::to_string(connection_bytes_max / KiB) + " KiB");
  const auto object = json::parse(text, nullptr, false);
  if (!object.is_object()) return bad_connection("is no JSON object");
  return from_object(object);
}

}  // namespace weft::chaincode
