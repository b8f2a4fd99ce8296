// weft node: one node of a cluster, in the folder that `weft topology init` made for it.
#include <filesystem>

#include "cli/console.hpp"
#include "cli/up.hpp"
#include "cli/verbs.hpp"

namespace weft::cli {

namespace {

namespace fs = std::filesystem;

/// DIR is the node's own folder, or the one that holds those of all nodes.
std::string folder_of(const std::string& dir, const std::string& node) {
  std::error_code ignored;
  if (fs::exists(fs::path(dir) / node / "topology.yaml", ignored)) return (fs::path(dir) / node).string();
  return dir;
}

void run(up_options o) {
  const auto begun = std::chrono::steady_clock::now();
  o.dir = folder_of(o.dir, o.node);
  auto document = topology_path(o.dir);
  std::error_code ignored;
  // Only to say which nodes there are: none of them lives in the operator's folder.
  if (const auto all = fs::path(o.dir) / "operator" / "topology.yaml"; !fs::exists(document, ignored) && fs::exists(all, ignored)) document = all;
  if (!fs::exists(document, ignored)) quit(exit_usage, "no topology in " + o.dir + "; `weft topology init FILE --out DIR` makes a folder for each node");
  const auto t = read_topology(document, o.dir);
  if (!t) quit(exit_usage, t.error().context);
  if (!config::find_node(*t, o.node)) {
    std::string known;
    for (const auto& n : t->nodes) known += (known.empty() ? "" : ", ") + n.name;
    quit(exit_usage, "no node '" + o.node + "' in " + document.string() + "; there are: " + known);
  }
  if (document.parent_path().filename() == "operator") quit(exit_usage, "the folder of " + o.node + " is not in " + o.dir + "; was it taken to another host?");
  const int code = o.detach ? run_detached(o, *t, begun) : run_node(o, *t, begun, -1);
  if (code != exit_ok) quit(static_cast<exit_code>(code));
}

}  // namespace

void add_node_verb(CLI::App& app) {
  auto* verb = app.add_subcommand("node", "Run one node of a cluster; the others may run on other hosts");
  auto o = std::make_shared<up_options>();
  o->dir = "weft-cluster";
  o->packages = "keep";  // a host is not for every admin who can reach a port of it to run programs on
  verb->add_option("name", o->node, "The node, as the topology calls it")->required();
  verb->add_option("--dir", o->dir, "The folder that `weft topology init` made for the node, or the one that holds all of them")->envname("WEFT_DIR")->capture_default_str();
  verb->add_option("--operations", o->operations, "Address of the operations service: /healthz, /metrics, /logspec, /version over HTTP. off: none. Default: 127.0.0.1:9443, if it is free")
      ->envname("WEFT_OPERATIONS");
  verb->add_option("--packages", o->packages, "Contracts that an organization's admin installs as source code (packages of type node): run: as processes of this network. keep: whoever\nwants them run starts them")
      ->check(CLI::IsMember({"run", "keep"}))->capture_default_str();
  verb->add_option("--durability", o->durability, "full: what is acknowledged is on the disk. off: for benches")->check(CLI::IsMember({"full", "off"}))->capture_default_str();
  verb->add_option("--trust", o->trust, "Do roles of one operator in this process share verified signatures?")->check(CLI::IsMember({"shared", "each"}))->capture_default_str();
  verb->add_option("--log", o->log_level, "Log level")->check(CLI::IsMember({"off", "error", "warn", "info", "debug", "trace"}))->capture_default_str();
  verb->add_flag("--json", o->json, "Print one JSON object when ready");
  verb->add_flag("--detach", o->detach, "Return when the node serves; it goes on in the background. Contracts are deployed as soon as the other nodes are there: `weft status --wait 60s`");
  verb->callback([o] { run(*o); });
  example(*verb, "weft topology init cluster.yaml --out cluster\n  weft node host1 --dir cluster --detach\n  weft status --dir cluster/host1");
}

}  // namespace weft::cli
