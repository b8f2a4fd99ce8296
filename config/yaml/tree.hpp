// Private to config/yaml: a document as a tree of nodes by number.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "config/yaml/document.hpp"

namespace weft::config::yaml {

struct tree_node {
  enum class kind : std::uint8_t { null, scalar, list, map } what = kind::null;
  std::size_t line = 0, column = 0;
  std::string text;                                ///< Of a scalar.
  std::vector<int> items;                          ///< Of a list.
  std::vector<std::pair<int, int>> entries;        ///< Of a map: key and value, in order; merged ones behind its own.
  std::string origin;                              ///< Of a replacement.
};

struct document_state {
  options rules;
  std::vector<tree_node> nodes;
  int root = -1;
  std::vector<problem> problems;
  std::map<std::string, int> replaced;  ///< By path: the node that stands there instead, or the one that stood there.
  std::size_t untold = 0;  ///< Problems beyond problems_max, and the worst of them.
  problem::severity untold_how = problem::severity::warning;

  void note(problem p) {
    if (problems.size() < problems_max) {
      problems.push_back(std::move(p));
    } else {
      ++untold;
      if (p.is_error()) untold_how = problem::severity::error;
    }
  }
  /// What keys are compared by: themselves, or in lower case.
  [[nodiscard]] std::string plain_key(std::string_view key) const;
  /// The node at a path: `child`, or what replaces it. It stands where `key` does.
  [[nodiscard]] int standing(const std::string& path, int key, int child);
};

/// Fills nodes and root, or notes why not. The only function that knows the YAML library.
void parse_into(document_state& s, std::string_view text);

}  // namespace weft::config::yaml
