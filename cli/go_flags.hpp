// A command line as Go's `flag` package reads it, for tools that people call as they call Fabric's: one dash or two, "-f v" or "-f=v".
#pragma once

#include <string>
#include <vector>

#include "config/base/result.hpp"

namespace weft::cli {

class go_flags {
 public:
  /// `into` keeps its value when the flag is not given; it is borrowed until `parse` returns.
  void add(std::string name, std::string* into, std::string help);
  void add(std::string name, bool* into, std::string help);

  enum class outcome : std::uint8_t { parsed, help };  ///< help: -h or -help was asked for.
  /// Errors: `invalid_argument` in Go's words ("flag provided but not defined: -x"), with the flag that was meant. Unlike Go, words that
  /// belong to no flag are refused: Go passes over them and every flag behind them.
  [[nodiscard]] result<outcome> parse(const std::vector<std::string>& words);

  /// All flags by name, as Go prints them.
  [[nodiscard]] std::string usage() const;

 private:
  struct flag {
    std::string name, help;
    std::string* text = nullptr;
    bool* on = nullptr;
  };
  [[nodiscard]] const flag* find(const std::string& name) const;
  std::vector<flag> flags_;
};

}  // namespace weft::cli
