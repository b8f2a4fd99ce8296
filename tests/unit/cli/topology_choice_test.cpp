#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "cli/up.hpp"

using namespace weft;
using namespace weft::cli;
namespace fs = std::filesystem;

namespace {
struct scratch {
  fs::path folder;
  scratch() {
    auto name = (fs::temp_directory_path() / "weft-up-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    folder = name;
  }
  ~scratch() { fs::remove_all(folder); }
  [[nodiscard]] up_options options() const {
    up_options o;
    o.dir = folder.string();
    return o;
  }
};
}  // namespace

TEST_CASE("a fresh folder gets the dev network in the shape that was asked for") {
  const scratch s;
  auto o = s.options();
  o.orgs = 3;
  o.peers = 2;
  o.block_messages = 7;
  o.block_timeout = "250ms";
  o.orgs_given = o.peers_given = o.block_messages_given = o.block_timeout_given = true;
  const auto t = choose_topology(o);
  REQUIRE(t.has_value());
  CHECK(t->organizations.size() == 4);
  CHECK(t->organizations[0].hosts.size() == 2);
  CHECK(t->channels[0].batch.max_message_count == 7);
  CHECK(t->channels[0].batch.timeout == std::chrono::milliseconds(250));
}

TEST_CASE("a folder goes on with the topology it was started with, and refuses another") {
  const scratch s;
  const auto t = config::dev_topology({3, 1, {}});
  std::ofstream(topology_path(s.folder)) << config::to_yaml(t);
  auto o = s.options();
  const auto again = choose_topology(o);
  REQUIRE(again.has_value());
  CHECK(config::to_yaml(*again) == config::to_yaml(t));
  o.orgs = 3;
  o.orgs_given = true;
  CHECK(choose_topology(o).has_value());
  o.orgs = 2;
  REQUIRE_FALSE(choose_topology(o).has_value());
  CHECK(choose_topology(o).error().code == errc::failed_precondition);
}

TEST_CASE("a document that is missing, unsound or contradicted is refused") {
  const scratch s;
  auto o = s.options();
  o.topology_file = (s.folder / "none.yaml").string();
  CHECK(choose_topology(o).error().code == errc::not_found);
  std::ofstream(o.topology_file) << "channels: 7\n";
  CHECK(choose_topology(o).error().context.find("none.yaml:1:11: channels: must be a list, but is '7'") != std::string::npos);
  o.orgs_given = true;
  CHECK(choose_topology(o).error().context.find("--topology says everything") == 0);
}

TEST_CASE("durations need a unit") {
  CHECK(parse_duration("500ms") == std::chrono::milliseconds(500));
  CHECK(parse_duration("2s") == std::chrono::milliseconds(2000));
  for (const auto* bad : {"", "5", "ms", "-1s", "1h", "99999999999s", "2 s"}) CHECK_FALSE(parse_duration(bad).has_value());
}
