#include "chaincode/process/node_source.hpp"

#include <doctest/doctest.h>
#include <stdlib.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "chaincode/lifecycle/archive.hpp"
#include "chaincode/process/launch_plan.hpp"

using namespace weft;
using namespace weft::chaincode;
namespace fs = std::filesystem;

namespace {

struct unpacked_folder {
  fs::path path;
  unpacked_folder() {
    auto name = (fs::temp_directory_path() / "weft-source-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~unpacked_folder() { fs::remove_all(path); }
  std::string content(const fs::path& file) const {
    std::ostringstream out;
    out << std::ifstream(path / file).rdbuf();
    return out.str();
  }
};

bytes sample() { return write_archive({{"src/package.json", "{}"}, {"src/lib/a.js", "a"}, {"META-INF/statedb/x.json", "{}"}, {"./src/index.js", "i"}}); }

}  // namespace

TEST_CASE("the files of a folder in an archive, by names from there on") {
  const auto files = read_folder(sample(), "src").value();
  REQUIRE(files.size() == 3);
  CHECK(files[0].name == "package.json");
  CHECK(files[1].name == "lib/a.js");
  CHECK(files[1].content == "a");
  CHECK(files[2].name == "index.js");
  CHECK_FALSE(files[0].executable);
  CHECK(read_folder(sample(), "sr").value().empty());
}

TEST_CASE("names that lead out of the folder are refused, with nothing written") {
  for (const auto* name : {"src/../../etc/passwd", "src/a/../../../b", "src//etc/passwd", "src/.."}) {
    CAPTURE(name);
    const unpacked_folder f;
    const auto code = write_archive({{"src/package.json", "{}"}, {name, "x"}});
    const auto done = unpack_node_source(code, f.path / "to");
    REQUIRE_FALSE(done.has_value());
    CHECK(done.error().code == errc::invalid_argument);
    CHECK(fs::is_empty(f.path));
  }
}

TEST_CASE("source code becomes an executable that a keeper can start") {
  const unpacked_folder f;
  const auto start = unpack_node_source(sample(), f.path / "to").value();
  CHECK(start == f.path / "to" / "start");
  CHECK(f.content("to/src/lib/a.js") == "a");
  CHECK_FALSE(fs::exists(f.path / "to" / "META-INF"));
  const auto plan = plan_launch(start, "");
  REQUIRE(plan.has_value());
  CHECK(plan->what == launch_plan::kind::executable);
  SUBCASE("once: what npm has put there stays") {
    std::ofstream(f.path / "to" / "installed") << "";
    CHECK(unpack_node_source(sample(), f.path / "to").value() == start);
    CHECK(fs::exists(f.path / "to" / "installed"));
  }
  SUBCASE("what a killed node left unfinished is made anew") {
    fs::rename(f.path / "to", f.path / "to.new");
    fs::remove(f.path / "to.new" / "start");
    std::ofstream(f.path / "to.new" / "src" / "half") << "";
    CHECK(unpack_node_source(sample(), f.path / "to").value() == start);
    CHECK_FALSE(fs::exists(f.path / "to" / "src" / "half"));
  }
}

TEST_CASE("a package without package.json is not started") {
  const unpacked_folder f;
  const auto done = unpack_node_source(write_archive({{"src/main.go", "package main"}}), f.path / "to");
  REQUIRE_FALSE(done.has_value());
  CHECK(done.error().context == "the code package has no src/package.json");
}
