// weft chaincode deploy, dev, list, log: from a contract's folder to a channel that runs it.
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "chaincode/lifecycle/input.hpp"
#include "chaincode/lifecycle/package.hpp"
#include "chaincode/process/launch_plan.hpp"
#include "chaincode/process/node_source.hpp"
#include "cli/chaincode_deploy.hpp"
#include "cli/console.hpp"
#include "cli/save_watch.hpp"
#include "cli/verbs.hpp"
#include "config/yaml/document.hpp"
#include "edge/quoted.hpp"

namespace weft::cli {

namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr std::chrono::seconds start_timeout{60}, stop_timeout{30}, list_timeout{30};

struct deploy_options : network_options {
  std::string path, address, name, version, policy, collections;
  bool init_required = false, with_address = false;

  void add_to(CLI::App& verb, bool offers_address) {
    with_address = offers_address;
    verb.add_option("path", path, std::string("Folder of a Node contract (package.json, fabric-shim 2.5 installed), or an executable that serves the contract at $CHAINCODE_SERVER_ADDRESS") +
                                     (with_address ? ";\nor a package (.tar.gz) that another tool made, whose contract you run" : ""));
    if (with_address) verb.add_option("--address", address, "HOST:PORT of the contract's service, which you run yourself with the CHAINCODE_ID that is printed");
    verb.add_option("--name", name, "What the channel calls it (default: the name in package.json, or the file's)");
    verb.add_option("--version", version, "Its version (default: that in package.json, or 1.0)");
    verb.add_option("--policy", policy, "Who has to endorse, such as \"AND('Org1MSP.peer', 'Org2MSP.peer')\", or a policy of the channel, such as /Channel/Application/Admins\n"
                                       "(default: /Channel/Application/Endorsement, a majority of the organizations)");
    verb.add_option("--collections", collections, "File of private data collections, in JSON as Fabric's tools read it; they come with a later version");
    verb.add_flag("--init-required", init_required, "The first call has to be one with --init");
    add_dir(verb);
    verb.add_option("--channel", channel, "Channel to deploy on (default: the first)");
    if (offers_address) add_json(verb);  // dev goes on for ever and prints no object
  }
};

template <class T>
T or_usage(result<T> r, const std::string& option = {}) {
  if (!r) quit(exit_usage, (option.empty() ? "" : option + ": ") + r.error().context);
  if constexpr (!std::is_void_v<T>) return *std::move(r);
}

/// Where the contract is and how it is called: all that can be said before the network is asked.
struct target {
  contract_definition definition;
  std::string path;     ///< Absolute; empty: somebody else runs it.
  std::string address;  ///< Of its service; empty: it dials its peer.
  std::string label;
  bytes package;        ///< Made by somebody else; empty: we make it.
  bool source = false;  ///< It holds source code, which the network may run.
  bool developed = false;  ///< It will be started again and again.
};

bool is_package(const std::string& path) {
  std::array<char, 2> magic{};
  std::ifstream in(path, std::ios::binary);
  return in.read(magic.data(), magic.size()) && magic == std::array<char, 2>{'\x1f', '\x8b'};
}

/// A package that another tool made is called as its label says: NAME_VERSION.
void read_package(const std::string& path, target& out) {
  out.package = or_usage(config::yaml::read_file(path, chaincode::package_bytes_max));
  const auto p = or_usage(chaincode::parse_package(out.package), path);
  const auto service = or_usage(chaincode::service_of(p, chaincode::builder_values("peer", std::getenv("CHAINCODE_AS_A_SERVICE_BUILDER_CONFIG"))), path);
  if (service) out.address = service->address;
  out.source = !service && p.type == chaincode::node_type;
  out.label = p.label;
  const auto split = p.label.rfind('_');
  if (out.definition.name.empty()) out.definition.name = chaincode::as_chaincode_name(p.label.substr(0, split));
  if (out.definition.version.empty() && split != std::string::npos) out.definition.version = chaincode::as_chaincode_version(p.label.substr(split + 1));
}

target target_of(const deploy_options& o) {
  if (o.path.empty() == o.address.empty()) {
    quit(exit_usage, std::string("say which contract: the PATH of a Node contract's folder") +
                         (o.with_address ? ", of an executable or of a package, or --address HOST:PORT of a service that you run" : " or of an executable"));
  }
  target out;
  out.address = o.address;
  out.definition.name = o.name;
  out.definition.version = o.version;
  if (!o.path.empty() && is_package(o.path)) {
    read_package(o.path, out);
  } else if (!o.path.empty()) {
    const char* search = std::getenv("PATH");
    const auto plan = or_usage(chaincode::plan_launch(o.path, search ? search : ""));
    out.path = fs::absolute(o.path).lexically_normal().string();
    if (out.definition.name.empty()) out.definition.name = plan.name;
    if (out.definition.version.empty()) out.definition.version = plan.version;
  } else {
    or_usage(check_service_address(o.address), "--address");
  }
  if (out.definition.version.empty()) out.definition.version = "1.0";
  if (out.definition.name.empty()) quit(exit_usage, "--name NAME says what the channel shall call the contract" + std::string(o.path.empty() ? "" : "; its own name cannot be used for that"));
  or_usage(chaincode::check_chaincode_name(out.definition.name), "--name");
  or_usage(chaincode::check_chaincode_version(out.definition.version), "--version");
  if (out.label.empty()) out.label = out.definition.name + "_" + out.definition.version;
  out.definition.validation_parameter = or_usage(validation_parameter(o.policy), "--policy");
  out.definition.init_required = o.init_required;
  if (!o.collections.empty()) {
    const auto text = or_usage(config::yaml::read_file(o.collections, MiB), "--collections");
    if (const auto checked = check_collections_file(text); !checked) {
      quit(checked.error().code == errc::unsupported ? exit_failed : exit_usage, "--collections " + o.collections + ": " + checked.error().context);
    }
  }
  return out;
}

/// The package of a contract, and its process when it has one.
struct made_package {
  bytes package;
  std::string id;
  control::ContractProcess process;
  std::string failure;
  bool known = false;
};

template <class Response, class Request>
tl::expected<Response, actors::rpc_status> try_contracts(const network& n, const char* method, const Request& request, std::chrono::milliseconds timeout) {
  const auto raw = n.try_call(std::string("/weft.control.Contracts/") + method, proto::encode(request), timeout);
  if (!raw) return tl::unexpected(raw.error());
  Response out;
  if (!proto::decode(*raw, out)) quit(exit_failed, "the network's answer is malformed; is it another version of weft?");
  return out;
}

template <class Response, class Request>
Response ask_contracts(const network& n, const char* method, const Request& request, std::chrono::milliseconds timeout) {
  auto answer = try_contracts<Response>(n, method, request, timeout);
  if (!answer) quit(exit_failed, answer.error().message);
  return *std::move(answer);
}

void stop_process(const network& n, const std::string& package_id) {
  control::StopContractRequest request;
  request.set_package_id(package_id);
  static_cast<void>(n.try_call("/weft.control.Contracts/Stop", proto::encode(request), stop_timeout));  // refused when no process serves it, which is as well
}

tl::expected<made_package, actors::rpc_status> try_start(const network& n, const target& t) {
  control::StartContractRequest request;
  request.set_path(t.path);
  request.set_label(t.label);
  request.set_developed(t.developed);
  auto r = try_contracts<control::StartContractResponse>(n, "Start", request, start_timeout);
  if (!r) return tl::unexpected(r.error());
  return made_package{std::move(*r->mutable_package()), r->process().package_id(), r->process(), r->failure(), r->known()};
}

made_package start_process(const network& n, const target& t) {
  auto made = try_start(n, t);
  if (!made) quit(exit_failed, made.error().message);
  return *std::move(made);
}

made_package make_package(const network& n, const target& t) {
  if (!t.path.empty()) {
    auto out = start_process(n, t);
    if (out.failure.empty()) return out;
    if (!out.known) stop_process(n, out.id);
    quit(exit_failed, out.failure + "\nIts log: " + out.process.log());
  }
  made_package out;
  out.package = !t.package.empty() ? t.package : chaincode::make_service_package({.address = t.address, .dial_timeout = std::chrono::seconds(10)}, t.label);
  out.id = chaincode::package_id(t.label, out.package);
  return out;
}

bool same(const contract_definition& a, const contract_definition& b) {
  return a.version == b.version && a.validation_parameter == b.validation_parameter && a.init_required == b.init_required;
}

/// What came of a deployment, for whoever prints it.
struct deployed {
  std::string channel, package_id, address, log;
  contract_definition definition;
  std::optional<std::uint64_t> block;  ///< Nothing: the definition was there.
  std::vector<std::string> functions;
  int pid = 0;
};

/// Where a peer has put what a contract needs to dial it.
std::string papers_of(const network& n, const std::string& peer, std::string package_id) {
  std::replace(package_id.begin(), package_id.end(), ':', '.');
  return (fs::path(n.dir()) / "contracts" / peer / package_id / "env.sh").string();
}

/// The end of a file, from the beginning of a line.
std::string tail_of(const std::string& path, std::streamoff most) {
  std::ifstream in(path, std::ios::binary);
  in.seekg(0, std::ios::end);
  const auto size = static_cast<std::streamoff>(in.tellg());
  if (!in || size < 0) return {};
  in.seekg(std::max<std::streamoff>(0, size - most));
  std::string out(static_cast<std::size_t>(std::min(size, most)), '\0');
  in.read(out.data(), static_cast<std::streamsize>(out.size()));
  out.resize(static_cast<std::size_t>(in.gcount()));
  if (size > most) out.erase(0, out.find('\n') + 1);
  return out;
}

/// What runs a package of source code, which the network begins behind its installation; nothing: this network does not.
std::optional<control::ContractProcess> process_of(const network& n, const std::string& package_id) {
  const auto all = ask_contracts<control::ListContractsResponse>(n, "List", control::ListContractsRequest(), list_timeout);
  for (const auto& p : all.processes()) if (p.package_id() == package_id) return p;
  return std::nullopt;
}

/// The same, until it listens: npm may have much to fetch. Ends the command when the process ends.
std::optional<control::ContractProcess> await_process(const network& n, const std::string& package_id, const contract_deployment::progress_fn& progress) {
  constexpr std::chrono::milliseconds begins_within{2'000}, again{20};
  constexpr std::chrono::minutes installs_within{5};
  const auto begun = std::chrono::steady_clock::now();
  for (bool told = false;;) {
    auto found = process_of(n, package_id);
    const auto waited = std::chrono::steady_clock::now() - begun;
    if (!found && waited > begins_within) return std::nullopt;
    if (found && !std::exchange(told, true)) progress("process", "the network installs and starts it, log " + found->log());
    if (found && found->phase() == "running") return found;
    if (found && !found->last_end().empty()) {
      quit(exit_failed, "its process " + found->last_end() + " and said last:\n" + tail_of(found->log(), 2 * static_cast<std::streamoff>(KiB)) + "It is tried again, with growing pauses; its log: " + found->log());
    }
    if (waited > installs_within) quit(exit_failed, "it does not listen; see its log, " + found->log());
    std::this_thread::sleep_for(again);  // a client waits here; nothing in the network does
  }
}

/// `only_if_needed`: what the channel runs with this package already is left as it is.
deployed deploy(network& n, target t, bool only_if_needed, const contract_deployment::progress_fn& progress) {
  contract_deployment d(n, progress);
  const auto made = make_package(n, t);
  deployed out{d.channel(), made.id, t.path.empty() ? t.address : made.process.address(), made.process.log(), {}, {}, {}, made.process.pid()};
  progress("package", made.id);
  if (made.process.pid() != 0) progress("process", std::to_string(made.process.pid()) + " at " + made.process.address() + ", log " + made.process.log());
  if (t.path.empty() && !t.address.empty()) progress("service", t.address + "; it has to run with CHAINCODE_ID=" + made.id);
  const auto before = d.packages_of(t.definition.name);
  const auto now = d.committed(t.definition.name);
  const bool equal = now && same(*now, t.definition);
  const bool runs_it = equal && std::find(before.begin(), before.end(), made.id) != before.end() && d.approved_here(*now);
  const bool only_approves = equal && !d.approved_here(*now);
  t.definition.sequence = !now ? 1 : only_approves || (runs_it && only_if_needed) ? now->sequence : now->sequence + 1;
  if (!(runs_it && only_if_needed)) {
    try {
      d.install(made.package, made.id);
      d.approve(t.definition, made.id);
    } catch (...) {  // nobody will call it: the channel does not know this package
      if (!t.path.empty() && !made.known) stop_process(n, made.id);
      throw;
    }
    if (!only_approves) out.block = d.commit(t.definition);
  }
  const auto process = t.source ? await_process(n, made.id, progress) : std::nullopt;
  if (process) {
    out.address = process->address();
    out.log = process->log();
    out.pid = process->pid();
  } else if (t.path.empty() && t.address.empty()) {
    for (const auto& p : d.peers()) progress("start it", "for " + p.name + ", with what " + papers_of(n, p.name, made.id) + " sets");
  }
  out.functions = d.await_answer(t.definition);
  d.check_endorsable(t.definition);
  const auto in_use = d.packages_in_use();
  for (const auto& id : before) {
    if (id == made.id || std::find(in_use.begin(), in_use.end(), id) != in_use.end()) continue;
    stop_process(n, id);
  }
  out.definition = t.definition;
  return out;
}

std::string one_of(const std::vector<std::string>& names) {
  std::string out;
  for (const auto& f : names) out.append(out.empty() ? "" : ", ").append(f);
  return out;
}

json to_json(const deployed& d) {
  json out{{"ok", true}, {"channel", d.channel}, {"name", d.definition.name}, {"version", d.definition.version}, {"sequence", d.definition.sequence},
           {"package_id", d.package_id}, {"address", d.address}, {"functions", d.functions}};
  if (d.block) out["block"] = *d.block;
  if (d.pid != 0) out["pid"] = d.pid, out["log"] = d.log;
  return out;
}

void print_text(const deployed& d, const deploy_options& o) {
  if (!d.functions.empty()) std::printf("  %-10s %s\n", "functions", one_of(d.functions).c_str());
  const auto where = (o.dir == "weft-network" ? std::string() : " --dir " + o.dir) + (o.channel.empty() ? std::string() : " --channel " + o.channel);
  const auto function = d.functions.empty() ? std::string("FUNCTION") : d.functions.front();
  std::printf("%s %s is deployed on %s. Call it:\n  weft invoke%s%s %s %s ARGUMENTS...\n", d.definition.name.c_str(), d.definition.version.c_str(), d.channel.c_str(), where.c_str(),
              d.definition.init_required ? " --init" : "", d.definition.name.c_str(), function.c_str());
}

contract_deployment::progress_fn printer(bool quiet) {
  return [quiet](const std::string& step, const std::string& what) {
    if (quiet) return;
    std::printf("  %-10s %s\n", step.c_str(), what.c_str());
    std::fflush(stdout);
  };
}

void run_deploy(const deploy_options& o) {
  const auto t = target_of(o);
  network n(o);
  const auto d = deploy(n, t, false, printer(o.json));
  if (o.json) std::printf("%s\n", to_json(d).dump().c_str());
  else print_text(d, o);
}

// ---- dev

/// Ctrl-C as something to be read, beside files that change. Before there are other threads.
int open_interrupts() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  return ::signalfd(-1, &set, SFD_CLOEXEC);
}

/// The file that was saved, once nothing more has been saved for a moment; nothing: it was Ctrl-C.
std::optional<std::string> wait_for_save(save_watch& files, int interrupts) {
  constexpr int for_ever = -1, moment_ms = 40;
  std::string changed;
  for (;;) {
    pollfd fds[] = {{interrupts, POLLIN, 0}, {files.fd(), POLLIN, 0}};
    const int ready = ::poll(fds, 2, changed.empty() ? for_ever : moment_ms);
    if (ready > 0 && fds[0].revents != 0) return std::nullopt;
    if (ready == 0) return changed;
    if (auto file = files.take(); !file.empty()) changed = std::move(file);
  }
}

void run_dev(const deploy_options& o) {
  if (is_package(o.path)) quit(exit_usage, o.path + " is a package: `dev` watches the folder of a contract, or an executable");
  const int interrupts = open_interrupts();
  auto t = target_of(o);
  t.developed = true;
  auto files = save_watch::open(t.path);
  if (!files) quit(exit_failed, files.error().context);
  network n(o);
  print_text(deploy(n, t, true, printer(false)), o);
  std::printf("Watching %s: what you save is what the next transaction runs. Ctrl-C ends the watching; the contract goes on.\n", t.path.c_str());
  std::fflush(stdout);
  while (const auto changed = wait_for_save(*files, interrupts)) {
    const auto begun = std::chrono::steady_clock::now();
    const auto made = try_start(n, t);
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begun).count();
    // What cannot be started now, a package.json that is half written or an executable that is being linked, may be whole with the next save.
    if (!made) std::printf("%s: %s\n", changed->c_str(), made.error().message.c_str());
    else if (!made->failure.empty()) std::printf("%s: %s\n", changed->c_str(), made->failure.c_str());
    else std::printf("%s: %s runs anew after %lld ms, process %d\n", changed->c_str(), t.definition.name.c_str(), static_cast<long long>(ms), made->process.pid());
    std::fflush(stdout);
  }
  ::close(interrupts);
}

