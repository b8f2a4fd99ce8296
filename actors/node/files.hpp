// Whole files and folders, as a node's material needs them.
#pragma once

#include <filesystem>

#include "config/base/bytes.hpp"
#include "config/base/result.hpp"

namespace weft::actors {

inline constexpr auto secret = std::filesystem::perms::owner_read | std::filesystem::perms::owner_write;
inline constexpr auto open_to_all = secret | std::filesystem::perms::group_read | std::filesystem::perms::others_read;

/// Errors: `io` naming the file.
[[nodiscard]] result<bytes> read_file(const std::filesystem::path& path);
/// Makes the folders above it. The mode holds before anything is in the file. Errors: `io` naming the file.
[[nodiscard]] result<void> write_file(const std::filesystem::path& path, bytes_view contents, std::filesystem::perms mode);
/// Makes the folders above `to`. Errors: `io`.
[[nodiscard]] result<void> copy_tree(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace weft::actors
