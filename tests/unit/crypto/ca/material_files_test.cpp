#include <doctest/doctest.h>
#include <unistd.h>

#include "tests/unit/crypto/ca/sample_network.hpp"
#include "tests/unit/crypto/keys/key_samples.hpp"

using namespace weft;
using namespace weft::crypto;
namespace fs = std::filesystem;

namespace {

/// A folder of its own, gone at the end.
struct scratch_folder {
  fs::path path = fs::temp_directory_path() / ("weft_material_" + std::to_string(::getpid()));
  scratch_folder() { fs::remove_all(path), fs::create_directories(path); }
  ~scratch_folder() { fs::remove_all(path); }
};

network_material small() {
  return {{{"a/key", "secret", 0600}, {"a/cert", "public", 0644}}, {"a/admincerts"}};
}

}  // namespace

TEST_CASE("a tree is written whole, keys for their owner only") {
  const scratch_folder scratch;
  for (const char* name : {"tree", "with_slash/"}) {
    CAPTURE(name);
    const auto root = scratch.path / name;
    REQUIRE(write_files(root, small()));
    CHECK(test::read_file(root / "a/key") == "secret");
    CHECK(test::read_file(root / "a/cert") == "public");
    CHECK(fs::is_directory(root / "a/admincerts"));
    CHECK((fs::status(root / "a/key").permissions() & fs::perms::all) == (fs::perms::owner_read | fs::perms::owner_write));
  }
  CHECK(std::distance(fs::directory_iterator(scratch.path), {}) == 2);  // nothing temporary stays
}

TEST_CASE("an empty folder is filled, a full one is left alone") {
  const scratch_folder scratch;
  const auto root = scratch.path / "tree";
  fs::create_directories(root);
  REQUIRE(write_files(root, small()));
  const auto again = write_files(root, small());
  REQUIRE_FALSE(again);
  CHECK(again.error().code == errc::already_exists);
}

TEST_CASE("what an interrupted run left does not hinder the next") {
  const scratch_folder scratch;
  fs::create_directories(scratch.path / "tree.incoming/a");
  std::ofstream(scratch.path / "tree.incoming/a/key") << "half";
  REQUIRE(write_files(scratch.path / "tree", small()));
  CHECK(test::read_file(scratch.path / "tree/a/key") == "secret");
}

TEST_CASE("a folder that cannot be made is an io error with its path") {
  const scratch_folder scratch;
  std::ofstream(scratch.path / "file") << "x";
  const auto written = write_files(scratch.path / "file/tree", small());
  REQUIRE_FALSE(written);
  CHECK(written.error().code == errc::io);
  CHECK(written.error().context.find("file/tree") != std::string::npos);
}

TEST_CASE("adding keeps equal files, writes new ones and refuses to replace") {
  const scratch_folder scratch;
  REQUIRE(write_files(scratch.path / "tree", small()));
  auto more = small();
  more.files.push_back({"b/cert", "new", 0644});
  REQUIRE(add_files(scratch.path / "tree", more));
  CHECK(test::read_file(scratch.path / "tree/b/cert") == "new");
  auto other = small();
  other.files.push_back({"c/cert", "never", 0644});
  other.files[0].contents = "another secret";
  const auto refused = add_files(scratch.path / "tree", other);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::already_exists);
  CHECK_FALSE(fs::exists(scratch.path / "tree/c/cert"));
  CHECK(test::read_file(scratch.path / "tree/a/key") == "secret");
}

TEST_CASE("a tree on disk can be extended") {
  const scratch_folder scratch;
  const auto root = scratch.path / "tree";
  REQUIRE(write_files(root, test::make_golden(1)));
  auto organizations = test::golden_organizations();
  organizations[2].users = 2;
  manual_clock clock(test::golden_time());
  seeded_random random(5);
  const auto added = make_network_material(organizations, clock, random, nonce_rule::deterministic, files_below(root));
  REQUIRE(added);
  REQUIRE(add_files(root, *added));
  CHECK(fs::exists(root / "peerOrganizations/org2.example.com/users/User2@org2.example.com/msp/keystore/priv_sk"));
}
