// weft topology: looks at a topology without starting it.
#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "actors/node/cluster_layout.hpp"
#include "cli/console.hpp"
#include "cli/up.hpp"
#include "cli/verbs.hpp"
#include "config/yaml/document.hpp"

namespace weft::cli {

namespace {

namespace fs = std::filesystem;

nlohmann::json to_json(const config::problem& p) {
  nlohmann::json out{{"severity", p.is_error() ? "error" : "warning"}, {"path", p.path}, {"problem", p.what}};
  if (p.line > 0) out.update({{"line", p.line}, {"column", p.column}});
  if (!p.suggestion.empty()) out["suggestion"] = p.suggestion;
  if (!p.excerpt.empty()) out["excerpt"] = p.excerpt;
  return out;
}

void check(const std::string& file, bool json) {
  const auto text = config::yaml::read_file(file);
  if (!text) quit(exit_usage, text.error().context);
  const auto t = examine_topology(*text, fs::path(file).parent_path(), {});
  const bool sound = !config::any_error(t.problems);
  if (json) {
    nlohmann::json problems = nlohmann::json::array();
    for (const auto& p : t.problems) problems.push_back(to_json(p));
    std::printf("%s\n", nlohmann::json{{"file", file}, {"sound", sound}, {"problems", problems}}
                             .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
  } else {
    if (!t.problems.empty()) std::printf("%s\n", config::to_text(t.problems, file).c_str());
    if (sound) {
      std::printf("%s is sound: %s, %s, %s\n", file.c_str(), count(t.contents.organizations.size(), "organization").c_str(),
                  count(t.contents.channels.size(), "channel").c_str(), count(t.contents.nodes.size(), "node").c_str());
    } else {
      std::printf("%s\n", count(t.problems.size(), "problem").c_str());
    }
  }
  if (!sound) quit(exit_failed);
}

config::topology sound_topology(const std::string& file) {
  auto t = read_topology(file, {});
  if (!t) quit(exit_usage, t.error().context);
  return std::move(*t);
}

void init(const std::string& file, const std::string& out) {
  const auto t = sound_topology(file);
  const actors::material_seams seams{std::make_shared<system_clock>(), std::make_shared<system_random>(), crypto::nonce_rule::random};
  const auto done = actors::lay_out_nodes(out, t, seams, [](const std::string& what, const std::string& detail) { std::printf("  %-28s %s\n", what.c_str(), detail.c_str()); });
  if (!done) quit(exit_failed, done.error().context);
  std::printf("Take each folder to its host and start it there: weft node NAME --dir FOLDER\n"
              "%s/operator holds all keys, the users' too: keep it where no node runs\n", out.c_str());
}

/// Who lives where, and what happens when somebody moves.
void show(const std::string& file) {
  const auto t = sound_topology(file);
  for (const auto& n : t.nodes) {
    std::printf("%s%s%s\n", n.name.c_str(), n.address.empty() ? "" : "  ", n.address.c_str());
    for (std::size_t i = 0; i < n.members.size(); ++i) {
      const auto& member = n.members[i];
      std::string roles;
      for (const auto& c : t.channels) {
        const auto consenters = config::consenters_of(c, t);
        if (std::find(consenters.begin(), consenters.end(), member) != consenters.end()) roles += " consenter of " + c.name + " (" + c.ordering + ")";
      }
      const bool peer = roles.empty() && member.find(".") != std::string::npos;
      std::printf("  %s %s%s\n", i + 1 == n.members.size() ? "`-" : "|-", member.c_str(), peer ? "  peer" : roles.c_str());
    }
  }
  for (const auto& c : t.channels) {
    const auto n = config::consenters_of(c, t).size();
    std::printf("\nchannel %s, %s: %zu consenter%s, goes on without %zu\n", c.name.c_str(), c.ordering.c_str(), n, n == 1 ? "" : "s", (n - 1) / 2);
  }
  std::printf("\nState does not travel when a member is moved: a peer fetches its blocks anew; an orderer's folder is copied while it is stopped,\n"
              "or the orderer is replaced as a consenter by a channel update.\n");
}

}  // namespace

void add_topology_verb(CLI::App& app) {
  auto* verb = app.add_subcommand("topology", "Look at a topology document");
  verb->require_subcommand(1);
  auto document = std::make_shared<std::string>(), out = std::make_shared<std::string>("weft-cluster");
  auto* laying = verb->add_subcommand("init", "Make a folder for each node: its keys, the genesis blocks, the topology");
  laying->add_option("file", *document, "The YAML document")->required();
  laying->add_option("--out", *out, "Where the folders are made")->capture_default_str();
  laying->callback([=] { init(*document, *out); });
  example(*laying, "weft topology init cluster.yaml --out cluster");
  auto* showing = verb->add_subcommand("show", "Draw who lives where");
  showing->add_option("file", *document, "The YAML document")->required();
  showing->callback([=] { show(*document); });
  example(*showing, "weft topology show cluster.yaml");
  auto* checking = verb->add_subcommand("check", "Everything that is wrong with a topology, at once; exit code 1 when it cannot be started");
  auto file = std::make_shared<std::string>();
  auto json = std::make_shared<bool>(false);
  checking->add_option("file", *file, "The YAML document")->required();
  checking->add_flag("--json", *json, "Print one JSON object");
  checking->callback([=] { check(*file, *json); });
  example(*checking, "weft topology check network.yaml\n  weft topology check network.yaml --json\n\n"
                     "The topology of every network lies in its folder, weft-network/topology.yaml: a document to begin with. An organization whose keys\n"
                     "another tool made says where they are:\n"
                     "  material: crypto-config/peerOrganizations/org1.example.com");
  example(*verb, "weft topology check network.yaml");
}

}  // namespace weft::cli
