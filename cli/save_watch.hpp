// Notices that somebody saved a contract: a folder with all that is below it, or one file.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "config/base/bytes.hpp"

namespace weft::cli {

/// Used by one thread.
class save_watch {
 public:
  static constexpr std::size_t folders_max = 4'096;
  /// Folders of installed packages and hidden ones are not watched. Errors: `io`, `invalid_argument` for more folders than `folders_max`.
  [[nodiscard]] static result<save_watch> open(const std::filesystem::path& path);
  save_watch(save_watch&& other) noexcept;
  save_watch& operator=(save_watch&&) = delete;
  ~save_watch();

  /// Readable when something happened.
  [[nodiscard]] int fd() const noexcept { return fd_; }
  /// Takes what has happened; the file that was changed, or nothing when none of it matters to a running contract (sources that have to be compiled first,
  /// notes, logs, an editor's own files).
  [[nodiscard]] std::string take();

 private:
  save_watch() = default;
  result<void> add(const std::filesystem::path& folder);

  int fd_ = -1;
  std::string only_;  ///< A file's name; empty: everything.
  std::map<int, std::filesystem::path> folders_;
};

/// Whether a running contract would notice that a file of this name is another one.
[[nodiscard]] bool matters_to_contracts(const std::string& file_name);

}  // namespace weft::cli
