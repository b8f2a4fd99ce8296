#include "cli/kingpin.hpp"

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <cstdio>

namespace weft::cli {

namespace {

int print_help(const CLI::App& app, std::FILE* to, const std::string& before = {}) {
  std::fputs(app.help(before).c_str(), to);
  return 0;
}

/// `--help` and `help` of a command or of the tool.
std::optional<int> asked_for_help(const CLI::App& app, const std::vector<std::string>& words) {
  if (words.empty()) return print_help(app, stderr);
  const bool flag = std::find(words.begin(), words.end(), "--help") != words.end();
  if (!flag && words.front() != "help") return {};
  for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (std::find(words.begin(), words.end(), command->get_name()) != words.end()) return print_help(*command, stdout, app.get_name());
  }
  return print_help(app, stdout);
}

/// The option that CLI11's message begins with: "--type: 1 required TEXT missing".
std::string option_in(const std::string& message) { return message.substr(0, message.find_first_of(": ")); }

std::string misuse(const CLI::ParseError& e) {
  const std::string text = e.what();
  if (dynamic_cast<const CLI::RequiredError*>(&e)) return "required flag " + option_in(text) + " not provided";
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&e)) return "expected argument for flag '" + option_in(text) + "'";
  return text;
}

/// What kingpin says to the first word that nothing takes.
std::string unexpected(const std::string& word, bool has_command) {
  const auto name = word.substr(0, word.find('='));
  if (name.starts_with("--")) return "unknown long flag '" + name + "'";
  if (name.size() > 1 && name.front() == '-') return "unknown short flag '" + name + "'";
  return has_command ? "unexpected " + word : "expected command but got \"" + word + "\"";
}

}  // namespace

std::optional<int> parse_as_kingpin(CLI::App& app, std::vector<std::string> words) {
  if (const auto code = asked_for_help(app, words)) return code;
  app.allow_extras();
  for (auto* command : app.get_subcommands([](const CLI::App*) { return true; })) command->allow_extras()->set_help_flag();
  std::string refused;
  try {
    std::reverse(words.begin(), words.end());  // CLI11 takes them from the end
    app.parse(words);
  } catch (const CLI::ParseError& e) {
    refused = misuse(e);
  }
  const auto chosen = app.get_subcommands();
  if (const auto left = app.remaining(true); !left.empty()) refused = unexpected(left.front(), !chosen.empty());
  if (refused.empty() && chosen.empty()) refused = "command not specified";
  if (!refused.empty()) return tool_misused(app, refused);
  return {};
}

int tool_failed(const CLI::App& app, const std::string& text) {
  std::fflush(stdout);
  std::fprintf(stderr, "%s: error: %s\n", app.get_name().c_str(), text.c_str());
  return 1;
}

int tool_misused(const CLI::App& app, const std::string& text) { return tool_failed(app, text + ", try --help"); }

}  // namespace weft::cli
