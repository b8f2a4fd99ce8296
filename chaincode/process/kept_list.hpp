// The list of contracts that a node starts again when it starts: "contracts.json" in its folder.
#pragma once

#include <filesystem>
#include <vector>

#include "chaincode/process/contract_keeper.hpp"

namespace weft::chaincode {

class kept_list {
 public:
  explicit kept_list(std::filesystem::path folder) : folder_(std::move(folder)) {}
  /// None when there is no file. Errors: `io`; `corruption` that names the file.
  [[nodiscard]] result<std::vector<kept_contract>> load() const;
  /// Whole or not at all. Errors: `io`.
  [[nodiscard]] result<void> store(const std::vector<kept_contract>& all) const;

 private:
  std::filesystem::path folder_;
};

}  // namespace weft::chaincode
