// The .tar.gz files that packages are made of. What is read is hostile, and bounded before it is looked at; what is written is the same in every build.
#pragma once

#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/base/bytes.hpp"

namespace weft::chaincode {

/// Archives that unpack to more than this are refused.
inline constexpr std::size_t archive_bytes_max = 64 * MiB;

/// Which files of an archive are wanted, and how large each may be.
struct wanted_file {
  std::string_view name;
  std::size_t bytes_max;
};
enum class file_names {
  exact,      ///< "connection.json" only.
  from_here,  ///< And "./connection.json", as `tar -C folder .` writes it.
};

/// The wanted files by name, those that are there; of two of one name the last. Entries that are no regular file, and files of other names, are
/// passed over. Takes gzip only, as Fabric does. Errors: `invalid_argument` that says what is malformed or too large.
[[nodiscard]] result<std::map<std::string, bytes, std::less<>>> read_archive(bytes_view tar_gz, const std::vector<wanted_file>& wanted, file_names names);

struct archived_file {
  std::string name;
  bytes content;
  bool executable = false;
};
/// All regular files below `folder` ("src"), with names from there on. Links and other entries are passed over; so is what lies elsewhere.
/// Errors: as read_archive; a name that leads out of the folder.
[[nodiscard]] result<std::vector<archived_file>> read_folder(bytes_view tar_gz, std::string_view folder);

/// Regular files, uncompressed, every date and owner zero: the same bytes for the same content, whatever the libraries' versions.
/// Requires names below 100 bytes.
[[nodiscard]] bytes write_archive(std::initializer_list<std::pair<std::string_view, std::string_view>> entries);

}  // namespace weft::chaincode
