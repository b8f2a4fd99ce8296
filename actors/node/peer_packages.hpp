// What the roles of a peer ask about packages that are installed on it.
#pragma once

#include "actors/node/contract_papers.hpp"
#include "actors/peer/contracts.hpp"
#include "chaincode/lifecycle/package_store.hpp"

namespace weft::actors {

/// `last_words`: the end of what a package's process has written; may be missing, as may `papers`. The answers follow what is installed later.
[[nodiscard]] packages_ptr packages_of(std::shared_ptr<const chaincode::package_store> store, std::function<std::string(const std::string&)> last_words,
                                       std::shared_ptr<const contract_papers> papers);

}  // namespace weft::actors