// ---- list, log

json to_json(const control::ContractProcess& p) {
  return {{"label", p.label()}, {"package_id", p.package_id()}, {"path", p.path()}, {"address", p.address()}, {"phase", p.phase()},
          {"pid", p.pid()}, {"starts", p.starts()}, {"last_end", p.last_end()}, {"log", p.log()}};
}

void run_list(const network_options& o) {
  network n(o);
  const auto processes = ask_contracts<control::ListContractsResponse>(n, "List", control::ListContractsRequest(), list_timeout);
  json all{{"contracts", json::array()}, {"processes", json::array()}};
  table contracts({"channel", "contract", "version", "sequence", "endorsed by"}), running({"process", "package", "state", "address", "starts", "path"});
  for (const auto& c : n.status().channels()) {
    for (const auto& k : c.contracts()) {
      contracts.add({c.channel_id(), k.name(), k.version(), std::to_string(k.sequence()), k.endorsement_policy()});
      all["contracts"].push_back({{"channel", c.channel_id()}, {"name", k.name()}, {"version", k.version()}, {"sequence", k.sequence()},
                                  {"policy", k.endorsement_policy()}, {"init_required", k.init_required()}});
    }
  }
  for (const auto& p : processes.processes()) {
    running.add({p.pid() == 0 ? "none" : std::to_string(p.pid()), p.label(), p.phase(), p.address(), std::to_string(p.starts()), p.path()});
    all["processes"].push_back(to_json(p));
  }
  if (o.json) return static_cast<void>(std::printf("%s\n", all.dump().c_str()));
  std::printf("%s", contracts.text().c_str());
  if (!running.empty()) std::printf("\n%s", running.text().c_str());
}

