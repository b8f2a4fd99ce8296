#include "chaincode/process/launch_plan.hpp"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "chaincode/process/json_text.hpp"

namespace weft::chaincode {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::uintmax_t package_json_bytes_max = 256 * KiB;
constexpr const char* accepted =
    " A contract is given as the folder of a Node contract (with package.json, and fabric-shim 2.5 installed in it), or as an executable that serves it at "
    "CHAINCODE_SERVER_ADDRESS. A contract that you run yourself is deployed with --address HOST:PORT.";

bool alphanumeric(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_there(const fs::path& p) {
  std::error_code ec;
  return fs::exists(p, ec);
}
bool runnable(const fs::path& p) {
  std::error_code ec;
  return fs::is_regular_file(p, ec) && ::access(p.c_str(), X_OK) == 0;
}

result<json> read_package_json(const fs::path& file) {
  std::error_code ec;
  const auto size = fs::file_size(file, ec);
  if (ec || size > package_json_bytes_max) return fail(errc::invalid_argument, file.string() + " cannot be read, or is larger than 256 KiB");
  std::ifstream in(file);
  auto parsed = json::parse(in, nullptr, false);
  if (!parsed.is_object()) return fail(errc::invalid_argument, file.string() + " is no JSON object");
  return parsed;
}

/// As Node finds packages: here, or in a folder above, as workspaces have it.
fs::path find_module(const fs::path& folder, const fs::path& file) {
  for (auto at = folder;; at = at.parent_path()) {
    if (auto found = at / "node_modules" / file; is_there(found)) return found;
    if (at == at.parent_path()) return {};
  }
}

result<fs::path> find_node(std::string_view search) {
  while (!search.empty()) {
    const auto colon = search.find(':');
    const fs::path folder = search.substr(0, colon);
    if (folder.is_absolute() && runnable(folder / "node")) return folder / "node";
    search.remove_prefix(colon == std::string_view::npos ? search.size() : colon + 1);
  }
  return fail(errc::not_found, "node is not on the PATH of the running network: install Node 18 or later, or start the network where it is");
}

/// What `main` of package.json names, as Node resolves it.
bool has_main(const fs::path& folder, const std::string& main) {
  const auto at = folder / (main.empty() ? "index.js" : main);
  std::error_code ec;
  if (fs::is_regular_file(at, ec)) return true;
  for (const auto* suffix : {".js", ".cjs", ".json"}) if (is_there(at.string() + suffix)) return true;
  return is_there(at / "index.js") || is_there(folder / "index.js");
}

result<launch_plan> plan_node(const fs::path& folder, std::string_view search) {
  WEFT_TRY(const auto package, read_package_json(folder / "package.json"));
  const auto shim = find_module(folder, "fabric-shim/cli.js");
  if (shim.empty() && !is_there(folder / "node_modules")) {
    return fail(errc::not_found, folder.string() + " has no node_modules: run `npm install` there first. (weft does not: installing runs scripts of packages.)");
  }
  if (shim.empty()) {
    return fail(errc::not_found, folder.string() + " has no fabric-shim in its node_modules: run `npm install fabric-shim@2.5 fabric-contract-api@2.5 "
                                                   "class-transformer@0.4.0` there");
  }
  if (const auto main = text_of(package, "main"); !has_main(folder, main)) {
    const bool compiled = is_there(folder / "tsconfig.json");
    return fail(errc::not_found, (folder / (main.empty() ? "index.js" : main)).string() + ", the main file of package.json, is not there" +
                                     (compiled ? ": compile the contract first, as with `npm run build`" : ""));
  }
  WEFT_TRY(auto node, find_node(search));
  auto name = text_of(package, "name");
  if (const auto slash = name.rfind('/'); slash != std::string::npos) name.erase(0, slash + 1);
  return launch_plan{launch_plan::kind::node, std::move(node), {shim.string(), "server"}, folder, as_chaincode_name(name), as_chaincode_version(text_of(package, "version"))};
}

/// What somebody probably meant who gave a folder without package.json.
std::string hint(const fs::path& folder) {
  if (is_there(folder / "go.mod")) {
    return " This is a Go module: build it (`go build -o contract .`) with a main that serves shim.ChaincodeServer{CCID: $CHAINCODE_ID, Address: $CHAINCODE_SERVER_ADDRESS}, and give "
           "the executable.";
  }
  if (is_there(folder / "pom.xml") || is_there(folder / "build.gradle") || is_there(folder / "build.gradle.kts")) {
    return " This is a Java project: build it with a main that serves NettyChaincodeServer, and give an executable script that starts it, or run it yourself and use --address.";
  }
  return {};
}

}  // namespace

result<launch_plan> plan_launch(const fs::path& given, std::string_view search) {
  std::error_code ec;
  const auto path = fs::canonical(given, ec);
  if (ec) return fail(errc::not_found, given.string() + ": " + ec.message() + "." + accepted);
  if (fs::is_directory(path, ec)) {
    if (is_there(path / "package.json")) return plan_node(path, search);
    return fail(errc::invalid_argument, path.string() + " has no package.json." + hint(path) + accepted);
  }
  if (runnable(path)) return launch_plan{launch_plan::kind::executable, path, {}, path.parent_path(), as_chaincode_name(path.stem().string()), {}};
  const bool script = path.extension() == ".js" || path.filename() == "package.json";
  return fail(errc::invalid_argument, path.string() + " is not executable." + (script ? " For a Node contract give its folder, " + path.parent_path().string() + "." : "") + accepted);
}

std::vector<std::string> command_line(const launch_plan& p, const service_identity& who) {
  std::vector<std::string> out{p.program.string()};
  out.insert(out.end(), p.arguments.begin(), p.arguments.end());
  if (p.what == launch_plan::kind::node) {
    for (const auto& word : {std::string("--chaincode-address"), who.address, std::string("--chaincode-id"), who.package_id}) out.push_back(word);
  }
  return out;
}

std::vector<std::string> gated_command_line(const launch_plan& p, const service_identity& who, const fs::path& helper) {
  auto out = command_line(p, who);
  out.insert(out.begin() + 1, {"--require", helper.string()});
  return out;
}

std::string_view helper_script() noexcept {
  return R"(// Written by weft for `weft chaincode dev`. Loads what every contract needs, then waits until the contract shall begin.
'use strict';
const fs = require('fs');
const load = require('module').createRequire(process.cwd() + '/package.json');
for (const name of ['fabric-shim', 'fabric-contract-api', 'fabric-shim/lib/contract-spi/bootstrap', 'fabric-shim/lib/server', 'yargs']) {
  try {
    load(name);
  } catch {
    // not every version has it, and what is missing is told when the contract begins
  }
}
if (fs.readSync(0, Buffer.alloc(1), 0, 1, null) !== 1) process.exit(0);
)";
}

