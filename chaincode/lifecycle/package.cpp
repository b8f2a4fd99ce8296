#include "chaincode/lifecycle/package.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "chaincode/lifecycle/archive.hpp"
#include "config/base/assert.hpp"
#include "crypto/hash/sha256.hpp"

namespace weft::chaincode {
namespace {

using nlohmann::json;

static_assert(package_bytes_max == archive_bytes_max);
constexpr std::size_t metadata_bytes_max = 64 * KiB;  // a JSON text of brackets takes a hundred times its size in memory
constexpr std::string_view metadata_file = "metadata.json", code_file = "code.tar.gz", connection_file = "connection.json";

tl::unexpected<error> bad_package(const std::string& why) {
  return fail(errc::invalid_argument, "could not parse as a chaincode install package: " + why);
}

/// "{{ .peername }}_cc:9999" with the values put in. The rest of Go's templates is not for addresses.
result<std::string> fill_in(std::string_view text, const template_values& values) {
  std::string out;
  for (;;) {
    const auto open = text.find("{{");
    out.append(text.substr(0, open));
    if (open == std::string_view::npos) return out;
    const auto close = text.find("}}", open);
    auto name = text.substr(open + 2, close == std::string_view::npos ? close : close - open - 2);
    while (name.starts_with(' ')) name.remove_prefix(1);
    while (name.ends_with(' ')) name.remove_suffix(1);
    const auto value = close != std::string_view::npos && name.starts_with('.') ? values.find(name.substr(1)) : values.end();
    if (value == values.end()) {
      std::string known;
      for (const auto& [n, v] : values) known.append(known.empty() ? "{{." : ", {{.").append(n).append("}}");
      return fail(errc::invalid_argument, "connection.json: no value for the template '" + std::string(text.substr(open, 100)) + "'; there are: " +
                                              (known.empty() ? "none" : known));
    }
    out.append(value->second);
    text.remove_prefix(close + 2);
  }
}

bytes package_of(const json& metadata, std::string_view inner_name, const json& inner) {
  const bytes code = write_archive({{inner_name, inner.dump()}});
  return write_archive({{metadata_file, metadata.dump()}, {code_file, code}});
}

}  // namespace

bool valid_label(std::string_view label) {
  const auto alphanumeric = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return !label.empty() && alphanumeric(label.front()) && std::all_of(label.begin(), label.end(), [&](char c) {
    return alphanumeric(c) || c == '_' || c == '.' || c == '+' || c == '-';
  });
}

result<chaincode_package> parse_package(bytes_view package_tar_gz) {
  auto files = read_archive(package_tar_gz, {{metadata_file, metadata_bytes_max}, {code_file, package_bytes_max}}, file_names::exact);
  if (!files) return files.error().code == errc::invalid_argument ? bad_package(files.error().context) : fail(files.error());
  const auto code = files->find(code_file), metadata = files->find(metadata_file);
  if (code == files->end()) return bad_package("did not find a code package inside the package");
  if (metadata == files->end()) return bad_package("did not find any package metadata (missing metadata.json)");
  chaincode_package out;
  try {
    const auto parsed = json::parse(metadata->second);
    out.path = parsed.value("path", "");
    out.type = parsed.value("type", "");
    out.label = parsed.value("label", "");
  } catch (const json::exception& e) {
    return bad_package(std::string("could not unmarshal metadata.json as json: ") + e.what());
  }
  if (!valid_label(out.label)) {
    return bad_package("invalid label '" + out.label +
                     "'. Label must be non-empty, can only consist of alphanumerics, symbols from '.+-_', and can only begin with alphanumerics");
  }
  out.code = std::move(code->second);
  return out;
}

template_values builder_values(std::string_view peer, const char* config) {
  template_values out{{"peername", std::string(peer)}};
  const auto given = json::parse(config ? config : "", nullptr, false);
  if (!given.is_object()) return out;
  for (const auto& [name, value] : given.items()) if (value.is_string()) out[name] = value.get<std::string>();
  return out;
}

result<std::optional<connection>> service_of(const chaincode_package& p, const template_values& values) {
  auto files = read_archive(p.code, {{connection_file, connection_bytes_max}}, file_names::from_here);
  if (!files) return fail(within("code.tar.gz", files.error()));
  const auto found = files->find(connection_file);
  if (found == files->end()) return std::nullopt;
  WEFT_TRY(auto c, parse_connection(found->second));
  WEFT_TRY(c.address, fill_in(c.address, values));
  if (!c.tls_required) return c;
  WEFT_TRY(c.root_cert, fill_in(c.root_cert, values));
  WEFT_TRY(c.client_cert, fill_in(c.client_cert, values));
  WEFT_TRY(c.client_key, fill_in(c.client_key, values));
  return c;
}

std::string package_id(std::string_view label, bytes_view package_tar_gz) {
  return std::string(label) + ":" + to_hex(crypto::view(crypto::sha256(package_tar_gz)));
}

bytes make_native_package(std::string_view contract, std::string_view label) {
  WEFT_ASSERT(valid_label(label), "a package label that Fabric would refuse");
  return package_of({{"path", contract}, {"type", native_type}, {"label", label}}, "native.json", {{"contract", contract}});
}

bytes make_service_package(const connection& c, std::string_view label) {
  WEFT_ASSERT(valid_label(label), "a package label that Fabric would refuse");
  json inner{{"address", c.address}, {"dial_timeout", std::to_string(c.dial_timeout.count()) + "ms"}, {"tls_required", c.tls_required}};
  if (c.tls_required) inner["root_cert"] = c.root_cert;
  if (c.tls_required && c.client_auth_required) {
    inner["client_auth_required"] = true;
    inner["client_cert"] = c.client_cert;
    inner["client_key"] = c.client_key;
  }
  return package_of({{"path", ""}, {"type", service_type}, {"label", label}}, connection_file, inner);
}

}  // namespace weft::chaincode
