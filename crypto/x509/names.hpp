// Distinguished names as text, for people. For the .cpp files of crypto/ only.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/base/bytes.hpp"

namespace weft::crypto {

struct parsed_name {
  bytes der;
  std::string text;  ///< RFC 2253: most specific first, special and control characters escaped.
  std::string common_name;
  std::vector<std::string> organizational_units;
};

/// From DER. Nothing if it is no name, or an attribute's string is malformed.
[[nodiscard]] std::optional<parsed_name> parse_name(bytes_view der);

}  // namespace weft::crypto
