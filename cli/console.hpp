// How the command talks: exit codes, aligned rows, bytes as people can read them.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/base/bytes.hpp"

namespace weft::cli {

/// What a script may rely on.
enum exit_code : int {
  exit_ok = 0,
  exit_failed = 1,       ///< A transaction failed, or a request was refused.
  exit_usage = 2,        ///< The command line is wrong.
  exit_unreachable = 3,  ///< No network answers.
};

/// Ends the verb that runs: `text` goes to stderr, the process exits with `code`. (Throws; caught in main.)
[[noreturn]] void quit(exit_code code, const std::string& text);
/// Ends the verb without a word.
[[noreturn]] void quit(exit_code code);

/// Flushes standard output. Why something that was printed did not arrive ("No space left on device"); empty when everything did.
[[nodiscard]] std::string output_failure();

/// Words behind `--` on the command line: arguments of a contract that look like options, such as -5. Filled by main before a verb runs.
[[nodiscard]] std::vector<std::string>& literal_words();

/// Rows of a name and a value; values are aligned, further lines of a value are indented like its first.
class rows {
 public:
  rows& add(std::string name, std::string value);
  /// Adds nothing when the value is empty.
  rows& add_some(std::string name, std::string value);
  [[nodiscard]] std::string text(std::size_t indent = 0) const;

 private:
  std::vector<std::pair<std::string, std::string>> rows_;
};

/// A table with a head; columns are aligned, the last one is not padded.
class table {
 public:
  explicit table(std::vector<std::string> head) { lines_.push_back(std::move(head)); }
  void add(std::vector<std::string> line) { lines_.push_back(std::move(line)); }
  [[nodiscard]] std::string text(std::size_t indent = 0) const;
  [[nodiscard]] bool empty() const noexcept { return lines_.size() < 2; }

 private:
  std::vector<std::vector<std::string>> lines_;
};

/// Text as it is when it is printable UTF-8; otherwise "0x…". At most `bytes_max` bytes, then "… (N bytes)".
[[nodiscard]] std::string show(bytes_view data, std::size_t bytes_max = 2'000);
/// First 16 digits of a hash, for lines where the rest would only be noise.
[[nodiscard]] std::string short_hash(bytes_view hash);
/// "1 block", "3 blocks".
[[nodiscard]] std::string count(std::uint64_t n, const std::string& noun);
/// "12 ms", "3.4 s", "2 min 5 s", "3 h 12 min".
[[nodiscard]] std::string show_duration(std::uint64_t milliseconds);

}  // namespace weft::cli
