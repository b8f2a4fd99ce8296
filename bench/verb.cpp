#include "bench/verb.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "bench/ordering/ordering_bench.hpp"
#include "bench/put/put_bench.hpp"
#include "bench/verify/verify_bench.hpp"

namespace weft::bench {

namespace {

/// As in all of the command: cli/README.md.
constexpr int exit_failed = 1, exit_usage = 2;

struct put_arguments {
  put_options options;
  std::string trust = "shared", durability = "full", ordering, dir;
  bool json = false;
};

/// The report alone is written to standard output, and a line per block at each member would be a part of what is measured.
void quiet_log() {
  spdlog::set_default_logger(std::make_shared<spdlog::logger>("bench", std::make_shared<spdlog::sinks::stderr_sink_mt>()));
  spdlog::set_level(spdlog::level::warn);
}
void say(const std::string& text) { std::cerr << text << std::endl; }

[[noreturn]] void refuse(const std::string& verb, const error& e) {
  const bool usage = e.code == errc::invalid_argument;
  std::cerr << "weft: bench " << verb << ": " << e.context << (usage ? "\n  `weft bench " + verb + " --help` shows what is possible" : "") << std::endl;
  throw CLI::RuntimeError(usage ? exit_usage : exit_failed);
}

put_options common_of(const put_arguments& given) {
  auto o = given.options;
  o.trust_shared = given.trust == "shared";
  o.durable = given.durability == "full";
  o.dir = given.dir;
  return o;
}

void run(const put_arguments& given) {
  auto o = common_of(given);
  quiet_log();
  o.raft = given.ordering == "raft" || o.orderers > 1 || (o.processes && given.ordering.empty());
  if (given.ordering == "solo" && o.orderers > 1) {
    std::cerr << "weft: bench put: one orderer alone orders with solo; " << o.orderers << " agree by raft" << std::endl;
    throw CLI::RuntimeError(exit_usage);
  }
  const auto found = run_put(o, say);
  if (!found) refuse("put", found.error());
  if (!o.via.empty() && o.via != "evaluate") {  // what the doors add is the difference to this; the clients were forked while there was one thread
    auto within = o;
    within.via.clear();
    say("now in process, for comparison");
    const auto compared = run_put(within, say);
    if (!compared) refuse("put", compared.error());
    std::cout << "in process\n" << to_text(*compared) << "\nthrough the doors\n";
  }
  std::cout << to_text(*found);
  if (given.json) std::cout << to_json(*found) << '\n';
  std::cout.flush();
}

/// What `put` and `ordering` have in common.
void add_load_options(CLI::App& verb, put_arguments& given) {
  verb.add_option("--txs", given.options.txs, "Transactions, the unmeasured first ones included")->capture_default_str();
  verb.add_option("--clients", given.options.clients, "Transactions in flight at most")->capture_default_str();
  verb.add_option("--trust", given.trust, "shared: members of one operator verify a signature once; each: everybody for himself")
      ->check(CLI::IsMember({"shared", "each"}))
      ->capture_default_str();
  verb.add_option("--durability", given.durability, "full: fdatasync per block; off: none")->check(CLI::IsMember({"full", "off"}))->capture_default_str();
  verb.add_option("--value-bytes", given.options.value_bytes, "Size of a value")->capture_default_str();
  verb.add_option("--warm-up", given.options.warm_up, "Transactions that are not measured; default: a twentieth, at least 500 and at most a quarter");
  verb.add_option("--dir", given.dir, "Where the scratch folder is made (and removed); default: $TMPDIR, else /tmp");
  verb.add_option("--deadline", given.options.deadline_seconds, "Seconds after which a load gives up")->capture_default_str();
  verb.add_flag("--json", given.json, "One JSON object as the last line");
}

void add_ordering_verb(CLI::App& bench) {
  auto* verb = bench.add_subcommand("ordering", "Compare solo and raft orderers, in one process and as processes over the tunnel: what each adds to a transaction");
  struct arguments {
    put_arguments put;
    ordering_options options;
  };
  auto given = std::make_shared<arguments>();
  given->put.options.txs = 10'000;
  add_load_options(*verb, given->put);
  verb->add_option("--rounds", given->options.rounds, "Rounds; each runs every kind once")->check(CLI::Range(1, 100))->capture_default_str();
  verb->add_option("--orderers", given->options.sizes, "Sizes of raft groups")->delimiter(',')->check(CLI::Range(1, 9))->capture_default_str();
  verb->footer("Example:\n  weft bench ordering\n  weft bench ordering --rounds 5 --orderers 3 --json");
  verb->callback([given] {
    quiet_log();
    given->options.put = common_of(given->put);
    const auto found = run_ordering(given->options, say);
    if (!found) refuse("ordering", found.error());
    std::cout << to_text(*found);
    if (given->put.json) std::cout << to_json(*found) << '\n';
    std::cout.flush();
  });
}

void add_verify_verb(CLI::App& bench) {
  auto* verify = bench.add_subcommand("verify", "Verify P-256 signatures: OpenSSL, tables of keys, batches; per second and core");
  struct arguments {
    verify_options options;
    bool json = false;
  };
  auto given = std::make_shared<arguments>();
  verify->add_option("--keys", given->options.keys, "Keys, met in turns")->check(CLI::Range(1, 64))->capture_default_str();
  verify->add_option("--batch", given->options.batch, "Signatures in a batch")->check(CLI::Range(1, 1024))->capture_default_str();
  verify->add_option("--threads", given->options.threads, "Threads that verify at once")->check(CLI::Range(1, 256))->capture_default_str();
  verify->add_option("--seconds", given->options.seconds, "CPU time of each thread for each row")->check(CLI::Range(0.01, 600.0))->capture_default_str();
  verify->add_flag("--json", given->json, "One JSON object as the last line");
  verify->footer("Example: weft bench verify --keys 16 --batch 64 --threads 2 --json");
  verify->callback([given] {
    const auto found = run_verify(given->options);
    if (!found) {
      std::cerr << "bench verify: " << found.error().context << std::endl;
      throw CLI::RuntimeError(1);
    }
    std::cout << to_text(*found);
    if (given->json) std::cout << to_json(*found) << '\n';
    std::cout.flush();
  });
}

}  // namespace

void add_bench_verb(CLI::App& app) {
  auto* bench = app.add_subcommand("bench", "Measure: a network of its own (put), ways to order (ordering), signatures (verify)");
  bench->require_subcommand(1);
  bench->footer("Example:\n  weft bench put --txs 20000 --clients 64\n  weft bench ordering\n  weft bench verify");
  add_ordering_verb(*bench);
  add_verify_verb(*bench);
  auto* put = bench->add_subcommand("put", "Endorse, order and commit `kv put` transactions through the gateway, everything on");
  auto given = std::make_shared<put_arguments>();
  add_load_options(*put, *given);
  put->add_option("--via", given->options.via, "Come over TLS, from a process of its own, after a run in process for comparison. gateway: Endorse, Submit, CommitStatus. "
                                               "endorser: ProcessProposal, Broadcast, DeliverFiltered. evaluate: Evaluate only")
      ->check(CLI::IsMember({"gateway", "endorser", "evaluate"}));
  put->add_option("--rate", given->options.rate, "Intended starts per second, 0.01 to 1000000 (open loop); without it each client begins when its last one ended (closed loop)");
  put->add_option("--parts", given->options.parts, "Report the measured transactions in so many parts as well: what growth of state and chain costs")
      ->capture_default_str();
  put->add_option("--orgs", given->options.orgs, "Peer organizations")->check(CLI::Range(1, 26))->capture_default_str();
  put->add_option("--peers", given->options.peers, "Peers of each organization")->check(CLI::Range(1, 16))->capture_default_str();
  put->add_option("--orderers", given->options.orderers, "Orderers; more than one agree by raft")->check(CLI::Range(1, 9))->capture_default_str();
  put->add_flag("--processes", given->options.processes, "Each orderer in a process of its own, over the tunnel");
  put->add_option("--ordering", given->ordering, "solo or raft; without it solo for one orderer")->check(CLI::IsMember({"solo", "raft"}));
  put->add_option("--block-messages", given->options.block_messages, "Transactions in a block at most")->check(CLI::Range(1, 100'000))->capture_default_str();
  put->add_option("--block-timeout", given->options.block_timeout_ms, "Milliseconds after which an unfilled block closes")
      ->check(CLI::Range(1, 3'600'000))
      ->capture_default_str();
  put->footer("Example:\n  weft bench put --txs 20000 --clients 64 --json\n  weft bench put --rate 1000 --txs 30000 --trust each\n  weft bench put --orderers 3 --processes\n  weft bench put --via gateway");
  put->callback([given] { run(*given); });
}

}  // namespace weft::bench
