// One network a folder: the lock on `<folder>/weft.lock`, and who holds it.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <optional>

#include "config/base/result.hpp"

namespace weft::actors {

/// Holds a folder's lock as long as it lives; the kernel gives it up when the process ends, however that happens.
class folder_lock {
 public:
  /// Makes the folder if need be and writes the process's id into the lock file. Errors: `already_exists` when another process holds it, `io`.
  [[nodiscard]] static result<std::shared_ptr<folder_lock>> take(const std::filesystem::path& folder);
  explicit folder_lock(int fd) : fd_(fd) {}
  ~folder_lock();
  folder_lock(const folder_lock&) = delete;
  folder_lock& operator=(const folder_lock&) = delete;

 private:
  int fd_;
};

/// The process that runs a network in the folder: the one that the lock file names, if the kernel says that it does hold the lock.
/// Takes no lock itself, so that it never is in the way of a start.
[[nodiscard]] std::optional<pid_t> lock_holder(const std::filesystem::path& folder);

/// Somebody has stopped the process (SIGSTOP, a debugger): it answers nothing until it goes on.
[[nodiscard]] bool process_stands_still(pid_t pid);

}  // namespace weft::actors
