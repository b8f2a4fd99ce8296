#include "chaincode/process/child.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace weft::chaincode {
namespace {

/// Two ends that close themselves.
struct pipe_ends {
  int read = -1, write = -1;
  pipe_ends() = default;
  pipe_ends(const pipe_ends&) = delete;
  pipe_ends& operator=(const pipe_ends&) = delete;
  ~pipe_ends() {
    if (read >= 0) ::close(read);
    if (write >= 0) ::close(write);
  }
  [[nodiscard]] bool open() {
    std::array<int, 2> fds{};
    if (::pipe2(fds.data(), O_CLOEXEC) != 0) return false;
    read = fds[0];
    // Above the standard ones, where it becomes one of them, even in a process that has closed its own.
    constexpr int standard_and_some = 10;
    write = ::fcntl(fds[1], F_DUPFD_CLOEXEC, standard_and_some);
    ::close(fds[1]);
    return write >= 0;
  }
  int take_read() { return std::exchange(read, -1); }
  int take_write() { return std::exchange(write, -1); }
};

std::vector<char*> pointers(const std::vector<std::string>& words) {
  std::vector<char*> out;
  for (const auto& w : words) out.push_back(const_cast<char*>(w.c_str()));  // exec's old interface; it does not write there
  out.push_back(nullptr);
  return out;
}

tl::unexpected<error> refused(const std::string& what, int code) { return fail(errc::io, what + ": " + std::strerror(code)); }

/// All that the child needs, made before the fork.
struct prepared {
  char* const* arguments;
  char* const* environment;
  const char* folder;
  int input;  ///< -1: /dev/null
  int output, errors, report;
  pid_t parent;
};

/// In the child: system calls only. Another thread may have held any lock when we were copied.
[[noreturn]] void become(const prepared& p) {
  const auto give_up = [&p] {
    const int code = errno;
    [[maybe_unused]] const auto n = ::write(p.report, &code, sizeof code);
    ::_exit(127);
  };
  ::setsid();
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) give_up();
  if (::getppid() != p.parent) ::_exit(127);  // it died before it could be heard
  constexpr int last_signal = 64;
  struct sigaction plain {};
  plain.sa_handler = SIG_DFL;
  for (int n = 1; n <= last_signal; ++n) ::sigaction(n, &plain, nullptr);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  const int input = p.input >= 0 ? p.input : ::open("/dev/null", O_RDONLY);
  if (input < 0 || ::dup2(input, 0) < 0 || ::dup2(p.output, 1) < 0 || ::dup2(p.errors, 2) < 0) give_up();
  if (::chdir(p.folder) != 0) give_up();
  // Whatever is open was opened by others, and not all of them say O_CLOEXEC. The report stays until exec closes it.
  ::syscall(SYS_close_range, 3U, static_cast<unsigned>(p.report) - 1U, 0U);
  ::syscall(SYS_close_range, static_cast<unsigned>(p.report) + 1U, ~0U, 0U);
  ::execve(p.arguments[0], p.arguments, p.environment);
  give_up();
  ::_exit(127);
}

}  // namespace

result<child> child::start(const child_spec& spec) {
  pipe_ends gate, output, errors, report;
  if ((spec.gated && !gate.open()) || !output.open() || !errors.open() || !report.open()) return refused("cannot make a pipe", errno);
  const auto arguments = pointers(spec.command_line), environment = pointers(spec.environment);
  const prepared p{arguments.data(), environment.data(), spec.folder.c_str(), gate.read, output.write, errors.write, report.write, ::getpid()};
  // Not fork(): that runs what libraries registered to run around it, and takes their locks.
  const pid_t pid = ::_Fork();
  if (pid == 0) become(p);
  if (pid < 0) return refused("cannot start a process", errno);
  child out;
  out.pid_ = pid;
  ::close(std::exchange(report.write, -1));
  int code = 0;
  ssize_t n = 0;
  do n = ::read(report.read, &code, sizeof code); while (n < 0 && errno == EINTR);
  if (n == sizeof code) return refused("cannot run " + spec.command_line.front(), code);  // out's destructor reaps it
  out.ended_ = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));  // glibc 2.36 declares its function for C only
  if (out.ended_ < 0) return refused("cannot watch a process", errno);
  out.output_ = output.take_read();
  out.errors_ = errors.take_read();
  out.gate_ = gate.take_write();
  for (const int fd : {out.output_, out.errors_}) ::fcntl(fd, F_SETFL, O_NONBLOCK);
  return out;
}

child::child(child&& other) noexcept { *this = std::move(other); }

child& child::operator=(child&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(ended_, other.ended_);
  std::swap(output_, other.output_);
  std::swap(errors_, other.errors_);
  std::swap(gate_, other.gate_);
  std::swap(reaped_, other.reaped_);
  return *this;
}

child::~child() {
  if (pid_ > 0 && !reaped_) {
    signal(SIGKILL);
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {}
  }
  close_all();
}

void child::close_all() noexcept {
  for (int* fd : {&ended_, &output_, &errors_, &gate_}) if (*fd >= 0) ::close(std::exchange(*fd, -1));
}

void child::open_gate() noexcept {
  if (gate_ < 0) return;
  [[maybe_unused]] const auto n = ::write(gate_, "\n", 1);  // nobody may be there any more, which is seen when it is reaped
  ::close(std::exchange(gate_, -1));
}

void child::signal(int number) const noexcept {
  if (pid_ > 0 && !reaped_) ::kill(-pid_, number);
}

std::optional<std::string> child::reap() {
  if (pid_ <= 0 || reaped_) return std::nullopt;
  siginfo_t seen{};
  if (::waitid(P_PID, static_cast<id_t>(pid_), &seen, WEXITED | WNOHANG | WNOWAIT) != 0 || seen.si_pid != pid_) return std::nullopt;
  signal(SIGKILL);  // before it is waited for: until then nobody else can have its number
  int status = 0;
  if (::waitpid(pid_, &status, 0) != pid_) return std::nullopt;
  reaped_ = true;
  if (WIFSIGNALED(status)) return "killed by signal " + std::to_string(WTERMSIG(status)) + " (" + ::strsignal(WTERMSIG(status)) + ")";
  return "exited with " + std::to_string(WEXITSTATUS(status));
}

}  // namespace weft::chaincode
