#include "bench/put/orderer_processes.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <caf/actor_system.hpp>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <future>
#include <thread>

#include "actors/remoting/remoting.hpp"

namespace weft::bench {

namespace {

constexpr char is_ready = 'r', has_failed = 'f';
constexpr std::size_t words_max = 4096;

tl::unexpected<error> refused(const std::string& what) { return fail(errc::io, what + ": " + std::strerror(errno)); }

/// Sockets that hold ports until all are chosen.
class chosen_ports {
 public:
  chosen_ports() = default;
  ~chosen_ports() {
    for (const int fd : held_) ::close(fd);
  }
  chosen_ports(const chosen_ports&) = delete;
  chosen_ports& operator=(const chosen_ports&) = delete;
  result<std::string> another() {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return refused("no socket");
    held_.push_back(fd);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    if (::bind(fd, reinterpret_cast<const sockaddr*>(&at), size) != 0 || ::getsockname(fd, reinterpret_cast<sockaddr*>(&at), &size) != 0) {
      return refused("no free port on 127.0.0.1");
    }
    return "127.0.0.1:" + std::to_string(ntohs(at.sin_port));
  }

 private:
  std::vector<int> held_;
};

void say(int line, char how, const std::string& words) {
  const auto text = how + words.substr(0, words_max - 1);
  static_cast<void>(!::write(line, text.data(), text.size()));
}

/// The child's whole life.
int serve(const config::topology& t, actors::node_settings settings, int line) {
  ::signal(SIGPIPE, SIG_IGN);  // the bench may be gone before this process
  const auto config = actors::make_system_config(std::max(2u, std::thread::hardware_concurrency()));
  actors::remoting::prepare(*config);
  caf::actor_system system{*config};
  auto started = actors::node::start(system, t, std::move(settings));
  if (!started) {
    say(line, has_failed, started.error().context);
    return 1;
  }
  (*started)->when_ready([line](const result<void>& r) { say(line, r ? is_ready : has_failed, r ? "" : r.error().context); });
  char ignored = 0;
  while (::read(line, &ignored, 1) < 0 && errno == EINTR) {
  }
  (*started)->stop();
  started->reset();
  return 0;
}

}  // namespace

result<void> spread_orderers(config::topology& t) {
  chosen_ports ports;
  config::node here{bench_node, {}, {}};
  std::vector<config::node> elsewhere;
  for (const auto& org : t.organizations) {
    for (const auto& host : org.hosts) {
      const auto member = host + "." + org.domain;
      if (org.kind == config::org_kind::orderer) elsewhere.push_back({"ord" + std::to_string(elsewhere.size()), {member}, {}});
      else here.members.push_back(member);
    }
  }
  t.nodes = {std::move(here)};
  t.nodes.insert(t.nodes.end(), elsewhere.begin(), elsewhere.end());
  for (auto& n : t.nodes) {
    WEFT_TRY(n.address, ports.another());
  }
  return {};
}

result<std::unique_ptr<orderer_processes>> orderer_processes::start(const config::topology& t, const std::filesystem::path& nodes,
                                                                    const actors::node_settings& like) {
  std::unique_ptr<orderer_processes> out(new orderer_processes());
  for (const auto& n : t.nodes) {
    if (n.name == bench_node) continue;
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return refused("no socket pair");
    const pid_t pid = ::fork();
    if (pid < 0) {
      for (const int fd : ends) ::close(fd);
      return refused("no process for " + n.name);
    }
    if (pid == 0) {
      ::close(ends[0]);
      for (const auto& sibling : out->children_) ::close(sibling.line);
      auto settings = like;
      settings.node = n.name;
      settings.folder = nodes / n.name;
      ::_exit(serve(t, std::move(settings), ends[1]));
    }
    ::close(ends[1]);
    child c{pid, ends[0], {}};
    const bool clock = ::clock_getcpuclockid(pid, &c.clock) == 0;
    out->children_.push_back(c);
    if (!clock) return fail(errc::io, "the CPU time of " + n.name + " cannot be read");
  }
  return out;
}

orderer_processes::~orderer_processes() {
  for (const auto& c : children_) ::close(c.line);
  for (const auto& c : children_) ::waitpid(c.pid, nullptr, 0);
}

result<void> orderer_processes::wait_until_ready(std::chrono::milliseconds patience) {
  for (const auto& c : children_) {
    pollfd p{c.line, POLLIN, 0};
    if (::poll(&p, 1, static_cast<int>(patience.count())) <= 0) return fail(errc::timeout, "an orderer's process was not ready in time");
    std::string words(words_max, '\0');
    const auto n = ::read(c.line, words.data(), words.size());
    if (n <= 0) return fail(errc::unavailable, "an orderer's process died while it started");
    if (words[0] != is_ready) return fail(errc::unavailable, "an orderer's process did not start: " + words.substr(1, static_cast<std::size_t>(n) - 1));
  }
  return {};
}

std::uint64_t orderer_processes::cpu_nanos() const {
  std::uint64_t sum = 0;
  for (const auto& c : children_) {
    timespec used{};
    if (::clock_gettime(c.clock, &used) == 0) sum += static_cast<std::uint64_t>(used.tv_sec) * 1'000'000'000u + static_cast<std::uint64_t>(used.tv_nsec);
  }
  return sum;
}

}  // namespace weft::bench
