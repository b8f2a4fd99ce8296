// A program to be started as a contract: what it does is said in WEFT_TEST_SERVICE. It speaks no protocol; it only listens, or does not.
#include <dirent.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

/// Listens where it is told, for ever.
[[noreturn]] void serve() {
  const auto address = variable("CHAINCODE_SERVER_ADDRESS");
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  const int one = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0 || ::listen(fd, 16) != 0) {
    std::perror("listen");
    std::exit(9);
  }
  for (;;) {
    const int client = ::accept(fd, nullptr, nullptr);
    if (client >= 0) ::close(client);
  }
}

/// Everything that a test wants to know of a child's surroundings.
void tell() {
  for (const auto* name : {"CHAINCODE_SERVER_ADDRESS", "CHAINCODE_ID", "CORE_CHAINCODE_ID_NAME", "CORE_PEER_TLS_ENABLED", "KEPT"}) {
    std::printf("%s=%s\n", name, variable(name).c_str());
  }
  std::string open;
  if (auto* folder = ::opendir("/proc/self/fd")) {
    while (const auto* entry = ::readdir(folder)) {
      const std::string name = entry->d_name;
      if (name != "." && name != ".." && name != std::to_string(::dirfd(folder))) open += " " + name;
    }
    ::closedir(folder);
  }
  sigset_t blocked;
  ::sigprocmask(SIG_SETMASK, nullptr, &blocked);
  struct sigaction pipe {};
  ::sigaction(SIGPIPE, nullptr, &pipe);
  char here[4096] = "";
  std::printf("open%s\nterm %s\npipe %s\nleader %s\nfolder %s\n", open.c_str(), sigismember(&blocked, SIGTERM) ? "blocked" : "free",
              pipe.sa_handler == SIG_DFL ? "default" : "changed", ::getpgrp() == ::getpid() ? "yes" : "no", ::getcwd(here, sizeof here));
}

}  // namespace

int main() {
  const auto what = variable("WEFT_TEST_SERVICE");
  if (what == "tell") return tell(), 0;
  if (what == "crash") {
    std::fprintf(stderr, "about to crash\nfor a reason\n");
    return 3;
  }
  if (what == "deaf") ::signal(SIGTERM, SIG_IGN);
  if (what == "flood") {
    const std::string line(99, 'x');
    for (int i = 0; i < 60'000; ++i) std::printf("%s\n", line.c_str());
    std::fflush(stdout);
  }
  if (what == "family" && ::fork() == 0) for (;;) ::pause();
  std::fprintf(stderr, "serving as %s\n", variable("CHAINCODE_ID").c_str());
  serve();
}
