// weft up: a whole network in one process.
#include "cli/up.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/console.hpp"
#include "cli/verbs.hpp"

namespace weft::cli {

namespace {

using steady = std::chrono::steady_clock;

void run(const up_options& o) {
  const auto begun = steady::now();
  const auto t = choose_topology(o);
  if (!t) quit(t.error().code == errc::failed_precondition ? exit_failed : exit_usage, t.error().context);
  const int code = o.detach ? run_detached(o, *t, begun) : run_node(o, *t, begun, -1);
  if (code != exit_ok) quit(static_cast<exit_code>(code));
}

}  // namespace

int run_detached(const up_options& o, const config::topology& t, std::chrono::steady_clock::time_point begun) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) quit(exit_failed, "cannot make a pipe");
  std::fflush(stdout);
  const auto child = ::fork();
  if (child < 0) quit(exit_failed, "cannot fork");
  if (child == 0) {
    ::close(ends[0]);
    ::setsid();
    const int code = run_node(o, t, begun, ends[1]);
    std::fflush(stdout);
    ::_exit(code);
  }
  ::close(ends[1]);
  char how = 'f';
  const bool heard = ::read(ends[0], &how, 1) == 1;
  ::close(ends[0]);
  if (heard && how == 'r') {
    if (!o.json) std::printf("running as process %d; log in %s/weft.log; stop with: weft down%s\n", child, o.dir.c_str(),
                             o.dir == "weft-network" ? "" : (" --dir " + o.dir).c_str());
    return exit_ok;
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (!heard) std::fprintf(stderr, "weft: the network ended during its start; see %s/weft.log\n", o.dir.c_str());
  return exit_failed;
}

void add_up_verb(CLI::App& app) {
  auto* verb = app.add_subcommand("up", "Start a network in this process; a folder that has one goes on with it");
  auto o = std::make_shared<up_options>();
  verb->add_option("--dir", o->dir, "The network's folder: identities, ledgers, socket")->envname("WEFT_DIR")->capture_default_str();
  verb->add_option("--topology", o->topology_file, "YAML document that says which organizations, channels and contracts there are");
  auto* orgs = verb->add_option("--orgs", o->orgs, "Organizations with peers; in all at most 128 peers")->check(CLI::Range(1, 26))->capture_default_str();
  auto* peers = verb->add_option("--peers", o->peers, "Peers of each organization")->check(CLI::Range(1, 16))->capture_default_str();
  auto* orderers = verb->add_option("--orderers", o->orderers, "Orderers. One orders alone; more agree by raft: 3 go on without one of them, 5 without two. "
                                                               "An even number is no better than one less")
                       ->check(CLI::Range(1, 9))->capture_default_str();
  auto* messages = verb->add_option("--block-messages", o->block_messages, "Transactions in a block at most")->check(CLI::Range(1, 100'000))->capture_default_str();
  auto* timeout = verb->add_option("--block-timeout", o->block_timeout, "Age at which an unfilled block closes, such as 500ms (default: 2s)");
  verb->add_option("--ports", o->ports, "Ports for Fabric's clients: the orderers' from this one on in steps of 1000, the peers' from the next. off: none. Default: 7050 and "
                                        "7051, as far as they are free")->envname("WEFT_PORTS");
  verb->add_option("--operations", o->operations, "Address of the operations service: /healthz, /metrics, /logspec, /version over HTTP. off: none. Default: 127.0.0.1:9443, if it is free")
      ->envname("WEFT_OPERATIONS");
  verb->add_option("--packages", o->packages, "Contracts that an organization's admin installs as source code (packages of type node): run: as processes of this network. keep: whoever\nwants them run starts them")
      ->check(CLI::IsMember({"run", "keep"}))->capture_default_str();
  verb->add_option("--durability", o->durability, "full: what is acknowledged is on the disk. off: for benches")->check(CLI::IsMember({"full", "off"}))->capture_default_str();
  verb->add_option("--trust", o->trust, "Do roles of one operator share verified signatures?")->check(CLI::IsMember({"shared", "each"}))->capture_default_str();
  verb->add_option("--log", o->log_level, "Log level")->check(CLI::IsMember({"off", "error", "warn", "info", "debug", "trace"}))->capture_default_str();
  verb->add_flag("--json", o->json, "Print one JSON object when ready");
  verb->add_flag("--detach", o->detach, "Return when the network is ready; it goes on in the background");
  verb->callback([=] {
    o->orgs_given = orgs->count() > 0;
    o->peers_given = peers->count() > 0;
    o->orderers_given = orderers->count() > 0;
    o->block_messages_given = messages->count() > 0;
    o->block_timeout_given = timeout->count() > 0;
    run(*o);
  });
  example(*verb, "weft up\n  weft up --detach --orgs 3 --peers 2 --block-timeout 500ms\n  weft up --orderers 5\n  weft up --dir another --ports 17050\n\n"
                 "SDKs and Fabric's own commands find the network by weft-network/profiles/ORG/connection.json (or .yaml, or env.sh), and users in\n"
                 "weft-network/wallet.");
}

}  // namespace weft::cli
