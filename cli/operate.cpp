// weft down, log, chaos and version: small verbs that tell a running network something.
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <functional>

#include "actors/node/folder_lock.hpp"
#include "cli/console.hpp"
#include "cli/network.hpp"
#include "cli/verbs.hpp"
#include "edge/door.hpp"
#include "edge/quoted.hpp"
#include "edge/version.hpp"

namespace weft::cli {

namespace {

constexpr int down_timeout_ms = 60'000;

/// A descriptor that becomes readable when the process ends; -1 when it has ended.
int watch_process(pid_t pid) { return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)); }

/// Asks process `pid` to stop by `tell`, and waits until it has ended.
void stop_process(pid_t pid, const std::function<void()>& tell) {
  const int ended = watch_process(pid);
  if (ended < 0 && errno != ESRCH) quit(exit_failed, "cannot watch process " + std::to_string(pid) + "; it was not stopped");
  tell();
  pollfd p{ended, POLLIN, 0};
  if (ended >= 0 && ::poll(&p, 1, down_timeout_ms) == 0) quit(exit_failed, "process " + std::to_string(pid) + " has not stopped within a minute");
  if (ended >= 0) ::close(ended);
}

void run_down(const network_options& o) {
  if (!edge::answers(std::filesystem::absolute(edge::socket_path(o.dir)))) {
    if (const auto pid = actors::lock_holder(o.dir)) {  // nobody at the socket, yet the folder is in use
      stop_process(*pid, [&] {
        if (::kill(*pid, SIGTERM) != 0) quit(exit_failed, "cannot stop process " + std::to_string(*pid) + ": " + std::strerror(errno));
      });
      std::printf("stopped (process %d did not answer at its socket and was told by a signal)\n", *pid);
      return;
    }
  }
  network n(o);
  stop_process(static_cast<pid_t>(n.status().pid()), [&] { static_cast<void>(n.ask<control::StopResponse>("Stop", control::StopRequest())); });
  std::printf("stopped\n");
}

}  // namespace

void add_down_verb(CLI::App& app) {
  auto* verb = app.add_subcommand("down", "Stop the running network and wait until it has stopped");
  auto o = std::make_shared<network_options>();
  o->add_dir(*verb);
  verb->callback([o] { run_down(*o); });
  example(*verb, "weft down");
}

void add_log_verb(CLI::App& app) {
  struct options : network_options {
    std::string level;
  };
  auto* verb = app.add_subcommand("log", "Set how much the running network logs");
  auto o = std::make_shared<options>();
  verb->add_option("level", o->level, "off, error, warn, info, debug or trace")
      ->required()
      ->check([](const std::string& level) -> std::string {
        for (const char* known : {"off", "error", "warn", "info", "debug", "trace"}) if (level == known) return {};
        return "no log level " + edge::in_quotes(level) + "; there are: off, error, warn, info, debug, trace";
      });
  o->add_dir(*verb);
  verb->callback([o] {
    network n(*o);
    control::SetLogLevelRequest request;
    request.set_level(o->level);
    const auto r = n.ask<control::SetLogLevelResponse>("SetLogLevel", request);
    std::printf("log level %s (was %s)\n", o->level.c_str(), r.previous().c_str());
  });
  example(*verb, "weft log debug");
}

void add_chaos_verb(CLI::App& app) {
  struct options : network_options {
    std::string role;
  };
  auto* noun = app.add_subcommand("chaos", "Break something on purpose")->require_subcommand(1);
  auto* verb = noun->add_subcommand("kill", "Kill a role as a fault would; it is started again from what is on disk");
  auto o = std::make_shared<options>();
  verb->add_option("role", o->role, "Role, as `weft status --all` lists it")->required();
  o->add_dir(*verb);
  verb->callback([o] {
    network n(*o);
    control::KillRoleRequest request;
    request.set_role(o->role);
    static_cast<void>(n.ask<control::KillRoleResponse>("KillRole", request));
    std::printf("killed %s; `weft status` shows its restart\n", o->role.c_str());
  });
  example(*verb, "weft chaos kill peer0.org1.example.com/endorser");
  example(*noun, "weft chaos kill peer0.org1.example.com/endorser");
}

void add_version_verb(CLI::App& app) {
  auto* verb = app.add_subcommand("version", "Print the version");
  verb->callback([] { std::printf("weft %s\n", std::string(edge::version()).c_str()); });
  example(*verb, "weft version");
}

}  // namespace weft::cli
