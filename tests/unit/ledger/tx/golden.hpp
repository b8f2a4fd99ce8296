// Reads tests/golden: files as bytes, vectors.json as a tree.
#pragma once

#include <doctest/doctest.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "config/base/bytes.hpp"

namespace weft::golden {

using json = google::protobuf::Value;

inline bytes file(const std::string& path) {
  std::ifstream in(std::string(WEFT_GOLDEN_DIR) + "/" + path, std::ios::binary);
  REQUIRE_MESSAGE(in.good(), path);
  return bytes(std::istreambuf_iterator<char>(in), {});
}

inline const json& at(const json& object, const std::string& key) {
  const auto& fields = object.struct_value().fields();
  REQUIRE_MESSAGE(fields.contains(key), key);
  return fields.at(key);
}
inline const json& at(const json& object, const std::string& key, const std::string& inner) { return at(at(object, key), inner); }
inline bool has(const json& object, const std::string& key) { return object.struct_value().fields().contains(key); }
inline const auto& items(const json& list) { return list.list_value().values(); }
inline const std::string& text(const json& object, const std::string& key) { return at(object, key).string_value(); }
inline std::uint64_t number(const json& object, const std::string& key) { return static_cast<std::uint64_t>(at(object, key).number_value()); }

/// vectors.json: values recomputed from the golden files outside Fabric.
inline const json& vectors() {
  static const json tree = [] {
    json v;
    const auto status = google::protobuf::util::JsonStringToMessage(file("vectors.json"), &v);
    REQUIRE_MESSAGE(status.ok(), status.ToString());
    return v;
  }();
  return tree;
}

inline bytes hex(const std::string& digits) {
  auto out = from_hex(digits);
  REQUIRE(out.has_value());
  return *out;
}

/// Path of block `n` of a channel; genesis lies elsewhere.
inline std::string block_path(const std::string& channel, std::uint64_t n) {
  return n == 0 ? "config/" + channel + ".genesis.block" : "blocks/" + channel + "." + std::to_string(n) + ".block";
}

/// Every golden block, by path.
inline const std::map<std::string, bytes>& all_blocks() {
  static const auto blocks = [] {
    std::map<std::string, bytes> out;
    for (const char* folder : {"blocks", "config"})
      for (const auto& entry : std::filesystem::directory_iterator(std::string(WEFT_GOLDEN_DIR) + "/" + folder))
        if (entry.path().extension() == ".block") {
          const auto path = std::string(folder) + "/" + entry.path().filename().string();
          out[path] = file(path);
        }
    REQUIRE(out.size() == 42);
    return out;
  }();
  return blocks;
}

}  // namespace weft::golden
