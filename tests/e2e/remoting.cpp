// Nodes in one process, each with an actor system of its own, talking over the real tunnel.
#include <doctest/doctest.h>
#include <signal.h>
#include <spdlog/spdlog.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "tests/e2e/remoting_host.hpp"

using namespace weft;
using namespace weft::testing;
using namespace weft::actors;
using remoting::link_fault;
using std::chrono::milliseconds;

namespace {

constexpr const char* executable = "/proc/self/exe";

/// host1 dials host2, so host2 is started first.
struct two_hosts {
  plan p;
  host b{p, "host2"};
  host a{p, "host1"};
  two_hosts() {
    a.start_orderer("one");
    b.start_orderer("two");
    REQUIRE(eventually([&] { return a.find("m2/orderer") && b.find("m1/orderer"); }));
  }
};

}  // namespace

TEST_CASE("a role on another node is asked like one on this node, in both directions") {
  two_hosts w;
  std::string info;
  CHECK(w.a.ask("m2", &info) == 200);
  CHECK(info == "two");
  CHECK(w.b.ask("m1", &info) == 200);
  CHECK(info == "one");
  CHECK(w.a.ask("m1", &info) == 200);
  CHECK(w.a.find("m2/orderer")->node() == w.b.system->node());
}

TEST_CASE("large messages travel whole, and what is above the limit of messages does not") {
  two_hosts w;
  CHECK(w.a.ask("m2", nullptr, 20 * MiB, std::chrono::seconds(60)) == 200);
  CHECK(w.a.ask("m2", nullptr, message_bytes_max - 100, std::chrono::seconds(60)) == 200);
  CAPTURE(w.a.links->report().peers.at("host2").last_failure);
  CAPTURE(w.b.links->report().peers.at("host1").last_failure);
  CHECK(w.a.ask("m2", nullptr, message_bytes_max + 1000, milliseconds(700)) == -1);  // comes, and is not taken
  CHECK(eventually([&] { return w.a.ask("m2") == 200; }));
}

TEST_CASE("a frame above the tunnel's limit costs the link, which comes back") {
  two_hosts w;
  CHECK(w.a.ask("m2", nullptr, 110 * MiB, milliseconds(2000)) == -1);
  CHECK(eventually([&] { return w.a.ask("m2") == 200; }));
  CHECK(w.a.links->report().peers.at("host2").links >= 2);
}

TEST_CASE("a role that moves to a new actor is found again; one that ends is not") {
  two_hosts w;
  const auto before = w.a.find("m2/orderer");
  w.b.stop_orderer();
  CHECK(eventually([&] { return w.a.find("m2/orderer") == nullptr; }));
  CHECK(w.a.ask("m2") == 0);
  w.b.start_orderer("again");
  std::string info;
  CHECK(eventually([&] { return w.a.ask("m2", &info) == 200; }));
  CHECK(info == "again");
  CHECK(w.a.find("m2/orderer") != before);
}

TEST_CASE("a link that is cut empties the directory, and heals") {
  two_hosts w;
  for (int round = 0; round < 5; ++round) {
    auto& cutter = round % 2 == 0 ? w.a : w.b;
    const auto other = round % 2 == 0 ? "host2" : "host1";
    cutter.links->set_fault(other, link_fault::cut);
    CHECK(eventually([&] { return w.a.find("m2/orderer") == nullptr && w.b.find("m1/orderer") == nullptr; }));
    cutter.links->set_fault(other, link_fault::none);
    CHECK(eventually([&] { return w.a.ask("m2") == 200 && w.b.ask("m1") == 200; }));
  }
}

TEST_CASE("a link that hangs is noticed, also by who waits on it with a monitor") {
  two_hosts w;
  caf::scoped_actor watcher{*w.a.system};
  watcher->monitor(caf::actor_cast<caf::actor>(w.a.find("m2/orderer")));
  w.b.links->set_fault("host1", link_fault::frozen);
  bool down = false;
  watcher->receive([&](const caf::down_msg&) { down = true; }, caf::after(std::chrono::seconds(10)) >> [] {});
  CHECK(down);
  CHECK(eventually([&] { return w.a.find("m2/orderer") == nullptr && w.b.find("m1/orderer") == nullptr; }));
  w.b.links->set_fault("host1", link_fault::none);
  CHECK(eventually([&] { return w.a.ask("m2") == 200; }));
}

TEST_CASE("a node that restarts is found again under its new process id") {
  plan p;
  auto b = std::make_unique<host>(p, "host2");
  host a{p, "host1"};
  for (int life = 1; life <= 3; ++life) {
    b->start_orderer("life " + std::to_string(life));
    std::string info;
    REQUIRE(eventually([&] { return a.ask("m2", &info) == 200; }));
    CHECK(info == "life " + std::to_string(life));
    b.reset();
    CHECK(eventually([&] { return a.find("m2/orderer") == nullptr; }));
    b = std::make_unique<host>(p, "host2", p.addresses.at("host2"));
  }
}