struct log_options : network_options {
  std::string name;
};

void run_log(const log_options& o) {
  network n(o);
  std::string known;
  const control::ContractProcess* found = nullptr;
  const auto all = ask_contracts<control::ListContractsResponse>(n, "List", control::ListContractsRequest(), list_timeout);
  for (const auto& p : all.processes()) {
    known.append(known.empty() ? "" : ", ").append(p.label());
    if (p.label() == o.name || p.label().substr(0, p.label().rfind('_')) == o.name) found = &p;
  }
  if (!found) quit(exit_failed, "no process serves a contract " + edge::in_quotes(o.name) + "; there are: " + (known.empty() ? "none" : known));
  const auto text = tail_of(found->log(), 64 * static_cast<std::streamoff>(KiB));
  if (!o.json) return static_cast<void>(std::fwrite(text.data(), 1, text.size(), stdout));
  auto all_of_it = to_json(*found);
  all_of_it["text"] = text;
  std::printf("%s\n", all_of_it.dump(-1, ' ', false, json::error_handler_t::replace).c_str());
}

}  // namespace

void add_chaincode_verb(CLI::App& app) {
  auto* noun = app.add_subcommand("chaincode", "Deploy contracts of your own, in any language, and develop them")->require_subcommand(1);
  {
    auto* verb = noun->add_subcommand("deploy", "Package, install, approve and commit a contract, and wait until it answers");
    auto o = std::make_shared<deploy_options>();
    o->add_to(*verb, true);
    verb->callback([o] { run_deploy(*o); });
    example(*verb, "weft chaincode deploy asset-transfer/chaincode-javascript --name basic2\n  weft chaincode deploy ./mycontract --version 2.0 --policy \"OR('Org1MSP.peer', 'Org2MSP.peer')\"\n"
                   "  weft chaincode deploy --address localhost:9999 --name basic2    # runs where you started it, also under a debugger\n"
                   "  weft chaincode deploy basic_1.0.tar.gz    # a package of another tool: you start its contract\n\n"
                   "A contract that is given by its path runs as a process of the network, which starts it again when it dies and with every `weft up`.\n"
                   "A name that is defined already gets the next sequence. On a cluster each organization deploys on a node of its own.");
  }
  {
    auto* verb = noun->add_subcommand("dev", "The same, and watch the folder: what you save is what the next transaction runs");
    auto o = std::make_shared<deploy_options>();
    o->add_to(*verb, false);
    verb->callback([o] { run_dev(*o); });
    example(*verb, "weft chaincode dev asset-transfer/chaincode-javascript --name basic2\n\nNo new sequence is made for a change; TypeScript runs once it is compiled (`tsc --watch` beside it).");
  }
  {
    auto* verb = noun->add_subcommand("list", "Show the contracts of all channels, and the processes that serve some of them");
    auto o = std::make_shared<network_options>();
    o->add_dir(*verb);
    o->add_json(*verb);
    verb->callback([o] { run_list(*o); });
    example(*verb, "weft chaincode list");
  }
  {
    auto* verb = noun->add_subcommand("log", "Show what a contract's process said last");
    auto o = std::make_shared<log_options>();
    verb->add_option("name", o->name, "The contract, or its package's label")->required();
    o->add_dir(*verb);
    o->add_json(*verb);
    verb->callback([o] { run_log(*o); });
    example(*verb, "weft chaincode log basic2");
  }
  example(*noun, "weft chaincode deploy ./mycontract\n  weft chaincode dev ./mycontract\n  weft chaincode list");
}

}  // namespace weft::cli
