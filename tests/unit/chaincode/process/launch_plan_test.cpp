#include "chaincode/process/launch_plan.hpp"

#include <doctest/doctest.h>
#include <stdlib.h>

#include <fstream>

using namespace weft;
using namespace weft::chaincode;
namespace fs = std::filesystem;

namespace {

/// A folder that is gone afterwards.
struct contract_folder {
  fs::path path;
  contract_folder() {
    auto name = (fs::temp_directory_path() / "weft-plan-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path = fs::canonical(name);
  }
  ~contract_folder() { fs::remove_all(path); }
  fs::path add(const fs::path& name, const std::string& text = "", bool executable = false) const {
    fs::create_directories((path / name).parent_path());
    std::ofstream(path / name) << text;
    if (executable) fs::permissions(path / name, fs::perms::owner_all);
    return path / name;
  }
};

constexpr const char* package_json = R"({"name":"@me/my.contract!","version":"1.2.0-beta","main":"lib/main.js"})";

}  // namespace

TEST_CASE("a Node contract is started by fabric-shim, without npm and without a shell") {
  contract_folder f;
  f.add("cc/package.json", package_json);
  f.add("cc/lib/main.js");
  f.add("cc/node_modules/fabric-shim/cli.js");
  f.add("bin/node", "", true);
  const auto plan = plan_launch(f.path / "cc", "relative:/nowhere:" + (f.path / "bin").string());
  REQUIRE_MESSAGE(plan, plan.error().context);
  CHECK(plan->what == launch_plan::kind::node);
  CHECK(plan->folder == f.path / "cc");
  CHECK(plan->name == "my-contract");
  CHECK(plan->version == "1.2.0-beta");
  const std::vector<std::string> expected{(f.path / "bin/node").string(), (f.path / "cc/node_modules/fabric-shim/cli.js").string(), "server",
                                          "--chaincode-address", "127.0.0.1:21000", "--chaincode-id", "cc_1:ab"};
  CHECK(command_line(*plan, {"cc_1:ab", "127.0.0.1:21000"}) == expected);
}

TEST_CASE("an executable is started as it is") {
  contract_folder f;
  const auto program = f.add("bin/my_cc.v1", "", true);
  const auto plan = plan_launch(program, "");
  REQUIRE_MESSAGE(plan, plan.error().context);
  CHECK(plan->what == launch_plan::kind::executable);
  CHECK(plan->name == "my_cc");
  CHECK(plan->version == "");
  CHECK(plan->folder == f.path / "bin");
  CHECK(command_line(*plan, {"x", "y"}) == std::vector<std::string>{program.string()});
}

TEST_CASE("modules are found as Node finds them: here, or above") {
  contract_folder f;
  f.add("contracts/cc/package.json", "{}");
  f.add("contracts/cc/index.js");
  f.add("node_modules/fabric-shim/cli.js");
  f.add("node", "", true);
  const auto plan = plan_launch(f.path / "contracts/cc", f.path.string());
  REQUIRE_MESSAGE(plan, plan.error().context);
  CHECK(plan->arguments.front() == (f.path / "node_modules/fabric-shim/cli.js").string());
}

TEST_CASE("what cannot be started, and what to do about it") {
  contract_folder f;
  f.add("bare/package.json", package_json);
  f.add("shimless/package.json", package_json);
  f.add("shimless/node_modules/x/index.js");
  f.add("uncompiled/package.json", package_json);
  f.add("uncompiled/tsconfig.json");
  f.add("uncompiled/node_modules/fabric-shim/cli.js");
  f.add("nodeless/package.json", "{}");
  f.add("nodeless/index.js");
  f.add("nodeless/node_modules/fabric-shim/cli.js");
  f.add("damaged/package.json", "{");
  f.add("go/go.mod");
  f.add("java/pom.xml");
  f.add("script/index.js");
  struct row {
    const char* path;
    errc code;
    const char* text;
  };
  const row rows[] = {
      {"nowhere", errc::not_found, "A contract is given as the folder of a Node contract"},
      {"bare", errc::not_found, "has no node_modules: run `npm install` there first"},
      {"shimless", errc::not_found, "run `npm install fabric-shim@2.5 fabric-contract-api@2.5 class-transformer@0.4.0` there"},
      {"uncompiled", errc::not_found, "lib/main.js, the main file of package.json, is not there: compile the contract first, as with `npm run build`"},
      {"nodeless", errc::not_found, "node is not on the PATH of the running network"},
      {"damaged", errc::invalid_argument, "package.json is no JSON object"},
      {"go", errc::invalid_argument, "This is a Go module: build it"},
      {"java", errc::invalid_argument, "This is a Java project"},
      {"script", errc::invalid_argument, "has no package.json."},
      {"script/index.js", errc::invalid_argument, "is not executable. For a Node contract give its folder"},
  };
  for (const auto& r : rows) {
    CAPTURE(r.path);
    const auto plan = plan_launch(f.path / r.path, "/nowhere");
    REQUIRE_FALSE(plan);
    CHECK(plan.error().code == r.code);
    CHECK_MESSAGE(plan.error().context.find(r.text) != std::string::npos, plan.error().context);
  }
}

TEST_CASE("the environment tells a contract who it is, and nothing of other contracts") {
  const std::vector<std::string> inherited{"PATH=/bin", "CORE_PEER_TLS_ENABLED=true", "CHAINCODE_ID=other", "HOME=/root", "XCORE_=1", "CORE_CHAINCODE_LOGGING_LEVEL=debug"};
  const std::vector<std::string> expected{"PATH=/bin", "HOME=/root", "XCORE_=1", "CORE_CHAINCODE_LOGGING_LEVEL=debug", "CHAINCODE_SERVER_ADDRESS=127.0.0.1:1", "CHAINCODE_ID=cc:1",
                                          "CORE_CHAINCODE_ID_NAME=cc:1", "CHAINCODE_TLS_DISABLED=true"};
  CHECK(service_environment(inherited, {"cc:1", "127.0.0.1:1"}) == expected);
  CHECK(service_environment(inherited, {"cc:1", "127.0.0.1:1"}, "Org1MSP").back() == "CORE_PEER_LOCALMSPID=Org1MSP");
}

TEST_CASE("names and versions that Fabric takes") {
  const std::pair<const char*, const char*> names[] = {{"basic", "basic"}, {"asset-transfer_2", "asset-transfer_2"}, {"-a--b-", "a-b"}, {"my contract.x", "my-contract-x"}, {"!!", ""}};
  for (const auto& [given, name] : names) CHECK(as_chaincode_name(given) == name);
  CHECK(as_chaincode_version("1.0.0-beta+2 x") == "1.0.0-beta+2x");
  CHECK(as_chaincode_version("§") == "");
}
