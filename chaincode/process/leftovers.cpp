#include "chaincode/process/leftovers.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

namespace weft::chaincode {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t environment_bytes_max = 1'000'000;
constexpr int patience_ms = 500;

std::string read(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::string out;
  std::array<char, 8'192> part;
  while (out.size() < environment_bytes_max && (in.read(part.data(), part.size()), in.gcount() > 0)) out.append(part.data(), static_cast<std::size_t>(in.gcount()));
  return out;
}

std::optional<pid_t> as_pid(std::string_view text) {
  pid_t out = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), out);
  return ec == std::errc{} && end == text.data() + text.size() && out > 0 ? std::optional(out) : std::nullopt;
}

/// Entries of an environment end with a zero each.
bool has_entry(std::string_view environment, const std::string& entry) {
  const auto wanted = '\0' + entry + '\0';
  const auto all = '\0' + std::string(environment) + '\0';
  return all.find(wanted) != std::string::npos;
}

/// Field 6 of proc(5)'s stat; the name before it is in brackets and may have any.
std::optional<pid_t> session_of(const std::string& stat) {
  auto at = stat.rfind(')');
  for (int field = 2; field < 6 && at != std::string::npos; ++field) at = stat.find(' ', at + 1);
  if (at == std::string::npos) return std::nullopt;
  return as_pid(std::string_view(stat).substr(at + 1, stat.find(' ', at + 1) - at - 1));
}

bool is_leftover(const fs::path& process, const service_identity& who) {
  const auto environment = read(process / "environ");
  if (!has_entry(environment, "CHAINCODE_ID=" + who.package_id) || !has_entry(environment, "CHAINCODE_SERVER_ADDRESS=" + who.address)) return false;
  const auto session = session_of(read(process / "stat"));
  std::error_code ec;
  return session && !fs::exists("/proc/" + std::to_string(*session), ec) && !ec;
}

}  // namespace

std::size_t end_leftovers(const service_identity& who) {
  std::size_t ended = 0;
  std::vector<fs::path> processes;
  std::error_code ec;
  for (fs::directory_iterator it("/proc", ec), end; !ec && it != end; it.increment(ec)) processes.push_back(it->path());
  for (const auto& process : processes) {
    const auto pid = as_pid(process.filename().string());
    if (!pid || !is_leftover(process, who)) continue;
    const int handle = static_cast<int>(::syscall(SYS_pidfd_open, *pid, 0));
    if (handle < 0) continue;
    // Looked at once more, now that its number cannot become another's.
    if (is_leftover(process, who) && ::syscall(SYS_pidfd_send_signal, handle, SIGKILL, nullptr, 0) == 0) {
      pollfd p{handle, POLLIN, 0};
      ::poll(&p, 1, patience_ms);
      ++ended;
    }
    ::close(handle);
  }
  return ended;
}

}  // namespace weft::chaincode
