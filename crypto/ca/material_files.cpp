// The only place of crypto/ca that touches the disk.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <set>
#include <sstream>
#include <system_error>

#include "crypto/ca/network_material.hpp"

namespace weft::crypto {

namespace fs = std::filesystem;

namespace {

tl::unexpected<error> io_error(const fs::path& path, const std::error_code& why) { return fail(errc::io, path.string() + ": " + why.message()); }
std::error_code last_error() { return {errno, std::generic_category()}; }

result<void> make_folder(const fs::path& folder) {
  std::error_code why;
  fs::create_directories(folder, why);
  if (why) return io_error(folder, why);
  return {};
}

/// Creates the file with its mode from the first byte on, so that a key is never readable by others.
result<void> write_new(const fs::path& path, const material_file& file) {
  WEFT_CHECK(make_folder(path.parent_path()));
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, static_cast<mode_t>(file.mode));
  if (fd < 0) return io_error(path, last_error());
  bytes_view rest = file.contents;
  while (!rest.empty()) {
    const auto written = ::write(fd, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      const auto why = last_error();
      ::close(fd);
      return io_error(path, why);
    }
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::close(fd) != 0) return io_error(path, last_error());
  return {};
}

result<void> write_all(const fs::path& root, const network_material& material, const std::function<bool(const material_file&)>& wanted) {
  for (const auto& folder : material.empty_directories) WEFT_CHECK(make_folder(root / folder));
  for (const auto& file : material.files)
    if (wanted(file)) WEFT_CHECK(write_new(root / file.path, file));
  return {};
}

}  // namespace

existing_files files_below(fs::path root) {
  return [root = std::move(root)](const std::string& path) -> std::optional<bytes> {
    std::ifstream in(root / path, std::ios::binary);
    if (!in) return std::nullopt;
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
  };
}

namespace {

fs::path incoming_beside(const fs::path& root) {
  auto incoming = root.lexically_normal();
  if (!incoming.has_filename()) incoming = incoming.parent_path();  // "crypto/" names crypto
  incoming += ".incoming";
  return incoming;
}

/// Writes the whole tree into a sibling folder and lets `move` take it from there; nothing of the sibling is left.
result<void> write_beside(const fs::path& root, const network_material& material, const std::function<result<void>(const fs::path&)>& move) {
  const auto incoming = incoming_beside(root);
  std::error_code why;
  fs::remove_all(incoming, why);  // what an interrupted run left
  WEFT_CHECK(make_folder(incoming));
  auto written = write_all(incoming, material, [](const auto&) { return true; });
  if (written) written = move(incoming);
  fs::remove_all(incoming, why);
  return written;
}

result<void> move_to(const fs::path& from, const fs::path& to) {
  std::error_code why;
  fs::rename(from, to, why);
  if (why) return io_error(to, why);
  return {};
}

}  // namespace

result<void> write_files(const fs::path& root, const network_material& material) {
  std::error_code why;
  if (fs::exists(root, why) && !fs::is_empty(root, why)) return fail(errc::already_exists, root.string() + " is not empty");
  return write_beside(root, material, [&](const fs::path& incoming) { return move_to(incoming, root); });
}

result<void> add_organizations(const fs::path& root, const network_material& material) {
  std::set<std::string> folders;  // "peerOrganizations/org1.example.com"
  for (const auto& file : material.files) folders.insert(file.path.substr(0, file.path.find('/', file.path.find('/') + 1)));
  std::error_code why;
  for (const auto& folder : folders)
    if (fs::exists(root / folder, why)) return fail(errc::already_exists, (root / folder).string() + " exists");
  return write_beside(root, material, [&](const fs::path& incoming) -> result<void> {
    for (const auto& folder : folders) {
      WEFT_CHECK(make_folder((root / folder).parent_path()));
      WEFT_CHECK(move_to(incoming / folder, root / folder));
    }
    return {};
  });
}

result<void> add_files(const fs::path& root, const network_material& material) {
  const auto existing = files_below(root);
  for (const auto& file : material.files)
    if (const auto there = existing(file.path); there && *there != file.contents)
      return fail(errc::already_exists, (root / file.path).string() + " holds something else");
  return write_all(root, material, [&](const material_file& file) { return !existing(file.path); });
}

}  // namespace weft::crypto
