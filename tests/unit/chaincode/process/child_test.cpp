#include "chaincode/process/child.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <thread>

using namespace weft;
using namespace weft::chaincode;

namespace {

constexpr int patience_ms = 60'000;

child_spec service(const std::string& what) {
  return {{WEFT_TEST_SERVICE_PROGRAM}, {"WEFT_TEST_SERVICE=" + what, "CHAINCODE_SERVER_ADDRESS=127.0.0.1:1", "KEPT=yes"}, "/tmp"};
}

std::string end_of(child& c) {
  for (;;) {
    pollfd p{c.ended(), POLLIN, 0};
    REQUIRE(::poll(&p, 1, patience_ms) == 1);
    if (const auto how = c.reap()) return *how;
  }
}

std::string all_of(int fd) {
  std::string out;
  for (;;) {
    pollfd p{fd, POLLIN, 0};
    REQUIRE(::poll(&p, 1, patience_ms) == 1);
    std::array<char, 4096> buffer;
    const auto n = ::read(fd, buffer.data(), buffer.size());
    if (n <= 0) return out;
    out.append(buffer.data(), static_cast<std::size_t>(n));
  }
}

}  // namespace

TEST_CASE("a child has what it is given and nothing else") {
  std::array<int, 2> leaks{};
  REQUIRE(::pipe(leaks.data()) == 0);  // without O_CLOEXEC, as a careless library would
  ::signal(SIGPIPE, SIG_IGN);
  sigset_t term, before;
  sigemptyset(&term);
  sigaddset(&term, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &term, &before);
  auto c = child::start(service("tell"));
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  REQUIRE_MESSAGE(c, c.error().context);
  const auto said = all_of(c->output());
  CHECK(said.find("KEPT=yes\n") != std::string::npos);
  CHECK(said.find("open 0 1 2\n") != std::string::npos);
  CHECK(said.find("term free\npipe default\nleader yes\nfolder /tmp\n") != std::string::npos);
  CHECK(end_of(*c) == "exited with 0");
  CHECK_FALSE(c->reap());
  for (const int fd : leaks) ::close(fd);
}

TEST_CASE("how a child ends") {
  SUBCASE("by itself") {
    auto c = child::start(service("crash")).value();
    CHECK(all_of(c.errors()) == "about to crash\nfor a reason\n");
    CHECK(end_of(c) == "exited with 3");
  }
  SUBCASE("by a signal") {
    auto c = child::start({{"/bin/sleep", "1000"}, {}, "/"}).value();
    CHECK_FALSE(c.reap());
    c.signal(SIGTERM);
    CHECK(end_of(c) == "killed by signal 15 (Terminated)");
    c.signal(SIGKILL);  // harmless
  }
}

TEST_CASE("what cannot be started says why") {
  CHECK(child::start({{"/nowhere/x"}, {}, "/"}).error().context == "cannot run /nowhere/x: No such file or directory");
  CHECK(child::start({{"/bin/sleep"}, {}, "/nowhere"}).error().context == "cannot run /bin/sleep: No such file or directory");
  CHECK(child::start({{"/etc/passwd"}, {}, "/"}).error().context == "cannot run /etc/passwd: Permission denied");
}

TEST_CASE("a child ends with the thread that started it, as it does when the program is killed") {
  std::optional<child> c;
  std::thread([&] { c.emplace(child::start({{"/bin/sleep", "1000"}, {}, "/"}).value()); }).join();
  CHECK(end_of(*c) == "killed by signal 9 (Killed)");
}

TEST_CASE("its own children go with it") {
  // Standard output stays open as long as somebody of the family lives.
  auto c = child::start(service("family")).value();  // cannot listen at port 1, or can as root: either way it ends below
  c.signal(SIGTERM);
  end_of(c);
  all_of(c.output());
  CHECK(all_of(c.output()) == "");
}
