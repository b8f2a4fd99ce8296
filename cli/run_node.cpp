// The life of `weft up`: node, door, readiness, signals, end. One thread waits on descriptors; nothing happens in signal handlers.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <caf/actor_system.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "actors/remoting/remoting.hpp"
#include "cli/console.hpp"
#include "cli/member_ports.hpp"
#include "cli/up.hpp"
#include "edge/contract_dialler.hpp"
#include "edge/door.hpp"
#include "edge/version.hpp"

namespace weft::cli {

namespace fs = std::filesystem;

namespace {

constexpr std::chrono::seconds door_grace{2};

/// As many descriptors as the system lets us have: each client takes one, and edge/rpc/unix_listener.hpp turns clients away near the end.
void raise_descriptor_limit() {
  struct ::rlimit limit {};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) spdlog::warn("the limit of open files stays at what it is: {}", std::strerror(errno));
}

/// Becomes readable when rung; may be rung from any thread.
class bell {
 public:
  bell() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  ~bell() { ::close(fd_); }
  bell(const bell&) = delete;
  bell& operator=(const bell&) = delete;
  void ring() const {
    const std::uint64_t one = 1;
    static_cast<void>(!::write(fd_, &one, sizeof one));
  }
  void silence() const {
    std::uint64_t n = 0;
    static_cast<void>(!::read(fd_, &n, sizeof n));
  }
  [[nodiscard]] int fd() const noexcept { return fd_; }

 private:
  int fd_;
};

/// SIGINT and SIGTERM as a descriptor. Made before any thread, so that all threads inherit the mask.
class stop_signals {
 public:
  stop_signals() {
    ::sigemptyset(&set_);
    for (const int s : {SIGINT, SIGTERM, SIGHUP}) ::sigaddset(&set_, s);
    ::pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    ::signal(SIGPIPE, SIG_IGN);
    fd_ = ::signalfd(-1, &set_, SFD_CLOEXEC | SFD_NONBLOCK);
  }
  ~stop_signals() { ::close(fd_); }
  stop_signals(const stop_signals&) = delete;
  stop_signals& operator=(const stop_signals&) = delete;
  [[nodiscard]] int fd() const noexcept { return fd_; }
  /// After the first signal: a second one ends the process at once.
  void let_through() const {
    signalfd_siginfo taken{};
    while (::read(fd_, &taken, sizeof taken) == static_cast<ssize_t>(sizeof taken)) {
    }
    ::pthread_sigmask(SIG_UNBLOCK, &set_, nullptr);
  }

 private:
  sigset_t set_{};
  int fd_ = -1;
};

/// Becomes readable when something is taken out of a folder, or the folder is. Best effort: without inotify it never does.
class folder_watch {
 public:
  explicit folder_watch(const fs::path& folder) : fd_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
    if (fd_ >= 0) ::inotify_add_watch(fd_, folder.c_str(), IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF);
  }
  ~folder_watch() {
    if (fd_ >= 0) ::close(fd_);
  }
  folder_watch(const folder_watch&) = delete;
  folder_watch& operator=(const folder_watch&) = delete;
  void silence() const {
    char events[4096];
    while (::read(fd_, events, sizeof events) > 0) {
    }
  }
  [[nodiscard]] int fd() const noexcept { return fd_; }  ///< -1 is passed over by poll.

 private:
  int fd_;
};

/// Prints a line per thing that is ready. Thread-safe.
class progress_printer {
 public:
  explicit progress_printer(bool quiet) : quiet_(quiet) {}
  void operator()(const std::string& what, const std::string& detail) {
    if (quiet_) return;
    std::lock_guard lock(mutex_);
    std::printf("  %-28s %s\n", what.c_str(), detail.c_str());
    std::fflush(stdout);
  }

 private:
  bool quiet_;
  std::mutex mutex_;
};

fs::path log_path(const up_options& o) { return fs::path(o.dir) / "weft.log"; }

/// ": Read-only file system", or nothing when that cannot be said.
std::string why_not_writable(const fs::path& file) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) return std::string(": ") + std::strerror(errno);
  ::close(fd);
  return {};
}

void set_up_log(const up_options& o) {
  auto logger = o.detach ? spdlog::basic_logger_mt("weft", log_path(o).string()) : spdlog::stderr_color_mt("weft");
  spdlog::set_default_logger(std::move(logger));
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%e %^%l%$ %v");
  spdlog::set_level(spdlog::level::from_str(o.log_level));
  spdlog::flush_on(std::min(spdlog::get_level(), spdlog::level::warn));  // who asks for more wants to see it now
}

