#include "chaincode/process/node_source.hpp"

#include <algorithm>
#include <fstream>

#include "chaincode/lifecycle/archive.hpp"

namespace weft::chaincode {

namespace fs = std::filesystem;

namespace {

constexpr const char* script_name = "start";
constexpr const char* script = R"(#!/bin/sh
# Written by weft. Runs the contract of a package as a service, with the packages that its package.json names.
set -e
cd "$(dirname "$0")/src"
if [ ! -e ../installed ]; then
  echo "installing what package.json names"
  npm install --omit=dev --no-audit --no-fund --no-update-notifier --loglevel=error
  : > ../installed
fi
if [ ! -e node_modules/fabric-shim/cli.js ]; then
  echo "package.json does not name fabric-shim among its dependencies" >&2
  exit 1
fi
exec node node_modules/fabric-shim/cli.js server --chaincode-address "$CHAINCODE_SERVER_ADDRESS" --chaincode-id "$CHAINCODE_ID"
)";

result<void> put(const fs::path& file, bytes_view content, bool executable) {
  std::error_code ec;
  fs::create_directories(file.parent_path(), ec);
  std::ofstream out(file, std::ios::binary);
  out << content;
  out.close();
  if (!out) return fail(errc::io, "cannot write " + file.string());
  if (executable) fs::permissions(file, fs::perms::owner_exec | fs::perms::group_exec | fs::perms::others_exec, fs::perm_options::add, ec);
  return {};
}

}  // namespace

result<fs::path> unpack_node_source(bytes_view code_tar_gz, const fs::path& folder) {
  const auto start = folder / script_name;
  std::error_code ec;
  if (fs::exists(start, ec)) return start;
  WEFT_TRY(const auto files, read_folder(code_tar_gz, "src"));
  const bool whole = std::any_of(files.begin(), files.end(), [](const archived_file& f) { return f.name == "package.json"; });
  if (!whole) return invalid("the code package has no src/package.json");
  // Under another name until it is whole: a node that is killed meanwhile begins anew.
  const fs::path unfinished = folder.string() + ".new";
  fs::remove_all(unfinished, ec);
  for (const auto& f : files) WEFT_CHECK(put(unfinished / "src" / f.name, f.content, f.executable));
  WEFT_CHECK(put(unfinished / script_name, script, true));
  fs::remove_all(folder, ec);
  fs::rename(unfinished, folder, ec);
  if (ec) return fail(errc::io, "cannot rename " + unfinished.string() + ": " + ec.message());
  return start;
}

}  // namespace weft::chaincode
