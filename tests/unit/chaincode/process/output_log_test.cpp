#include "chaincode/process/output_log.hpp"

#include <doctest/doctest.h>
#include <stdlib.h>

#include <fstream>
#include <sstream>

using namespace weft;
using namespace weft::chaincode;
namespace fs = std::filesystem;

namespace {

struct log_folder {
  fs::path path;
  log_folder() {
    auto name = (fs::temp_directory_path() / "weft-log-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~log_folder() { fs::remove_all(path); }
};

std::string content(const fs::path& file) {
  std::ifstream in(file);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

}  // namespace

TEST_CASE("the last lines of what was said") {
  last_lines l;
  CHECK(l.empty());
  l.add("one\n\ntw");
  l.add("o\nthree");
  CHECK(l.text() == "one\ntwo\nthree");
  l.add("\n");
  for (int i = 0; i < 100; ++i) l.add(std::to_string(i) + "\n");
  CHECK(l.text().starts_with("80\n81\n"));
  CHECK(l.text().ends_with("98\n99"));
  last_lines hostile;
  hostile.add(bytes(MiB, 'x') + "\n\x1b[31mred\ttab\n");
  CHECK(hostile.text() == bytes(last_lines::line_bytes_max, 'x') + "\n?[31mred tab");
}

TEST_CASE("standard error speaks first, and a silent process leaves the word to the one before") {
  log_folder f;
  output_log log(f.path / "cc.log");
  CHECK(log.last() == "");
  log.add(output_stream::output, "starting\n");
  CHECK(log.last() == "starting");
  log.add(output_stream::errors, "a stack\n");
  CHECK(log.last() == "a stack");
  log.begin();
  CHECK(log.last() == "a stack");
  log.begin();
  CHECK(log.last() == "a stack");
  log.add(output_stream::output, "again\n");
  CHECK(log.last() == "again");
  log.note("told");
  CHECK(log.last() == "again");
  CHECK(content(log.file()) == "starting\na stack\nagain\n---- weft: told\n");
}

TEST_CASE("a log is turned over, so that a flood fills no disk") {
  log_folder f;
  const auto file = f.path / "cc.log";
  {
    output_log log(file);
    for (int i = 0; i < 12; ++i) log.add(output_stream::output, bytes(MiB, static_cast<char>('a' + i)));
  }
  CHECK(fs::file_size(file) == 4 * MiB);
  CHECK(fs::file_size(f.path / "cc.log.1") == 4 * MiB);
  CHECK(content(file).back() == 'l');
  output_log(file).add(output_stream::output, "x");
  CHECK(content(file) == "x");
  CHECK(content(f.path / "cc.log.1").back() == 'l');
}

TEST_CASE("a log that cannot be written loses text and nothing else") {
  output_log log("/nowhere/cc.log");
  log.add(output_stream::errors, bytes(5 * MiB, 'x') + "\nlast\n");
  CHECK(log.last().ends_with("\nlast"));
}
