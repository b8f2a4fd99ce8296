#include "actors/remoting/shared_roles.hpp"

#include <algorithm>

namespace weft::actors::remoting {

namespace {

bool printable(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

}  // namespace

std::optional<std::string_view> member_of_shared(std::string_view name) {
  const auto slash = name.find('/');
  if (name.size() > role_name_max || slash == std::string_view::npos || slash == 0 || !printable(name)) return std::nullopt;
  auto role = name.substr(slash + 1);
  if (role.starts_with("consenter/")) {
    role.remove_prefix(10);
    return !role.empty() && role.find('/') == std::string_view::npos ? std::optional(name.substr(0, slash)) : std::nullopt;
  }
  const bool shared = role == "endorser" || role == "orderer" || role == "deliver";
  return shared ? std::optional(name.substr(0, slash)) : std::nullopt;
}

}  // namespace weft::actors::remoting
