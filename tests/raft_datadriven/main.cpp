// raft_datadriven [--loose] [FILE|FOLDER ...]: runs data-driven cases against the raft core and prints where it differs.
#include <CLI/CLI.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

#include "tests/raft_datadriven/group.hpp"
#include "tests/raft_datadriven/pure.hpp"

namespace fs = std::filesystem;
using namespace weft;

namespace {

constexpr int skipped = 77;  // CTest's SKIP_RETURN_CODE

struct tally { std::size_t blocks = 0, failed = 0; };

bool is_quorum(const datadriven::block& b) { return b.command == "committed" || b.command == "vote"; }

std::string last_line(const std::string& text) {
  const auto all = datadriven::lines(text);
  if (all.empty()) return "\n";
  const std::string drawing = "<empty majority quorum>";
  const auto& last = all.back();
  return (last.starts_with(drawing) ? last.substr(drawing.size()) : last) + "\n";
}

/// The kind of a block is known by its command; each file has a group and a configuration of its own.
result<tally> run_file(const fs::path& file, bool loose) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return fail(errc::not_found, file.string() + ": cannot be read");
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  WEFT_TRY(const auto blocks, datadriven::parse(file.string(), text));
  datadriven::group group;
  datadriven::configuration_cases configuration;
  tally out;
  for (const auto& b : blocks) {
    auto actual = datadriven::run_quorum(b);
    if (!actual) actual = configuration.run(b);
    if (!actual) actual = group.run(b);
    std::string expected = is_quorum(b) ? last_line(b.expected) : b.expected;
    if (loose) {
      expected = datadriven::loosely(expected);
      *actual = datadriven::loosely(*actual);
    }
    ++out.blocks;
    if (expected == *actual) continue;
    ++out.failed;
    std::cout << b.file << ':' << b.line << ": " << b.command << " (- expected, + printed)\n" << datadriven::difference(expected, *actual) << '\n';
  }
  return out;
}

std::vector<fs::path> files_of(const fs::path& where) {
  if (!fs::is_directory(where)) return {where};
  std::vector<fs::path> out;
  for (const auto& item : fs::recursive_directory_iterator(where))
    if (item.is_regular_file() && item.path().extension() == ".txt") out.push_back(item.path());
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Runs data-driven cases (quorum, confchange, interaction) against the raft core and prints a diff for each block that differs.\n"
               "Without FILE: those below the folder in WEFT_RAFT_CASES. Exit code: 0 all equal, 1 some differ, 2 usage, 77 nothing to run.\n"
               "Example: raft_datadriven --loose ../shared/raft/interaction/*.txt"};
  bool loose = false;
  std::vector<std::string> given;
  app.add_flag("--loose", loose, "leave out lines of the log (DEBUG, INFO, WARN, ERROR); what is then empty equals \"ok\"");
  app.add_option("FILE", given, "files, or folders with *.txt");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }
  if (given.empty()) {
    const char* folder = std::getenv("WEFT_RAFT_CASES");
    given.emplace_back(folder != nullptr && *folder != '\0' ? folder : WEFT_SOURCE_DIR "/../shared/raft");
    if (!fs::is_directory(given.front())) {
      std::cout << "SKIPPED: no folder " << given.front()
                << " with data-driven raft cases (quorum, confchange, interaction). Set WEFT_RAFT_CASES to run them;\n"
                   "the test cluster_raft_simulation covers the safety rules.\n";
      return skipped;
    }
  }
  tally all;
  for (const auto& where : given) {
    for (const auto& file : files_of(where)) {
      const auto done = run_file(file, loose);
      if (!done) {
        std::cerr << "raft_datadriven: " << done.error().context << '\n';
        return 2;
      }
      std::cout << file.string() << ": " << done->blocks << " blocks, " << done->failed << " differ\n";
      all.blocks += done->blocks;
      all.failed += done->failed;
    }
  }
  std::cout << all.blocks << " blocks, " << all.failed << " differ\n";
  return all.failed == 0 ? 0 : 1;
}
