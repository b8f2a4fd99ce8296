// The strings of one key in a golden JSON file, wherever they are in it: enough for policies.json, without a JSON reader.
#pragma once

#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/golden.hpp"

namespace weft::fuzz {

[[nodiscard]] inline std::vector<bytes> golden_strings(const std::string& path, const std::string& key) {
  const bytes json = golden_file(path);
  const std::string opening = "\"" + key + "\": \"";
  std::vector<bytes> out;
  for (auto at = json.find(opening); at != bytes::npos; at = json.find(opening, at)) {
    at += opening.size();
    bytes value;
    for (; at < json.size() && json[at] != '"'; ++at) {
      if (json[at] == '\\') ++at;  // only \" and \\ matter to a policy
      value += json[at];
    }
    out.push_back(std::move(value));
  }
  FUZZ_CHECK(!out.empty());
  return out;
}

}  // namespace weft::fuzz
