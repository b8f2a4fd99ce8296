#include "cli/save_watch.hpp"

#include <doctest/doctest.h>
#include <poll.h>
#include <stdlib.h>

#include <fstream>

using namespace weft;
using namespace weft::cli;
namespace fs = std::filesystem;

namespace {

struct folder {
  fs::path path;
  folder() {
    auto name = (fs::temp_directory_path() / "weft-watch-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path = fs::canonical(name);
  }
  ~folder() { fs::remove_all(path); }
  void save(const fs::path& name) const { std::ofstream(path / name) << "x"; }
};

/// What has happened by now: the kernel tells of a file before the call that changed it returns.
std::string seen(save_watch& w) {
  pollfd p{w.fd(), POLLIN, 0};
  return ::poll(&p, 1, 0) == 1 ? w.take() : std::string();
}

}  // namespace

TEST_CASE("what is saved in a folder is seen, and what does not matter is not") {
  folder f;
  fs::create_directories(f.path / "lib/deep");
  fs::create_directories(f.path / "node_modules/x");
  fs::create_directories(f.path / ".git");
  auto w = save_watch::open(f.path).value();
  CHECK(seen(w) == "");
  for (const auto* name : {"index.js", "lib/deep/a.js", "package.json"}) {
    CAPTURE(name);
    f.save(name);
    CHECK(seen(w) == (f.path / name).string());
    CHECK(seen(w) == "");
  }
  for (const auto* name : {"node_modules/x/index.js", ".git/index", "notes.md", "lib/a.ts", "lib/.a.js.swp", "a.js~", "4913", "debug.log"}) {
    CAPTURE(name);
    f.save(name);
    CHECK(seen(w) == "");
  }
  fs::rename(f.path / "4913", f.path / "lib/b.js");  // as editors save
  CHECK(seen(w) == (f.path / "lib/b.js").string());
  fs::remove(f.path / "lib/b.js");
  CHECK(seen(w) == (f.path / "lib/b.js").string());
  fs::create_directories(f.path / "new");
  CHECK(seen(w) == (f.path / "new").string());
  f.save("new/c.js");
  CHECK(seen(w) == (f.path / "new/c.js").string());
  fs::remove_all(f.path / "new");
  CHECK(seen(w) != "");
}

TEST_CASE("one file") {
  folder f;
  f.save("contract");
  auto w = save_watch::open(f.path / "contract").value();
  f.save("other");
  CHECK(seen(w) == "");
  f.save("contract");
  CHECK(seen(w) == (f.path / "contract").string());
  f.save("fresh");
  fs::rename(f.path / "fresh", f.path / "contract");
  CHECK(seen(w) == (f.path / "contract").string());
}

TEST_CASE("what cannot be watched says why") {
  const auto w = save_watch::open("/nowhere/at/all");
  REQUIRE_FALSE(w);
  CHECK(w.error().context.find("cannot watch /nowhere/at/all") == 0);
}
