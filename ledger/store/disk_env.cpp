// The real disk. Every error says which path and what the system said.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <system_error>

#include "ledger/store/env.hpp"

namespace weft::ledger {
namespace {

// The suffix of a file that replace() has not finished; such a leftover means nothing and is written over.
constexpr std::string_view unfinished = ".new";

tl::unexpected<error> refused(const std::string& what, const std::string& path, int code) {
  const bool full = code == ENOSPC || code == EDQUOT;
  return fail(errc::io, what + " " + path + ": " + std::generic_category().message(code) + (full ? "; free some space there" : ""));
}

class descriptor {
 public:
  explicit descriptor(int fd) : fd_(fd) {}
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  ~descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

// Writes all of `data` at `offset`; 0 or the errno. A short write is not an error yet: the next one tells why.
int write_all(int fd, bytes_view data, std::uint64_t offset) {
  while (!data.empty()) {
    const ssize_t n = ::pwrite(fd, data.data(), data.size(), static_cast<off_t>(offset));
    if (n < 0) {
      if (errno == EINTR) continue;
      return errno;
    }
    if (n == 0) return ENOSPC;
    data.remove_prefix(static_cast<std::size_t>(n));
    offset += static_cast<std::uint64_t>(n);
  }
  return 0;
}

// The same for pieces, as many a call as the system takes.
int write_pieces(int fd, std::span<const bytes_view> pieces, std::uint64_t offset) {
  constexpr std::size_t pieces_max = 256;
  std::array<iovec, pieces_max> parts;
  while (!pieces.empty()) {
    const auto now = pieces.first(std::min(pieces.size(), pieces_max));
    std::size_t size = 0;
    for (std::size_t i = 0; i < now.size(); ++i) {
      parts[i] = {const_cast<char*>(now[i].data()), now[i].size()};  // NOLINT: the interface is the same for reading
      size += now[i].size();
    }
    const ssize_t n = ::pwritev(fd, parts.data(), static_cast<int>(now.size()), static_cast<off_t>(offset));
    if (n < 0 && errno != EINTR) return errno;
    auto done = n < 0 ? std::size_t{0} : static_cast<std::size_t>(n);
    if (done < size) {  // the rest one by one: interrupted, or the disk is full and the next call says so
      for (const auto& p : now) {
        const auto had = std::min(done, p.size());
        done -= had;
        if (const int code = write_all(fd, p.substr(had), offset + had); code != 0) return code;
        offset += p.size();
      }
    } else {
      offset += size;
    }
    pieces = pieces.subspan(now.size());
  }
  return 0;
}

int truncate_to(int fd, std::uint64_t size) {
  int rc = 0;
  do rc = ::ftruncate(fd, static_cast<off_t>(size));
  while (rc != 0 && errno == EINTR);
  return rc == 0 ? 0 : errno;
}

class disk_file final : public file {
 public:
  disk_file(int fd, std::string path, std::uint64_t size, durability d) : fd_(fd), path_(std::move(path)), size_(size), durability_(d) {}

  result<void> append_pieces(std::span<const bytes_view> pieces) override {
    const std::uint64_t at = size_;
    std::uint64_t size = 0;
    for (const auto& p : pieces) size += p.size();
    const int code = write_pieces(fd_.get(), pieces, at);
    if (code == 0) {
      size_ = at + size;
      return {};
    }
    if (const int cut = truncate_to(fd_.get(), at); cut != 0)
      return refused("cannot append to, nor cut back to its last whole record,", path_, cut);
    return refused("cannot append to", path_, code);
  }

  result<void> sync() override {
    if (durability_ == durability::off) return {};
    // Not repeated on failure: the kernel may have dropped the pages already, and a second call would claim success.
    if (::fdatasync(fd_.get()) != 0) return refused("cannot sync", path_, errno);
    return {};
  }

  result<bytes> read(std::uint64_t offset, std::size_t count) const override {
    const std::uint64_t end = size_;
    bytes out(offset >= end ? 0 : static_cast<std::size_t>(std::min<std::uint64_t>(count, end - offset)), '\0');
    std::size_t done = 0;
    while (done < out.size()) {
      const ssize_t n = ::pread(fd_.get(), out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return refused("cannot read", path_, errno);
      if (n == 0) break;  // somebody else shortened the file
      done += static_cast<std::size_t>(n);
    }
    out.resize(done);
    return out;
  }

  std::uint64_t size() const override { return size_; }

  result<void> truncate(std::uint64_t size) override {
    if (const int code = truncate_to(fd_.get(), size); code != 0) return refused("cannot shorten", path_, code);
    size_ = size;
    return {};
  }

 private:
  descriptor fd_;
  std::string path_;
  std::atomic<std::uint64_t> size_;
  durability durability_;
};

class disk_env final : public env {
 public:
  disk_env(int folder, std::string path, durability d) : folder_(folder), path_(std::move(path)), durability_(d) {}

