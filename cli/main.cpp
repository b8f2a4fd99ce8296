// The `weft` command: finds the verb, or says which one was probably meant.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cstdio>
#include <exception>

#include "cli/bracket_words.hpp"
#include "cli/console.hpp"
#include "cli/tools.hpp"
#include "cli/verbs.hpp"
#include "config/yaml/problem.hpp"
#include "edge/version.hpp"
#ifdef WEFT_HAS_BENCH
#include "bench/verb.hpp"
#endif

namespace {

using namespace weft::cli;

std::vector<std::string> verb_names(const CLI::App& app) {
  std::vector<std::string> out;
  for (const auto* verb : app.get_subcommands([](const CLI::App*) { return true; })) out.push_back(verb->get_name());
  return out;
}

/// The first word that is no verb where a verb should stand; empty when all is well.
std::string unknown_verb(const CLI::App& app, int argc, char** argv, std::vector<std::string>& known) {
  const CLI::App* at = &app;
  for (int i = 1; i < argc && argv[i][0] != '-'; ++i) {
    known = verb_names(*at);
    if (known.empty()) return {};
    const CLI::App* next = nullptr;
    for (const auto* verb : at->get_subcommands([](const CLI::App*) { return true; })) {
      if (verb->get_name() == argv[i]) next = verb;
    }
    if (!next) return argv[i];
    at = next;
  }
  return {};
}

/// Arguments of contracts in brackets are one word each: see shield_brackets.
std::vector<std::string> shielded(const CLI::App& app, int argc, char** argv) {
  std::vector<std::string> out(argv, argv + argc);
  const CLI::App* verb = nullptr;
  for (const auto* v : app.get_subcommands([](const CLI::App*) { return true; })) if (argc > 1 && v->get_name() == argv[1]) verb = v;
  if (!verb || verb->get_option_no_throw("args") == nullptr) return out;
  for (std::size_t i = 2; i < out.size(); ++i) {
    const auto* before = verb->get_option_no_throw(out[i - 1]);
    const bool is_value = out[i - 1].starts_with('-') && before != nullptr && before->get_items_expected_max() > 0;
    if (!is_value) out[i] = shield_brackets(std::move(out[i]));
  }
  return out;
}

int usage(const std::string& text) {
  std::fprintf(stderr, "weft: %s\n", text.c_str());
  return exit_usage;
}

int run(int argc, char** argv) {
  if (const auto* tool = find_tool(argv[0])) return tool->run(argc, argv);
  if (const auto* tool = argc > 1 ? find_tool(argv[1]) : nullptr) return tool->run(argc - 1, argv + 1);
  CLI::App app{"weft: Hyperledger Fabric's system as actors, a whole network in one process", "weft"};
  app.require_subcommand(1);
  app.set_version_flag("--version", "weft " + std::string(weft::edge::version()));
  app.footer("Begin with:\n  weft up --detach\n  weft invoke mycc invoke a b 10\n  weft query mycc query a\n  weft down\n\n`weft VERB --help` tells more of each.");
  for (auto* add : {add_up_verb, add_node_verb, add_down_verb, add_invoke_verb, add_query_verb, add_status_verb, add_block_verb, add_tx_verb, add_channel_verb, add_chaincode_verb,
                    add_log_verb, add_chaos_verb, add_topology_verb, add_version_verb}) {
    add(app);
  }
#ifdef WEFT_HAS_BENCH
  weft::bench::add_bench_verb(app);
#endif
  for (const auto& tool : tools()) app.add_subcommand(tool.name, tool.summary);  // for --help and for words that were mistyped
  std::vector<std::string> known;
  if (const auto word = unknown_verb(app, argc, argv, known); !word.empty()) {
    const auto meant = weft::config::nearest(word, known);
    std::string all;
    for (const auto& k : known) all.append(all.empty() ? "" : ", ").append(k);
    return usage("no verb '" + word + "'" + (meant.empty() ? "; there are: " + all : "; did you mean '" + meant + "'?"));
  }
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) != "--") continue;
    literal_words().assign(argv + i + 1, argv + argc);
    argc = i;
  }
  auto words = shielded(app, argc, argv);
  std::vector<char*> pointers;
  for (auto& w : words) pointers.push_back(w.data());
  try {
    app.parse(argc, pointers.data());
  } catch (const CLI::RuntimeError& e) {
    return e.get_exit_code();
  } catch (const CLI::Success& e) {
    return app.exit(e);
  } catch (const CLI::ParseError& e) {
    return usage(std::string(e.what()) + "\n  `weft --help` and `weft VERB --help` show what is possible");
  }
  return exit_ok;
}

/// A verb has not succeeded when what it had to say did not arrive, as when the disk behind `>` is full.
int checked(int code) {
  const auto lost = output_failure();
  if (lost.empty()) return code;
  std::fprintf(stderr, "weft: %s: %s\n", code == exit_ok ? "the command was carried out, but its output is lost" : "standard output", lost.c_str());
  return code == exit_ok ? exit_failed : code;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return checked(run(argc, argv));
  } catch (const std::exception& e) {
    std::fprintf(stderr, "weft: %s\n", e.what());
    return exit_failed;
  }
}
