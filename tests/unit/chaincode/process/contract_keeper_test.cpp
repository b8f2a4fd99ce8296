#include "chaincode/process/contract_keeper.hpp"

#include <doctest/doctest.h>
#include <signal.h>
#include <stdlib.h>

#include <fstream>
#include <future>
#include <thread>

#include "chaincode/process/loopback.hpp"

using namespace weft;
using namespace weft::chaincode;
namespace fs = std::filesystem;

namespace {

constexpr std::chrono::seconds patience{60};

struct folder {
  fs::path path;
  folder() {
    auto name = (fs::temp_directory_path() / "weft-keeper-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~folder() { fs::remove_all(path); }
};

/// Waits for what a keeper tells.
struct answer {
  std::shared_ptr<std::promise<result<void>>> promise = std::make_shared<std::promise<result<void>>>();
  std::future<result<void>> future = promise->get_future();
  contract_keeper::told told() const {
    return [p = promise](const result<void>& r) { p->set_value(r); };
  }
  result<void> get() {
    REQUIRE(future.wait_for(patience) == std::future_status::ready);
    return future.get();
  }
};

std::unique_ptr<contract_keeper> open(const folder& f, const std::string& what, lifeline_options life = {}) {
  auto k = contract_keeper::open({f.path, life, {"WEFT_TEST_SERVICE=" + what}});
  REQUIRE_MESSAGE(k, k.error().context);
  return std::move(*k);
}

kept_contract contract(contract_keeper& k, const std::string& label) {
  const auto address = k.address_for(label, WEFT_TEST_SERVICE_PROGRAM);
  REQUIRE_MESSAGE(address, address.error().context);
  return {label, WEFT_TEST_SERVICE_PROGRAM, {label + ":ab", *address}};
}

result<void> start(contract_keeper& k, const kept_contract& c) {
  answer a;
  const auto taken = k.start(c, a.told());
  REQUIRE_MESSAGE(taken, taken.error().context);
  return a.get();
}

}  // namespace

TEST_CASE("a contract is started, replaced, stopped, and forgotten") {
  folder f;
  const auto k = open(f, "serve");
  const auto c = contract(*k, "cc_1");
  const auto started = start(*k, c);
  REQUIRE_MESSAGE(started, started.error().context);
  CHECK(accepts_connections(c.who.address));
  REQUIRE(k->list().size() == 1);
  const auto first = k->list()[0];
  CHECK(first.phase == lifeline::phase::listening);
  CHECK(first.pid > 0);
  CHECK(first.starts == 1);
  CHECK(k->address_for("cc_1", WEFT_TEST_SERVICE_PROGRAM).value() == c.who.address);
  CHECK(k->address_for("cc_2", WEFT_TEST_SERVICE_PROGRAM).value() != c.who.address);

  answer again;
  REQUIRE(k->restart("cc_1:ab", again.told()));
  REQUIRE(again.get());
  CHECK(k->list()[0].pid != first.pid);
  CHECK(k->last_lines_of("cc_1:ab") == "serving as cc_1:ab");

  answer gone;
  REQUIRE(k->stop("cc_1:ab", gone.told()));
  REQUIRE(gone.get());
  CHECK_FALSE(accepts_connections(c.who.address));
  CHECK(k->list().empty());
  CHECK(k->restart("cc_1:ab", {}).error().code == errc::not_found);
  CHECK(k->stop("cc_1:ab", {}).error().code == errc::not_found);
  CHECK(k->last_lines_of("nobody") == "");
}

TEST_CASE("one that crashes says why, and what it said") {
  folder f;
  const auto k = open(f, "crash");
  const auto failed = start(*k, contract(*k, "cc_1"));
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == errc::unavailable);
  CHECK_MESSAGE(failed.error().context.ends_with(": exited with 3; it said last:\nabout to crash\nfor a reason"), failed.error().context);
  CHECK(k->last_lines_of("cc_1:ab").starts_with("about to crash"));  // the next one may have said less so far
  CHECK(k->list().at(0).last_end == "exited with 3");
}

TEST_CASE("one that dies is started again") {
  folder f;
  const auto k = open(f, "serve");
  const auto c = contract(*k, "cc_1");
  REQUIRE(start(*k, c));
  const auto pid = k->list()[0].pid;
  REQUIRE(::kill(pid, SIGKILL) == 0);
  // It is started at once; a start that is wanted now waits for the same thing.
  const auto until = std::chrono::steady_clock::now() + patience;
  while (k->list()[0].starts < 2 && std::chrono::steady_clock::now() < until) std::this_thread::yield();
  CHECK(k->list()[0].last_end == "killed by signal 9 (Killed)");
  REQUIRE(start(*k, c));
  CHECK(accepts_connections(c.who.address));
}

TEST_CASE("contracts are remembered, and started by the next keeper") {
  folder f;
  kept_contract c;
  {
    const auto k = open(f, "serve");
    c = contract(*k, "cc_1");
    REQUIRE(start(*k, c));
    k->stop_all();
    CHECK_FALSE(accepts_connections(c.who.address));
    CHECK(k->start(c, {}).error().code == errc::unavailable);
  }
  const auto k = open(f, "serve");
  REQUIRE(k->list().size() == 1);
  CHECK(k->list()[0].contract.who.package_id == "cc_1:ab");
  CHECK(k->list()[0].contract.path == WEFT_TEST_SERVICE_PROGRAM);
  CHECK(start(*k, c));
}

TEST_CASE("one that hears no signal is killed, and one that floods is heard to the end") {
  folder f;
  for (const auto* what : {"deaf", "flood", "family"}) {
    CAPTURE(what);
    const auto k = open(f, what, {.stop_timeout = std::chrono::milliseconds(50)});
    const auto c = contract(*k, std::string(what) + "_1");
    const auto started = start(*k, c);
    REQUIRE_MESSAGE(started, started.error().context);
    answer gone;
    REQUIRE(k->stop(c.who.package_id, gone.told()));
    CHECK(gone.get());
    CHECK_FALSE(accepts_connections(c.who.address));
  }
}

TEST_CASE("a port that somebody else has taken meanwhile is named") {
  folder f;
  const auto k = open(f, "serve");
  const auto c = contract(*k, "cc_1");
  REQUIRE(start(*k, c));
  kept_contract twin{"cc_2", c.path, {"cc_2:ab", c.who.address}};
  const auto failed = start(*k, twin);
  REQUIRE_FALSE(failed);
  CHECK_MESSAGE(failed.error().context.find(c.who.address + ", the address in its package, is used by another process") != std::string::npos, failed.error().context);
}

TEST_CASE("what cannot be started is neither begun nor remembered") {
  folder f;
  const auto k = open(f, "serve");
  CHECK(k->start({"cc_1", "/nowhere", {"cc_1:ab", "127.0.0.1:20000"}}, {}).error().code == errc::not_found);
  CHECK(k->start({"cc_1", std::string(5'000, 'x'), {"cc_1:ab", "127.0.0.1:20000"}}, {}).error().code == errc::invalid_argument);
  CHECK(k->list().empty());
  CHECK_FALSE(fs::exists(f.path / "contracts.json"));
}

TEST_CASE("a damaged list is an error that says what to do") {
  folder f;
  for (const auto* text : {"", "{}", "[]", R"({"contracts":[1]})", R"({"contracts":[{"label":"../x","path":"/x","package_id":"x","address":"127.0.0.1:1"}]})",
                           R"({"contracts":[{"label":"x","path":"/x","package_id":"x","address":"10.0.0.1:1"}]})"}) {
    CAPTURE(text);
    std::ofstream(f.path / "contracts.json") << text;
    const auto k = contract_keeper::open({f.path, {}, {}});
    REQUIRE_FALSE(k);
    CHECK(k.error().code == errc::corruption);
    CHECK(k.error().context.find("contracts.json") != std::string::npos);
  }
}

namespace {

/// A Node contract as far as a keeper looks: a shim that listens, and says what it loaded and when.
void write_contract(const fs::path& at, const std::string& code) {
  fs::create_directories(at / "node_modules" / "fabric-shim");
  std::ofstream(at / "package.json") << R"({"name":"cc","version":"1.0.0"})";
  std::ofstream(at / "index.js") << code;
  std::ofstream(at / "node_modules" / "fabric-shim" / "package.json") << R"({"name":"fabric-shim","version":"2.5.8","main":"index.js"})";
  std::ofstream(at / "node_modules" / "fabric-shim" / "index.js") << "console.log('shim loaded');\n";
  std::ofstream(at / "node_modules" / "fabric-shim" / "cli.js")
      << "require('./index.js');\nconst at = process.argv[process.argv.indexOf('--chaincode-address') + 1].split(':');\nrequire(process.cwd() + '/index.js');\n"
         "require('net').createServer().listen(Number(at[1]), at[0]);\n";
}

std::string text_of(const fs::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("a Node contract that is developed has its next process ready, which runs what lies there when it is wanted") {
  const char* search = std::getenv("PATH");
  const folder f, source;
  write_contract(source.path, "console.log('first');\n");
  if (!search || !plan_launch(source.path, search)) {
    MESSAGE("skipped: node is not installed");
    return;
  }
  auto k = contract_keeper::open({f.path, {}, {std::string("PATH=") + search}}).value();
  const auto address = k->address_for("cc", source.path.string()).value();
  const kept_contract c{"cc", source.path.string(), {"cc:ab", address}, true};
  REQUIRE(start(*k, c));
  const auto log = f.path / "cc.log";
  const auto count = [&](const std::string& what) {
    const auto text = text_of(log);
    std::size_t n = 0;
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++n;
    return n;
  };
  const auto first = k->list().front().pid;
  for (const auto* said : {"second", "third"}) {
    std::ofstream(source.path / "index.js") << "console.log('" << said << "');\n";
    REQUIRE(start(*k, c));
    CHECK(k->list().front().pid != first);
    const auto until = std::chrono::steady_clock::now() + patience;
    while (count(said) == 0 && std::chrono::steady_clock::now() < until) std::this_thread::yield();
    CHECK(count(said) == 1);
  }
  CHECK(count("first") == 1);
  const auto left = k->list().front().pid;
  k->stop_all();
  CHECK(::kill(left, 0) != 0);
}
