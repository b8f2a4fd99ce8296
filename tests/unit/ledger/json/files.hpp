// Golden files, and the JSON that Fabric's tools made of them.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "config/base/bytes.hpp"

namespace weft::golden {

inline bytes file(const std::string& path) {
  std::ifstream in(std::string(WEFT_GOLDEN_DIR) + "/" + path, std::ios::binary);
  REQUIRE_MESSAGE(in.good(), path);
  return bytes(std::istreambuf_iterator<char>(in), {});
}

/// Files of a golden folder with that ending, as paths that `file` takes.
inline std::vector<std::string> files(const std::string& folder, const std::string& ending) {
  std::vector<std::string> out;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(WEFT_GOLDEN_DIR) + "/" + folder)) {
    const auto name = entry.path().filename().string();
    if (name.ends_with(ending)) out.push_back(folder + "/" + name);
  }
  std::sort(out.begin(), out.end());
  REQUIRE(!out.empty());
  return out;
}

}  // namespace weft::golden
