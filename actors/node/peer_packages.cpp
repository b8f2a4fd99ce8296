#include "actors/node/peer_packages.hpp"

#include "chaincode/simulation/external.hpp"

namespace weft::actors {

namespace {

/// Only asked when an approval is looked up anew, so a walk over all packages is cheap enough.
std::string by_approval(const chaincode::package_store& store, bytes_view approval) {
  for (const auto& p : store.list()) {
    if (chaincode::approval_digest(p.id) == approval) return p.id;
  }
  return {};
}

chaincode::contract_ptr code_of(const chaincode::package_store& store, const std::string& package_id) {
  const auto package = store.find(package_id);
  if (!package) return nullptr;
  if (package->type != chaincode::native_type) return std::make_shared<chaincode::external_contract>(package_id);
  for (const auto& [name, code] : chaincode::sample_contracts()) {
    if (name == package->path) return code;
  }
  return nullptr;
}

}  // namespace

packages_ptr packages_of(std::shared_ptr<const chaincode::package_store> store, std::function<std::string(const std::string&)> last_words,
                         std::shared_ptr<const contract_papers> papers, std::shared_ptr<package_runner> runner) {
  auto out = std::make_shared<installed_packages>();
  out->by_approval = [store](bytes_view approval) { return by_approval(*store, approval); };
  out->code_of = [store](const std::string& id) { return code_of(*store, id); };
  out->connection_of = [store, runner = std::move(runner)](const std::string& id) -> std::optional<chaincode::connection> {
    const auto package = store->find(id);
    if (!package) return std::nullopt;
    if (package->service) return *package->service;
    return runner && package_runner::runs(*package) ? runner->connection_of(*package, store) : std::nullopt;
  };
  out->last_words = std::move(last_words);
  if (papers) out->how_to_start = [papers](const std::string& id) { return "start it with what " + (papers->folder_of(id) / "env.sh").string() + " sets"; };
  return out;
}

}  // namespace weft::actors
