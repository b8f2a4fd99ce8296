// What a contract's process says: into a file that is turned over when it is full, and its last lines in memory, for error texts.
#pragma once

#include <deque>
#include <filesystem>
#include <string>

#include "config/base/bytes.hpp"

namespace weft::chaincode {

enum class output_stream { output, errors };

/// The last lines of a stream, each cut where it is too long.
class last_lines {
 public:
  static constexpr std::size_t lines_max = 20, line_bytes_max = 400;
  void add(bytes_view data);
  [[nodiscard]] bool empty() const noexcept { return lines_.empty() && open_.empty(); }
  /// With newlines between them, none at the end. Bytes that are no printable text are shown as '?'.
  [[nodiscard]] std::string text() const;

 private:
  std::deque<std::string> lines_;
  std::string open_;  ///< The line that has no end yet.
};

/// "NAME.log", and what was before it in "NAME.log.1". A file that cannot be written loses text, and keeps nobody from running.
/// Threads: one at a time.
class output_log {
 public:
  static constexpr std::size_t file_bytes_max = 4 * MiB;
  explicit output_log(std::filesystem::path file);
  output_log(const output_log&) = delete;
  output_log& operator=(const output_log&) = delete;
  ~output_log();

  void add(output_stream from, bytes_view data);
  /// A line of ours between those of the process.
  void note(const std::string& text);
  /// A new process: its lines are told apart from those of the one before, which are shown as long as it has said nothing.
  void begin();
  /// What it said last: on standard error, else on standard output; of the process before when this one was silent.
  [[nodiscard]] std::string last() const;
  [[nodiscard]] const std::filesystem::path& file() const noexcept { return file_; }

 private:
  struct said {
    last_lines output, errors;
    [[nodiscard]] std::string text() const { return (errors.empty() ? output : errors).text(); }
  };
  void write(bytes_view data);
  void open();

  std::filesystem::path file_;
  int fd_ = -1;
  std::size_t size_ = 0;
  said now_, before_;
};

}  // namespace weft::chaincode
