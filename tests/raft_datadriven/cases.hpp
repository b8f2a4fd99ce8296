// Files of data-driven cases: blocks of a command, its input, and what it must print.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/base/result.hpp"

namespace weft::datadriven {

/// `key`, `key=value` or `key=(v1,v2)`.
struct argument {
  std::string key;
  std::vector<std::string> values;
};

struct block {
  std::string file;
  int line = 0;  ///< Of the command.
  std::string command;
  std::vector<argument> arguments;
  std::string input;
  std::string expected;

  /// Arguments without a value, in order.
  [[nodiscard]] std::vector<std::string> words() const;
  [[nodiscard]] const argument* find(std::string_view key) const;
};

/// Errors: `invalid_argument` with file and line.
result<std::vector<block>> parse(const std::string& file, std::string_view text);
/// Splits one line into command and arguments. Errors: `invalid_argument`.
result<block> parse_line(std::string_view line);

/// Lines of `text` without the last line break.
std::vector<std::string> lines(std::string_view text);
/// Without what a log wrote; nothing left is "ok".
std::string loosely(std::string_view text);
/// `-` expected and `+` printed lines, between equal ones.
std::string difference(std::string_view expected, std::string_view actual);

}  // namespace weft::datadriven
