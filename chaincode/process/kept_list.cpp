#include "chaincode/process/kept_list.hpp"

#include <fstream>
#include <nlohmann/json.hpp>

#include "chaincode/lifecycle/package.hpp"
#include "chaincode/process/json_text.hpp"
#include "chaincode/process/loopback.hpp"
#include "ledger/store/env.hpp"

namespace weft::chaincode {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* file_name = "contracts.json";
constexpr std::uintmax_t file_bytes_max = MiB;

}  // namespace

result<std::vector<kept_contract>> kept_list::load() const {
  const auto file = folder_ / file_name;
  std::error_code ec;
  if (!fs::exists(file, ec)) return std::vector<kept_contract>{};
  const auto damaged = [&](const std::string& why) { return fail(errc::corruption, file.string() + " " + why + "; remove it, and deploy contracts that run as processes again"); };
  if (fs::file_size(file, ec) > file_bytes_max || ec) return damaged("is larger than 1 MiB");
  std::ifstream in(file);
  if (!in) return fail(errc::io, "cannot read " + file.string());
  const auto parsed = json::parse(in, nullptr, false);
  if (!parsed.is_object() || !parsed.contains("contracts") || !parsed["contracts"].is_array()) return damaged("is no list of contracts");
  std::vector<kept_contract> out;
  for (const auto& row : parsed["contracts"]) {
    if (!row.is_object()) return damaged("has an entry that is no object");
    kept_contract c{text_of(row, "label"), text_of(row, "path"), {text_of(row, "package_id"), text_of(row, "address")}};
    if (!valid_label(c.label) || c.path.empty() || c.who.package_id.empty() || !is_loopback(c.who.address)) return damaged("has an entry without label, path, package_id or a loopback address");
    if (out.size() >= contract_keeper::contracts_max) return damaged("has too many entries");
    out.push_back(std::move(c));
  }
  return out;
}

result<void> kept_list::store(const std::vector<kept_contract>& all) const {
  json rows = json::array();
  for (const auto& c : all) rows.push_back({{"label", c.label}, {"path", c.path}, {"package_id", c.who.package_id}, {"address", c.who.address}});
  std::error_code ec;
  fs::create_directories(folder_, ec);
  WEFT_TRY(const auto files, ledger::open_disk_env(folder_));
  return files->replace(file_name, json{{"contracts", rows}}.dump(2, ' ', false, json::error_handler_t::replace) + "\n");
}

}  // namespace weft::chaincode
