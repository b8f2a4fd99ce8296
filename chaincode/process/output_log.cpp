#include "chaincode/process/output_log.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace weft::chaincode {

void last_lines::add(bytes_view data) {
  while (!data.empty()) {
    const auto end = data.find('\n');
    const auto part = data.substr(0, end);
    open_.append(part.substr(0, std::min(part.size(), line_bytes_max - std::min(open_.size(), line_bytes_max))));
    if (end == bytes_view::npos) return;
    data.remove_prefix(end + 1);
    if (open_.empty()) continue;
    lines_.push_back(std::exchange(open_, {}));
    if (lines_.size() > lines_max) lines_.pop_front();
  }
}

std::string last_lines::text() const {
  std::string out;
  const auto add_line = [&out](const std::string& line) {
    if (!out.empty()) out.push_back('\n');
    for (const char c : line) {
      const bool control = static_cast<unsigned char>(c) < ' ' || c == '\x7f';
      out.push_back(!control ? c : c == '\t' ? ' ' : '?');
    }
  };
  for (const auto& line : lines_) add_line(line);
  if (!open_.empty()) add_line(open_);
  return out;
}

output_log::output_log(std::filesystem::path file) : file_(std::move(file)) { open(); }

output_log::~output_log() {
  if (fd_ >= 0) ::close(fd_);
}

void output_log::open() {
  fd_ = ::open(file_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  struct stat about {};
  size_ = fd_ >= 0 && ::fstat(fd_, &about) == 0 ? static_cast<std::size_t>(about.st_size) : 0;
}

void output_log::write(bytes_view data) {
  if (size_ + data.size() > file_bytes_max && size_ > 0) {
    if (fd_ >= 0) ::close(fd_);
    std::error_code ignored;  // then it goes on growing the old one, which open() sees
    std::filesystem::rename(file_, file_.string() + ".1", ignored);
    open();
  }
  while (fd_ >= 0 && !data.empty()) {
    const auto n = ::write(fd_, data.data(), data.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    size_ += static_cast<std::size_t>(n);
    data.remove_prefix(static_cast<std::size_t>(n));
  }
}

void output_log::add(output_stream from, bytes_view data) {
  (from == output_stream::errors ? now_.errors : now_.output).add(data);
  write(data);
}

void output_log::note(const std::string& text) { write("---- weft: " + text + "\n"); }

void output_log::begin() {
  if (!now_.output.empty() || !now_.errors.empty()) before_ = std::exchange(now_, {});
}

std::string output_log::last() const {
  auto text = now_.text();
  return text.empty() ? before_.text() : text;
}

}  // namespace weft::chaincode
