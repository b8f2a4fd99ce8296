// What the roles of a peer ask about packages that are installed on it.
#pragma once

#include "actors/node/contract_papers.hpp"
#include "actors/node/package_runner.hpp"
#include "actors/peer/contracts.hpp"
#include "chaincode/lifecycle/package_store.hpp"

namespace weft::actors {

/// `last_words`: the end of what a package's process has written; may be missing, as may `papers` and `runner`. The answers follow what is installed later.
[[nodiscard]] packages_ptr packages_of(std::shared_ptr<const chaincode::package_store> store, std::function<std::string(const std::string&)> last_words,
                                       std::shared_ptr<const contract_papers> papers, std::shared_ptr<package_runner> runner = nullptr);

}  // namespace weft::actors
