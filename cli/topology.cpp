// weft topology: looks at a topology without starting it.
#include <filesystem>
#include <nlohmann/json.hpp>

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

}  // namespace

void add_topology_verb(CLI::App& app) {
  auto* verb = app.add_subcommand("topology", "Look at a topology document");
  verb->require_subcommand(1);
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
