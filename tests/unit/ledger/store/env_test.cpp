#include "ledger/store/env.hpp"

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "tests/unit/ledger/store/answers.hpp"
#include "tests/unit/ledger/store/scratch_folder.hpp"
#include "tests/unit/ledger/store/seeds.hpp"

using namespace weft;
using namespace weft::ledger;
using weft::testing::answers;

namespace {

// One list of promises for both citizens.
void keeps_promises(env& e) {
  auto opened = e.open("b");
  REQUIRE(opened);
  auto& f = **opened;
  CHECK(f.size() == 0);
  CHECK(f.append("hello "));
  CHECK(f.append(""));
  CHECK(f.append("world"));
  CHECK(f.size() == 11);
  CHECK(f.sync());
  CHECK(answers(f.read(6, 5), bytes("world")));
  CHECK(answers(f.read(6, 100), bytes("world")));  // short at the end
  CHECK(answers(f.read(11, 1), bytes()));
  CHECK(answers(f.read(1000, 1), bytes()));
  CHECK(f.truncate(5));
  CHECK(f.append("!"));
  CHECK(answers(f.read(0, 100), bytes("hello!")));

  CHECK(e.replace("a", "small"));
  CHECK(e.replace("a", "smaller still"));
  CHECK(answers(e.list(), std::vector<std::string>{"a", "b"}));
  auto again = e.open("a");
  REQUIRE(again);
  CHECK(answers((*again)->read(0, 100), bytes("smaller still")));
  CHECK((*again)->size() == 13);
  CHECK(e.remove("a"));
  CHECK(e.remove("a").error().code == errc::not_found);
  CHECK(answers(e.list(), std::vector<std::string>{"b"}));
}

}  // namespace

TEST_CASE("files keep what is appended, on disk and in memory") {
  SUBCASE("memory") { keeps_promises(*make_memory_env()); }
  SUBCASE("disk") {
    const testing::scratch_folder scratch;
    auto e = open_disk_env(scratch.path() / "made" / "on the way");
    REQUIRE(e);
    keeps_promises(**e);
  }
  SUBCASE("disk without durability") {
    const testing::scratch_folder scratch;
    auto e = open_disk_env(scratch.path() / "x", durability::off);
    REQUIRE(e);
    keeps_promises(**e);
  }
}

TEST_CASE("the disk shows the files of an earlier process, and nothing else") {
  const testing::scratch_folder scratch;
  {
    auto e = open_disk_env(scratch.path());
    REQUIRE(e);
    auto f = (*e)->open("kept");
    REQUIRE(f);
    CHECK((*f)->append("bytes"));
  }
  std::ofstream(scratch.path() / "half.new") << "an unfinished replace";
  std::filesystem::create_directory(scratch.path() / "folder");
  auto e = open_disk_env(scratch.path());
  REQUIRE(e);
  CHECK(answers((*e)->list(), std::vector<std::string>{"kept"}));
  auto f = (*e)->open("kept");
  REQUIRE(f);
  CHECK((*f)->size() == 5);
}

TEST_CASE("names that leave the folder are refused") {
  const testing::scratch_folder scratch;
  auto e = open_disk_env(scratch.path());
  REQUIRE(e);
  for (const std::string name : {"", ".", "..", "a/b", "../x", "x.new"}) {
    CAPTURE(name);
    CHECK((*e)->open(name).error().code == errc::invalid_argument);
    CHECK((*e)->replace(name, "").error().code == errc::invalid_argument);
    CHECK((*e)->remove(name).error().code == errc::invalid_argument);
  }
}

TEST_CASE("an error of the disk says where and why") {
  const testing::scratch_folder scratch;
  std::ofstream(scratch.path() / "file") << "no folder";
  const auto e = open_disk_env(scratch.path() / "file" / "below");
  REQUIRE_FALSE(e);
  CHECK(e.error().code == errc::io);
  CHECK(e.error().context.find((scratch.path() / "file").string()) != std::string::npos);
  CHECK(e.error().context.find("cannot create") != std::string::npos);
}

TEST_CASE("a read-only folder opens what is there and refuses what is new") {
  const testing::scratch_folder scratch;
  if (::geteuid() == 0) return;  // root may write anyway
  REQUIRE(::chmod(scratch.path().c_str(), 0500) == 0);
  auto e = open_disk_env(scratch.path());
  REQUIRE(e);
  const auto f = (*e)->open("new");
  REQUIRE_FALSE(f);
  CHECK(f.error().code == errc::io);
  CHECK(f.error().context.find("ermission denied") != std::string::npos);
  ::chmod(scratch.path().c_str(), 0700);
}

