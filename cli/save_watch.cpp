#include "cli/save_watch.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace weft::cli {

namespace fs = std::filesystem;

namespace {

constexpr std::uint32_t events = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CREATE | IN_ONLYDIR;

bool watched_folder(const std::string& name) { return name != "node_modules" && !name.starts_with('.'); }

}  // namespace

bool matters_to_contracts(const std::string& name) {
  if (name.empty() || name.starts_with('.') || name.ends_with('~') || name == "4913") return false;  // vim tries whether it may write with a file of that name
  for (const auto* suffix : {".ts", ".tsx", ".map", ".md", ".log", ".swp", ".swx", ".tmp", ".tsbuildinfo"}) if (name.ends_with(suffix)) return false;
  return true;
}

result<save_watch> save_watch::open(const fs::path& path) {
  save_watch out;
  out.fd_ = ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  if (out.fd_ < 0) return fail(errc::io, std::string("cannot watch files: ") + std::strerror(errno));
  std::error_code ec;
  const auto real = fs::canonical(path, ec);
  if (ec) return fail(errc::io, "cannot watch " + path.string() + ": " + ec.message());
  const bool one_file = !fs::is_directory(real, ec);
  if (one_file) out.only_ = real.filename().string();
  if (one_file) WEFT_CHECK(out.add(real.parent_path()));
  if (!one_file) WEFT_CHECK(out.add(real));
  return out;
}

save_watch::save_watch(save_watch&& other) noexcept : fd_(std::exchange(other.fd_, -1)), only_(std::move(other.only_)), folders_(std::move(other.folders_)) {}

save_watch::~save_watch() {
  if (fd_ >= 0) ::close(fd_);
}

/// The folder, and those below it: inotify does not look there by itself.
result<void> save_watch::add(const fs::path& folder) {
  if (folders_.size() >= folders_max) return fail(errc::invalid_argument, "more than " + std::to_string(folders_max) + " folders to watch in " + folder.string());
  const int id = ::inotify_add_watch(fd_, folder.c_str(), events);
  if (id < 0) return fail(errc::io, "cannot watch " + folder.string() + ": " + std::strerror(errno) + (errno == ENOSPC ? " (fs.inotify.max_user_watches)" : ""));
  folders_[id] = folder;
  if (!only_.empty()) return {};
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(folder, ec)) {
    std::error_code ignored;
    if (entry.is_directory(ignored) && !entry.is_symlink(ignored) && watched_folder(entry.path().filename().string())) WEFT_CHECK(add(entry.path()));
  }
  return {};
}

std::string save_watch::take() {
  std::string changed;
  alignas(inotify_event) std::array<char, 16 * KiB> buffer;
  for (;;) {
    const auto n = ::read(fd_, buffer.data(), buffer.size());
    if (n <= 0) return changed;
    for (std::size_t at = 0; at < static_cast<std::size_t>(n);) {
      inotify_event e{};
      std::memcpy(&e, buffer.data() + at, sizeof e);
      const std::string name = e.len > 0 ? buffer.data() + at + sizeof e : "";
      at += sizeof e + e.len;
      const auto folder = folders_.find(e.wd);
      if (folder == folders_.end()) continue;
      if ((e.mask & IN_IGNORED) != 0) {
        folders_.erase(folder);
        continue;
      }
      if ((e.mask & IN_ISDIR) != 0) {
        const auto path = folder->second / name;
        if (only_.empty() && (e.mask & (IN_CREATE | IN_MOVED_TO)) != 0 && watched_folder(name) && add(path)) changed = path.string();
        continue;
      }
      if ((e.mask & IN_CREATE) != 0) continue;  // nothing is in it yet; closing it tells
      if (only_.empty() ? matters_to_contracts(name) : name == only_) changed = (folder->second / name).string();
    }
  }
}

}  // namespace weft::cli