TEST_CASE("an entry that dies is started again, and the nodes meet again") {
  two_hosts w;
  for (auto* h : {&w.a, &w.b}) {
    h->kill(h->entry);
    CHECK(eventually([&] { return (h == &w.a ? w.b.find("m1/orderer") : w.a.find("m2/orderer")) == nullptr; }));
    h->entry = h->links->entry_role().spawn(*h->system);
    CHECK(eventually([&] { return w.a.ask("m2") == 200 && w.b.ask("m1") == 200; }));
  }
}

TEST_CASE("three nodes meet in pairs; no node hands on what another told it") {
  plan p;
  host c{p, "host3"}, b{p, "host2"}, a{p, "host1"};
  a.start_orderer("1");
  b.start_orderer("2");
  c.start_orderer("3");
  for (auto* h : {&a, &b, &c}) {
    for (const std::string m : {"m1", "m2", "m3"}) CHECK(eventually([&] { return h->ask(m) == 200; }));
  }
  a.links->set_fault("host3", link_fault::cut);
  CHECK(eventually([&] { return a.find("m3/orderer") == nullptr && c.find("m1/orderer") == nullptr; }));
  CHECK(a.ask("m2") == 200);
  CHECK(c.ask("m2") == 200);
}

TEST_CASE("roles that are not shared, and roles of other nodes, are not told") {
  two_hosts w;
  const auto mine = w.b.find("m2/orderer");
  for (const auto* name : {"node/supervisor", "m2/gateway", "m2/block_writer/ch", "m1/deliver", "m3/deliver", "nobody/deliver", "m2/consenter/ch"}) {
    w.b.where()->put(name, mine);
  }
  CHECK(eventually([&] { return w.a.find("m2/consenter/ch") != nullptr; }));
  CHECK(w.a.where()->names_ending("") == std::vector<std::string>{"m1/orderer", "m2/consenter/ch", "m2/orderer"});
}

TEST_CASE("nothing listens but the tunnel") {
  two_hosts w;
  // Every listening TCP socket of this process, from the kernel's own table.
  std::size_t listening = 0;
  for (const auto* table : {"/proc/self/net/tcp", "/proc/self/net/tcp6"}) {
    std::set<std::string> inodes;
    std::ifstream in(table);
    std::string line;
    std::getline(in, line);
    while (std::getline(in, line)) {
      std::istringstream fields(line);
      std::string slot, local, remote, state, skip, inode;
      fields >> slot >> local >> remote >> state >> skip >> skip >> skip >> skip >> skip >> inode;
      if (state == "0A") inodes.insert("socket:[" + inode + "]");
    }
    for (const auto& fd : std::filesystem::directory_iterator("/proc/self/fd")) {
      std::error_code ignored;
      if (inodes.count(std::filesystem::read_symlink(fd.path(), ignored))) ++listening;
    }
  }
  CHECK(listening == 2);  // one for each host of the test
}

TEST_CASE("a process that is stopped is noticed, and found again when it goes on") {
  plan p;
  // The child is host2; it prints where it listens.
  int out[2], in[2];
  REQUIRE(::pipe(out) == 0);
  REQUIRE(::pipe(in) == 0);
  const auto child = ::fork();
  if (child == 0) {
    ::dup2(out[1], 1);
    ::dup2(in[0], 0);
    for (int fd = 3; fd < 256; ++fd) ::close(fd);
    ::execl(executable, executable, "host2", static_cast<char*>(nullptr));
    ::_exit(127);
  }
  char text[64] = "";
  REQUIRE(::read(out[0], text, sizeof text - 1) > 0);
  p.addresses["host2"] = text;
  host a{p, "host1"};
  CHECK(eventually([&] { return a.ask("m2") == 200; }));
  for (int round = 0; round < 2; ++round) {
    ::kill(child, SIGSTOP);
    const auto begin = std::chrono::steady_clock::now();
    CHECK(eventually([&] { return a.find("m2/orderer") == nullptr; }));
    const auto took = std::chrono::steady_clock::now() - begin;
    MESSAGE("a stopped process was noticed after ", std::chrono::duration_cast<milliseconds>(took).count(), " ms");
    ::kill(child, SIGCONT);
    CHECK(eventually([&] { return a.ask("m2") == 200; }));
  }
  ::kill(child, SIGKILL);
  const auto begin = std::chrono::steady_clock::now();
  CHECK(eventually([&] { return a.find("m2/orderer") == nullptr; }));
  MESSAGE("a killed process was noticed after ",
          std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begin).count(), " ms");
  ::waitpid(child, nullptr, 0);
  for (const int fd : {out[0], out[1], in[0], in[1]}) ::close(fd);
}
