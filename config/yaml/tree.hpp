// Private to config/yaml: a document as a tree of nodes by number.
#pragma once

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
};

struct document_state {
  options rules;
  std::vector<tree_node> nodes;
  int root = -1;
  std::vector<problem> problems;
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
};

/// Fills nodes and root, or notes why not. The only function that knows the YAML library.
void parse_into(document_state& s, std::string_view text);

}  // namespace weft::config::yaml