TEST_CASE("an append that the disk takes in part leaves nothing behind") {
  const testing::scratch_folder scratch;
  auto e = open_disk_env(scratch.path());
  REQUIRE(e);
  auto f = (*e)->open("f");
  REQUIRE(f);
  CHECK((*f)->append("whole"));
  struct rlimit before {};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  const auto handler = ::signal(SIGXFSZ, SIG_IGN);
  const struct rlimit tight {8, before.rlim_max};  // the file may grow to eight bytes: a full disk, to the writer
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &tight) == 0);
  const auto refused = (*f)->append("too long for it");
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
  ::signal(SIGXFSZ, handler);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::io);
  CHECK(refused.error().context.find("/f: ") != std::string::npos);
  CHECK((*f)->size() == 5);
  CHECK(std::filesystem::file_size(scratch.path() / "f") == 5);
  CHECK((*f)->append(" again"));
  CHECK(answers((*f)->read(0, 100), bytes("whole again")));
}

TEST_CASE("pieces lie behind each other, however many and whatever their sizes; a disk that takes some of them keeps none") {
  const testing::scratch_folder scratch;
  std::vector<bytes> owners;
  std::vector<bytes_view> pieces;
  bytes whole;
  for (std::size_t i = 0; i < 3'000; ++i) owners.push_back(bytes(i % 7 == 0 ? 0 : i % 300, static_cast<char>('a' + i % 26)));
  for (const auto& o : owners) {
    pieces.push_back(o);
    whole += o;
  }
  const std::shared_ptr<env> memory = make_memory_env();
  for (const auto& e : {memory, open_disk_env(scratch.path()).value()}) {
    const auto f = e->open("f").value();
    CHECK(f->append_pieces({}));
    CHECK(f->append_pieces(pieces));
    CHECK(f->append("!"));
    CHECK(f->size() == whole.size() + 1);
    CHECK(answers(f->read(0, whole.size() + 1), whole + "!"));
  }
  const auto f = open_disk_env(scratch.path()).value()->open("g").value();
  struct rlimit before {};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  const auto handler = ::signal(SIGXFSZ, SIG_IGN);
  for (const std::size_t room : {std::size_t{1}, whole.size() / 2, whole.size() - 1}) {
    const struct rlimit tight {room, before.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &tight) == 0);
    const auto refused = f->append_pieces(pieces);
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
    CHECK_FALSE(refused);
    CHECK(std::filesystem::file_size(scratch.path() / "g") == 0);
  }
  ::signal(SIGXFSZ, handler);
}

TEST_CASE("a full memory disk refuses, keeps what it has, and goes on when there is room") {
  auto e = make_memory_env();
  auto f = e->open("f");
  REQUIRE(f);
  CHECK((*f)->append("12345"));
  e->fail_after(3);
  const auto refused = (*f)->append("6789");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::io);
  CHECK(refused.error().context.find("disk full") != std::string::npos);
  CHECK(e->replace("g", "x").error().code == errc::io);
  CHECK(answers((*f)->read(0, 10), bytes("12345")));
  e->fail_after(4);
  CHECK((*f)->append("6789"));
  CHECK(answers((*f)->read(0, 10), bytes("123456789")));
}

TEST_CASE("a crash keeps what was synced and some of the rest") {
  bool all = false, none = false, part = false, zeros = false, undone = false;
  for (const auto seed : testing::seeds(300)) {
    CAPTURE(seed);
    auto e = make_memory_env();
    seeded_random random(seed);
    auto f = e->open("f");
    auto g = e->open("g");
    REQUIRE(f);
    REQUIRE(g);
    CHECK((*f)->append("synced"));
    CHECK((*f)->sync());
    CHECK((*f)->append("loose"));
    CHECK((*g)->append("gone"));
    CHECK((*g)->sync());
    CHECK((*g)->truncate(1));
    const auto after = e->crash(random);
    auto f2 = after->open("f");
    auto g2 = after->open("g");
    REQUIRE(f2);
    REQUIRE(g2);
    const bytes seen = (*f2)->read(0, 100).value();
    REQUIRE(seen.starts_with("synced"));
    const bytes rest = seen.substr(6);
    REQUIRE(rest.size() <= 5);
    const std::size_t kept = std::min(rest.find('\0'), rest.size());
    CHECK(rest.substr(0, kept) == bytes("loose").substr(0, kept));
    CHECK(rest.find_first_not_of('\0', kept) == bytes::npos);
    all |= rest == "loose";
    none |= rest.empty();
    part |= kept > 0 && kept < 5 && kept == rest.size();
    zeros |= kept < rest.size();
    const bytes cut = (*g2)->read(0, 100).value();
    CHECK((cut == "g" || cut == "gone"));
    undone |= cut == "gone";
    CHECK(answers((*f)->read(0, 100), bytes("syncedloose")));  // the original knows of no crash
  }
  if (testing::seeds(2).size() > 1) CHECK((all && none && part && zeros && undone));
}

TEST_CASE("a flipped bit shows at once and survives") {
  auto e = make_memory_env();
  auto f = e->open("f");
  REQUIRE(f);
  CHECK((*f)->append("ab"));
  CHECK((*f)->sync());
  e->flip_bit("f", 9);
  CHECK(answers((*f)->read(0, 2), bytes("a`")));
  seeded_random random(1);
  auto again = e->crash(random)->open("f");
  CHECK(answers((*again)->read(0, 2), bytes("a`")));
  e->flip_bit("f", 16);
  e->flip_bit("nothing", 0);
  CHECK((*f)->size() == 2);
}