void keep_topology(const fs::path& folder, const config::topology& t) {
  const auto path = topology_path(folder);
  std::error_code ignored;
  if (fs::exists(path, ignored)) return;
  const auto fresh = path.string() + ".new";
  {
    std::ofstream out(fresh, std::ios::binary);
    out << "# The topology that this network was started with. `weft up` uses it again.\n" << config::to_yaml(t);
  }
  fs::rename(fresh, path, ignored);
}

/// The door of a node, and another one when somebody takes its socket away.
class kept_door {
 public:
  kept_door(caf::actor_system& system, actors::node& node, std::string folder, const bell& stop)
      : system_(system), node_(node), folder_(std::move(folder)), stop_(stop) {}
  [[nodiscard]] result<void> open() {
    WEFT_TRY(auto opened, edge::door::open(system_, node_, folder_, [this] { stop_.ring(); }));
    if (door_) door_->close(door_grace);
    door_ = std::move(opened);
    return {};
  }
  /// After something was taken out of the folder. False: nobody can be served here any more, and why is in the log.
  [[nodiscard]] bool repair() {
    std::error_code ignored;
    if (!fs::exists(fs::path(folder_) / "weft.lock", ignored)) {
      spdlog::error("{} lost its lock file, or everything: another network could start on the same files, so this one stops", folder_);
      return false;
    }
    if (door_->reachable()) return true;
    if (auto again = open(); !again) {
      spdlog::error("the socket in {} was taken away and cannot be made anew, so the network stops: {}", folder_, again.error().context);
      return false;
    }
    spdlog::warn("the socket in {} was taken away; there is a new one", folder_);
    return true;
  }
  void close() { door_->close(door_grace); }

 private:
  caf::actor_system& system_;
  actors::node& node_;
  std::string folder_;
  const bell& stop_;
  std::unique_ptr<edge::door> door_;
};

/// Waits for a signal, a request to stop, readiness, or a door that is lost for good.
enum class event : std::uint8_t { ready, stop, lost };
event wait_for(const stop_signals& signals, const bell& stop, const bell& ready, const folder_watch& folder, kept_door& door) {
  for (;;) {
    pollfd fds[] = {{signals.fd(), POLLIN, 0}, {stop.fd(), POLLIN, 0}, {ready.fd(), POLLIN, 0}, {folder.fd(), POLLIN, 0}};
    if (::poll(fds, std::size(fds), -1) < 0) continue;
    if (fds[0].revents != 0 || fds[1].revents != 0) return event::stop;
    if (fds[2].revents != 0) {
      ready.silence();
      return event::ready;
    }
    folder.silence();
    if (!door.repair()) return event::lost;
  }
}

/// The one line for scripts.
void print_ready_json(const actors::node& n, const member_ports& ports, const up_options& o, std::uint64_t ms) {
  nlohmann::json out{{"ready_ms", ms}, {"pid", ::getpid()}, {"directory", fs::absolute(o.dir).string()},
                     {"socket", fs::absolute(edge::socket_path(o.dir)).string()}, {"peers", nlohmann::json::array()}, {"orderers", nlohmann::json::array()},
                     {"channels", nlohmann::json::array()}, {"durability", o.durability}, {"trust", o.trust}, {"addresses", ports.addresses()}};
  for (const auto& p : n.peers()) out["peers"].push_back(p->name);
  for (const auto& p : n.orderers()) out["orderers"].push_back(p->name);
  for (const auto& c : n.topology().channels) out["channels"].push_back(c.name);
  std::printf("%s\n", out.dump().c_str());
  std::fflush(stdout);
}

/// The last line of a start.
void print_ready(const actors::node& n, const member_ports& ports, const up_options& o, std::chrono::steady_clock::time_point begun) {
  const auto ms = static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begun).count());
  if (o.json) return print_ready_json(n, ports, o, ms);
  std::printf("ready in %llu ms%s\n", static_cast<unsigned long long>(ms),
              o.detach ? "" : ("; stop with Ctrl-C or `weft down" + (o.node.empty() ? std::string() : " --dir " + o.dir) + "`").c_str());
}

/// A node of a cluster: what became of the contracts, which come when everybody is there.
void print_deployed(const result<void>& r, const up_options& o) {
  if (!r) spdlog::error("not deployed: {}", r.error().context);
  if (o.json) return;
  if (r) std::printf("nothing is left to deploy: transactions commit\n");
  std::fflush(stdout);
}

