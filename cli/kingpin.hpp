// Command lines of those Fabric tools that are made with the Go package kingpin: CLI11 parses, the messages and exit codes are kingpin's.
#pragma once

#include <CLI/App.hpp>
#include <optional>
#include <string>
#include <vector>

namespace weft::cli {

/// Parses `words`, what stands behind the tool's name. Nothing: go on with the chosen command. Otherwise the process is to end with this code:
/// 0 after `--help`, `help [COMMAND]` and when there is no command at all; 1 after a message such as
/// "configtxlator: error: required flag --type not provided, try --help".
[[nodiscard]] std::optional<int> parse_as_kingpin(CLI::App& app, std::vector<std::string> words);

/// "configtxlator: error: TEXT" on stderr; returns 1.
[[nodiscard]] int tool_failed(const CLI::App& app, const std::string& text);
/// The same for a fault of the command line, with ", try --help".
[[nodiscard]] int tool_misused(const CLI::App& app, const std::string& text);

}  // namespace weft::cli
