#include "chaincode/lifecycle/package_store.hpp"

#include <doctest/doctest.h>

#include "chaincode/lifecycle/archive.hpp"
#include "ledger/store/env.hpp"
#include "tests/unit/chaincode/support/golden_chain.hpp"

using namespace weft;
using namespace weft::chaincode;
using weft::chaincode::testing::golden_package_id;
using weft::chaincode::testing::read_golden;

namespace {
const std::vector<builtin_contract> builtins{{"mycc", "mycc_1.0"}, {"kv", default_label("kv")}};
}

TEST_CASE("built-in contracts count as installed") {
  const auto store = open_package_store(nullptr, builtins).value();
  const auto list = store->list();
  REQUIRE(list.size() == 2);
  CHECK(list[0].label == "kv_1.0");
  CHECK(list[1].path == "mycc");
  CHECK(store->find(list[1].id)->label == "mycc_1.0");
  const auto raw = store->read(list[1].id);
  REQUIRE(raw);
  CHECK(package_id("mycc_1.0", *raw) == list[1].id);
  const auto again = store->install(*raw);
  REQUIRE_FALSE(again);
  CHECK(again.error().code == errc::already_exists);
  CHECK(again.error().context == "chaincode already successfully installed (package ID '" + list[1].id + "')");
}

TEST_CASE("another package of a built-in contract is installed and survives a restart") {
  const auto files = ledger::make_memory_env();
  const auto raw = make_native_package("mycc", "mycc_2.0");
  std::string id;
  {
    const auto store = open_package_store(files, builtins).value();
    const auto installed = store->install(raw);
    REQUIRE_MESSAGE(installed, installed.error().context);
    id = installed->id;
    CHECK(id == package_id("mycc_2.0", raw));
    CHECK(store->install(raw).error().code == errc::already_exists);
    CHECK(store->list().size() == 3);
  }
  seeded_random random(1);
  const auto store = open_package_store(files->crash(random), builtins).value();
  CHECK(store->find(id)->path == "mycc");
  CHECK(store->read(id).value() == raw);
}

TEST_CASE("the golden service is installed with the golden id, survives a restart, and is given back as it came") {
  const auto files = ledger::make_memory_env();
  const auto raw = read_golden("chaincode/golden.tar.gz");
  for (const bool first : {true, false}) {
    CAPTURE(first);
    const auto store = open_package_store(files, builtins).value();
    if (first) REQUIRE(store->install(raw).value().id == golden_package_id);
    const auto found = store->find(golden_package_id);
    REQUIRE(found);
    CHECK(found->label == "golden_1.0");
    CHECK(found->type == "ccaas");
    REQUIRE(found->service);
    CHECK_FALSE(found->service->address.empty());
    CHECK(store->read(golden_package_id).value() == raw);
    CHECK(store->install(raw).error().code == errc::already_exists);
  }
}

TEST_CASE("a service may be named for the peer that calls it") {
  const auto raw = make_service_package({.address = "{{.peername}}_cc:9999"}, "cc_1");
  const auto named = open_package_store(nullptr, builtins, {{"peername", "org1peer1"}}).value();
  const auto installed = named->install(raw);
  REQUIRE_MESSAGE(installed, installed.error().context);
  CHECK(installed->service->address == "org1peer1_cc:9999");
  const auto nameless = open_package_store(nullptr, builtins).value()->install(raw);
  REQUIRE_FALSE(nameless);
  CHECK(nameless.error().code == errc::invalid_argument);
  CHECK(nameless.error().context == "could not build chaincode: connection.json: no value for the template '{{.peername}}_cc:9999'; there are: none");
}

TEST_CASE("what would have to be compiled in, or dialled, and cannot be is refused; every other contract may dial its peer") {
  const auto store = open_package_store(nullptr, builtins).value();
  const auto of_type = [](const std::string& type) {
    const auto metadata = R"({"path":"","type":")" + type + R"(","label":"l)" + type + R"("})";
    return write_archive({{"metadata.json", metadata}, {"code.tar.gz", write_archive({{"src/main.go", "package main"}})}});
  };
  for (const auto* type : {"golang", "node", "java", "external", ""}) {
    CAPTURE(type);
    const auto installed = store->install(of_type(type));
    REQUIRE(installed);
    CHECK(installed->type == type);
    CHECK_FALSE(installed->service);
  }
  const auto refused = store->install(of_type("ccaas"));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::unsupported);
  CHECK(refused.error().context.starts_with("could not build chaincode: package 'lccaas' has type 'ccaas', and no connection.json"));
  CHECK(store->install(make_native_package("nobody", "x")).error().code == errc::unsupported);
  CHECK(store->install("no package").error().code == errc::invalid_argument);
  const auto junk_inside = write_archive({{"metadata.json", R"({"type":"ccaas","label":"l"})"}, {"code.tar.gz", "junk"}});
  CHECK(store->install(junk_inside).error().code == errc::invalid_argument);
  CHECK(store->list().size() == 7);
}

TEST_CASE("files that are no packages are passed over; a damaged one is not handed out") {
  const auto files = ledger::make_memory_env();
  REQUIRE(files->replace("readme.txt", "hello"));
  const auto raw = make_native_package("mycc", "mycc_2.0");
  auto store = open_package_store(files, builtins).value();
  const auto id = store->install(raw).value().id;
  REQUIRE(files->replace("mycc_2.0." + id.substr(id.find(':') + 1) + ".tar.gz", make_native_package("kv", "mycc_2.0")));
  CHECK(store->read(id).error().code == errc::corruption);
  CHECK(open_package_store(files, builtins).value()->list().size() == 2);
}

TEST_CASE("an unknown package") {
  const auto store = open_package_store(nullptr, builtins).value();
  CHECK_FALSE(store->find("x:1"));
  const auto raw = store->read("x:1");
  CHECK(raw.error().code == errc::not_found);
  CHECK(raw.error().context == "chaincode install package 'x:1' not found");
}

TEST_CASE("a full disk refuses the installation and leaves the store as it was") {
  const auto files = ledger::make_memory_env();
  const auto store = open_package_store(files, builtins).value();
  files->fail_after(10);
  CHECK(store->install(make_native_package("mycc", "mycc_2.0")).error().code == errc::io);
  CHECK(store->list().size() == 2);
}
