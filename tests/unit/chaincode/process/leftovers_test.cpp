#include "chaincode/process/leftovers.hpp"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <string>

using namespace weft::chaincode;

namespace {

/// A shell in a session of its own that runs the service in a process of its own.
class script {
 public:
  explicit script(const service_identity& who) {
    std::array<int, 2> fds{};
    REQUIRE(::pipe(fds.data()) == 0);
    const std::string id = "CHAINCODE_ID=" + who.package_id, address = "CHAINCODE_SERVER_ADDRESS=" + who.address;
    pid_ = ::fork();
    if (pid_ == 0) {
      ::setsid();
      ::dup2(fds[1], 1);
      ::close(fds[0]);
      ::close(fds[1]);
      ::execle("/bin/sh", "sh", "-c", "sh -c 'echo there; exec sleep 60 >/dev/null'; :", nullptr, std::array<const char*, 3>{id.c_str(), address.c_str(), nullptr}.data());
      ::_exit(127);
    }
    ::close(fds[1]);
    char c = 0;
    while (c != '\n') REQUIRE(::read(fds[0], &c, 1) == 1);
    ::close(fds[0]);
  }
  void kill_shell() {
    ::kill(pid_, SIGKILL);
    int status = 0;
    ::waitpid(pid_, &status, 0);
  }

 private:
  pid_t pid_ = 0;
};

}  // namespace

TEST_CASE("what a killed contract has started is ended, and what lives with its parent is not") {
  const service_identity who{"leftover_1.0:" + std::to_string(::getpid()), "127.0.0.1:1"};
  script s(who);
  CHECK(end_leftovers(who) == 0);
  s.kill_shell();
  CHECK(end_leftovers({who.package_id, "127.0.0.1:2"}) == 0);
  CHECK(end_leftovers({who.package_id + "0", who.address}) == 0);
  CHECK(end_leftovers({who.package_id.substr(0, who.package_id.size() - 1), who.address}) == 0);
  CHECK(end_leftovers(who) == 1);
  CHECK(end_leftovers(who) == 0);
}
