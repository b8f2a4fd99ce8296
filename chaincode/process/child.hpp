// A child process that cannot outlive us, with pipes for what it says. Made for processes with many threads: nothing runs between fork and exec that
// could wait for another thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/base/bytes.hpp"

namespace weft::chaincode {

struct child_spec {
  std::vector<std::string> command_line;  ///< The program's path first; no shell.
  std::vector<std::string> environment;   ///< All of it, "NAME=value".
  std::string folder;                     ///< Where it runs.
  bool gated = false;                     ///< Its input is a pipe on which one byte comes when it shall go on, instead of /dev/null.
};

/// Owns the process: the destructor kills its group and waits for it. One thread at a time; and the thread that started it has to live as long,
/// because the kernel kills the child when that thread ends.
class child {
 public:
  /// In a session and group of its own, with /dev/null for input (unless it is gated), no other open files, default signals. Errors: `io` with the system's reason, also
  /// when the program cannot be executed.
  [[nodiscard]] static result<child> start(const child_spec& spec);

  child(child&& other) noexcept;
  child& operator=(child&& other) noexcept;
  ~child();

  [[nodiscard]] int pid() const noexcept { return pid_; }
  [[nodiscard]] int ended() const noexcept { return ended_; }    ///< Readable once the process has ended.
  [[nodiscard]] int output() const noexcept { return output_; }  ///< Its standard output, not blocking.
  [[nodiscard]] int errors() const noexcept { return errors_; }  ///< Its standard error, not blocking.
  /// Lets one that is gated go on. Its input is at its end then.
  void open_gate() noexcept;
  /// To every process of its group. Harmless when there is none left.
  void signal(int number) const noexcept;
  /// How it ended ("exited with 1", "killed by signal 9 (Killed)"), once it has. What is left of its group is killed then: it would keep the port.
  [[nodiscard]] std::optional<std::string> reap();

 private:
  child() = default;
  void close_all() noexcept;

  int pid_ = -1, ended_ = -1, output_ = -1, errors_ = -1, gate_ = -1;
  bool reaped_ = false;
};

}  // namespace weft::chaincode