/// Tells the parent how the start went, and lets go of its terminal.
void report_start(int tell, bool ok) {
  if (tell < 0) return;
  std::fflush(stdout);
  std::fflush(stderr);
  const int nowhere = ::open("/dev/null", O_RDWR);
  for (const int fd : {0, 1, 2}) ::dup2(nowhere, fd);
  if (nowhere > 2) ::close(nowhere);
  const char c = ok ? 'r' : 'f';
  static_cast<void>(!::write(tell, &c, 1));
  ::close(tell);
}

int refuse(const error& e, int tell) {
  std::fprintf(stderr, "weft: %s\n", e.context.c_str());
  report_start(tell, false);
  return exit_failed;
}

}  // namespace

int run_node(const up_options& o, const config::topology& t, std::chrono::steady_clock::time_point begun, int tell) {
  const stop_signals signals;
  const bell stop, ready;
  std::error_code ec;
  fs::create_directories(o.dir, ec);
  if (ec) return refuse({errc::io, "cannot create " + o.dir + ": " + ec.message()}, tell);
  try {
    set_up_log(o);
  } catch (const spdlog::spdlog_ex&) {
    return refuse({errc::io, "cannot write " + log_path(o).string() + why_not_writable(log_path(o)) + "; its chain, log and socket live in its folder, so it must be able to write there"}, tell);
  }
  if (!o.json) std::printf("weft %s, %s in %s\n", std::string(edge::version()).c_str(), o.node.empty() ? "a network" : ("node " + o.node).c_str(), o.dir.c_str());
  if (o.durability == "off") spdlog::warn("durability is off: what was acknowledged may be lost when the machine stops");
  auto printer = std::make_shared<progress_printer>(o.json);
  raise_descriptor_limit();
  const auto progress = [printer](const std::string& what, const std::string& detail) { (*printer)(what, detail); };

  const auto config = actors::make_system_config(std::max<std::size_t>(2, std::thread::hardware_concurrency()));
  if (!o.node.empty()) actors::remoting::prepare(*config);
  caf::actor_system system{*config};
  actors::node_settings settings;
  settings.folder = o.dir;
  settings.node = o.node;
  settings.durability = o.durability == "off" ? ledger::durability::off : ledger::durability::full;
  settings.dialler = edge::make_contract_dialler();
  settings.run_packages = o.packages == "run";
  settings.trust = o.trust == "each" ? actors::trust::each : actors::trust::shared;
  auto started = actors::node::start(system, t, std::move(settings), progress);
  if (!started) return refuse(started.error(), tell);
  auto& node = **started;
  keep_topology(o.dir, t);
  kept_door door(system, node, o.dir, stop);
  const folder_watch folder(o.dir);
  if (auto opened = door.open(); !opened) return refuse(opened.error(), tell);
  progress("door", edge::socket_path(o.dir).string());
  member_ports ports(system, node, o);
  if (auto opened = ports.open(progress); !opened) return refuse(opened.error(), tell);

  std::mutex mutex;
  std::optional<result<void>> outcome;
  node.when_ready([&](const result<void>& r) {
    std::lock_guard lock(mutex);
    outcome = r;
    ready.ring();
  });
  int code = exit_ok;
  // A network is ready when a transaction commits. A node of a cluster is when it serves: the others may start at any time.
  auto happened = event::ready;
  if (o.node.empty()) happened = wait_for(signals, stop, ready, folder, door);
  if (happened == event::ready) {
    std::unique_lock lock(mutex);
    const auto r = o.node.empty() ? *outcome : result<void>{};
    lock.unlock();
    if (!r) {
      code = refuse(r.error(), tell);
    } else {
      print_ready(node, ports, o, begun);
      if (const auto lost = output_failure(); !lost.empty()) {  // whoever waits for this line would wait for ever
        code = refuse({errc::io, "standard output: " + lost + "; the network is stopped again"}, tell);
      } else {
        report_start(tell, true);
        while ((happened = wait_for(signals, stop, ready, folder, door)) == event::ready) {
          lock.lock();
          print_deployed(*outcome, o);
          lock.unlock();
        }
      }
    }
  }
  if (happened == event::lost) code = exit_failed;
  signals.let_through();
  ports.close(door_grace);
  door.close();
  node.stop();
  if (!o.json && !o.detach) std::printf("stopped\n");
  started->reset();
  return code;
}

}  // namespace weft::cli
