// Arguments of contracts that are JSON arrays.
#pragma once

#include <string>

namespace weft::cli {

/// A word in brackets that CLI11 shall not take for a list of its own and split at commas; and back. Other words stay as they are.
[[nodiscard]] inline std::string shield_brackets(std::string word) {
  if (word.size() >= 2 && word.front() == '[' && word.back() == ']') word.push_back('\x1f');  // which nobody types
  return word;
}
[[nodiscard]] inline std::string unshield_brackets(std::string word) {
  if (word.size() >= 3 && word.front() == '[' && word.back() == '\x1f') word.pop_back();
  return word;
}

}  // namespace weft::cli
