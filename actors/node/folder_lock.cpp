#include "actors/node/folder_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>

namespace weft::actors {

namespace fs = std::filesystem;

namespace {

fs::path lock_path(const fs::path& folder) { return folder / "weft.lock"; }

/// A line of /proc/locks: "7: FLOCK  ADVISORY  WRITE 4711 fe:00:1835059 0 EOF". The device is not compared: some file systems show two.
bool is_lock_of(const std::string& line, pid_t pid, ino_t inode) {
  std::istringstream in(line);
  std::string number, kind, mode, access, place;
  pid_t owner = 0;
  if (!(in >> number >> kind >> mode >> access >> owner >> place)) return false;
  const auto colon = place.rfind(':');
  return kind == "FLOCK" && owner == pid && colon != std::string::npos && place.substr(colon + 1) == std::to_string(inode);
}

}  // namespace

result<std::shared_ptr<folder_lock>> folder_lock::take(const fs::path& folder) {
  std::error_code ec;
  fs::create_directories(folder, ec);
  if (ec) return fail(errc::io, "cannot create " + folder.string() + ": " + ec.message());
  const auto path = lock_path(folder);
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return fail(errc::io, "cannot open " + path.string() + ": " + std::strerror(errno));
  auto held = std::make_shared<folder_lock>(fd);
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    const auto who = lock_holder(folder);
    return fail(errc::already_exists, "a network is running in " + folder.string() + " already" + (who ? " (process " + std::to_string(*who) + ")" : "") +
                                          "; stop it with `weft down --dir " + folder.string() + "`, or choose another folder with --dir");
  }
  const auto pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(fd, 0) == 0) static_cast<void>(!::pwrite(fd, pid.data(), pid.size(), 0));  // on a full disk the lock holds all the same
  return held;
}

folder_lock::~folder_lock() { ::close(fd_); }

std::optional<pid_t> lock_holder(const fs::path& folder) {
  struct ::stat at {};
  pid_t pid = 0;
  if (::stat(lock_path(folder).c_str(), &at) != 0 || !(std::ifstream(lock_path(folder)) >> pid) || pid <= 0) return std::nullopt;
  std::ifstream locks("/proc/locks");
  for (std::string line; std::getline(locks, line);) if (is_lock_of(line, pid, at.st_ino)) return pid;
  return std::nullopt;
}

bool process_stands_still(pid_t pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/stat");  // "4711 (name, which may hold anything) T …"
  std::string line;
  if (!std::getline(in, line)) return false;
  const auto name_end = line.rfind(") ");
  if (name_end == std::string::npos || name_end + 2 >= line.size()) return false;
  const char state = line[name_end + 2];
  return state == 'T' || state == 't';
}

}  // namespace weft::actors