  result<std::unique_ptr<file>> open(const std::string& name) override {
    WEFT_CHECK(check_name(name));
    int fd = ::openat(folder_.get(), name.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && errno == ENOENT) {
      fd = ::openat(folder_.get(), name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
      if (fd >= 0)
        if (auto synced = sync_folder(); !synced) {
          ::close(fd);
          return fail(std::move(synced).error());
        }
    }
    if (fd < 0 && (errno == EACCES || errno == EROFS || errno == EPERM)) {
      const int why = errno;
      fd = ::openat(folder_.get(), name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);  // reads go on; an append says what is wrong
      if (fd < 0) errno = why;
    }
    if (fd < 0) return refused("cannot open", in(name), errno);
    struct stat info {};
    if (::fstat(fd, &info) != 0) {
      const int code = errno;
      ::close(fd);
      return refused("cannot look at", in(name), code);
    }
    return std::make_unique<disk_file>(fd, in(name), static_cast<std::uint64_t>(info.st_size), durability_);
  }

  result<std::vector<std::string>> list() const override {
    std::error_code code;
    std::vector<std::string> names;
    for (std::filesystem::directory_iterator it(path_, code), end; !code && it != end; it.increment(code)) {
      std::string name = it->path().filename().string();
      std::error_code kind;
      if (it->is_regular_file(kind) && !name.ends_with(unfinished)) names.push_back(std::move(name));
    }
    if (code) return fail(errc::io, "cannot list " + path_ + ": " + code.message());
    std::sort(names.begin(), names.end());
    return names;
  }

  result<void> remove(const std::string& name) override {
    WEFT_CHECK(check_name(name));
    if (::unlinkat(folder_.get(), name.c_str(), 0) != 0) {
      if (errno == ENOENT) return fail(errc::not_found, in(name) + " does not exist");
      return refused("cannot remove", in(name), errno);
    }
    return sync_folder();
  }

  result<void> replace(const std::string& name, bytes_view contents) override {
    WEFT_CHECK(check_name(name));
    const std::string temporary = name + std::string(unfinished);
    {
      const descriptor fd(::openat(folder_.get(), temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640));
      if (fd.get() < 0) return refused("cannot create", in(temporary), errno);
      int code = write_all(fd.get(), contents, 0);
      if (code == 0 && durability_ == durability::full && ::fdatasync(fd.get()) != 0) code = errno;
      if (code != 0) {
        ::unlinkat(folder_.get(), temporary.c_str(), 0);
        return refused("cannot write", in(temporary), code);
      }
    }
    if (::renameat(folder_.get(), temporary.c_str(), folder_.get(), name.c_str()) != 0)
      return refused("cannot rename to", in(name), errno);
    return sync_folder();
  }

 private:
  [[nodiscard]] std::string in(const std::string& name) const { return path_ + "/" + name; }

  [[nodiscard]] result<void> check_name(const std::string& name) const {
    if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos || name.find('\0') != std::string::npos ||
        name.ends_with(unfinished))
      return fail(errc::invalid_argument, "\"" + name + "\" is no file name for " + path_);
    return {};
  }

  [[nodiscard]] result<void> sync_folder() const {
    if (durability_ == durability::off || ::fsync(folder_.get()) == 0) return {};
    return refused("cannot sync the folder", path_, errno);
  }

  descriptor folder_;
  std::string path_;
  durability durability_;
};

// Makes the folder and syncs the entry of each level that is new, so that a crash does not take files away with their folder.
result<void> make_folder(const std::filesystem::path& folder, durability d) {
  std::error_code code;
  if (folder.empty() || std::filesystem::is_directory(folder, code)) return {};
  const auto parent = folder.parent_path();
  if (parent != folder) WEFT_CHECK(make_folder(parent, d));
  if (!std::filesystem::create_directory(folder, code) && code) return fail(errc::io, "cannot create " + folder.string() + ": " + code.message());
  if (d == durability::off) return {};
  const std::string above = parent.empty() ? "." : parent.string();
  const descriptor fd(::open(above.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() < 0 || ::fsync(fd.get()) != 0) return refused("cannot sync the folder", above, errno);
  return {};
}

}  // namespace

result<std::shared_ptr<env>> open_disk_env(const std::filesystem::path& folder, durability d) {
  try {
    WEFT_CHECK(make_folder(folder.lexically_normal(), d));
    const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return refused("cannot open the folder", folder.string(), errno);
    return std::make_shared<disk_env>(fd, folder.string(), d);
  } catch (const std::filesystem::filesystem_error& e) {
    return fail(errc::io, e.what());
  }
}

}  // namespace weft::ledger