std::string packages_stamp(const launch_plan& p) {
  std::string out;
  for (const auto* file : {"package.json", "package-lock.json", "node_modules/.package-lock.json", "node_modules"}) {
    std::error_code ec;
    const auto written = fs::last_write_time(p.folder / file, ec);
    out += (ec ? std::string("-") : std::to_string(written.time_since_epoch().count())) + " ";
  }
  return out;
}

std::vector<std::string> service_environment(const std::vector<std::string>& inherited, const service_identity& who, const std::string& msp_id) {
  std::vector<std::string> out;
  for (const auto& entry : inherited) {
    const bool of_a_peer = entry.starts_with("CORE_") && !entry.starts_with("CORE_CHAINCODE_LOGGING_");  // how much a contract's shim logs is the developer's choice
    if (!of_a_peer && !entry.starts_with("CHAINCODE_")) out.push_back(entry);
  }
  out.push_back("CHAINCODE_SERVER_ADDRESS=" + who.address);
  out.push_back("CHAINCODE_ID=" + who.package_id);
  out.push_back("CORE_CHAINCODE_ID_NAME=" + who.package_id);
  out.push_back("CHAINCODE_TLS_DISABLED=true");
  if (!msp_id.empty()) out.push_back("CORE_PEER_LOCALMSPID=" + msp_id);
  return out;
}

std::string as_chaincode_name(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool joins = !alphanumeric(c);
    if (!joins) out.push_back(c);
    else if (!out.empty() && alphanumeric(out.back())) out.push_back(c == '_' ? '_' : '-');
  }
  while (!out.empty() && !alphanumeric(out.back())) out.pop_back();
  return out;
}

std::string as_chaincode_version(std::string_view text) {
  std::string out;
  std::copy_if(text.begin(), text.end(), std::back_inserter(out), [](char c) { return alphanumeric(c) || c == '_' || c == '.' || c == '+' || c == '-'; });
  return out;
}

}  // namespace weft::chaincode
