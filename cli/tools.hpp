// Fabric's own command-line tools, as the same binary: called `weft cryptogen …`, or through a link named `cryptogen`.
#pragma once

#include <string_view>
#include <vector>

namespace weft::cli {

/// One of Fabric's tools. It has flags, texts and exit codes of its own, so it parses its command line itself.
struct tool {
  const char* name;
  const char* summary;                   ///< For `weft --help`.
  int (*run)(int argc, char** argv);     ///< argv[0] is what it was called by; returns the exit code.
};

/// Every tool. A new one is a line in tools.cpp.
[[nodiscard]] const std::vector<tool>& tools();
/// The tool that a word names, or the path of a link to the binary ("/usr/bin/cryptogen"); null for any other.
[[nodiscard]] const tool* find_tool(std::string_view word_or_path);

int configtxlator(int argc, char** argv);

}  // namespace weft::cli
