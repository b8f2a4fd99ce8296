// One member of a JSON object.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace weft::chaincode {

/// Empty when it is not there or is no text.
[[nodiscard]] inline std::string text_of(const nlohmann::json& object, const char* name) {
  const auto it = object.find(name);
  return it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
}

}  // namespace weft::chaincode
