#include "tests/e2e/ports.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace weft::live {

namespace {

constexpr unsigned first_port = 12'000, lanes = 1000;

bool is_free(unsigned port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int yes = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(static_cast<std::uint16_t>(port));
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool ok = ::bind(fd, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0 && ::listen(fd, 1) == 0;
  ::close(fd);
  return ok;
}

bool are_free(unsigned base) {
  for (unsigned i = 0; i < port_lane::ports; ++i) {
    if (!is_free(base + i)) return false;
  }
  return true;
}

}  // namespace

port_lane::port_lane() {
  const auto locks = std::filesystem::temp_directory_path() / ("weft-test-ports-" + std::to_string(::getuid()));
  ::mkdir(locks.c_str(), 0700);
  for (unsigned lane = 0; lane < lanes; ++lane) {
    lock_ = ::open((locks / std::to_string(lane)).c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    base_ = first_port + lane * ports;
    if (lock_ >= 0 && ::flock(lock_, LOCK_EX | LOCK_NB) == 0 && are_free(base_)) return;
    if (lock_ >= 0) ::close(lock_);
  }
  throw std::runtime_error("no 16 free ports in a row below 28000, or no locks in " + locks.string());
}

port_lane::~port_lane() { ::close(lock_); }

}  // namespace weft::live
