// Packages installed on one peer. Contracts that are compiled into weft count as installed; others are kept as files. Who runs them is not
// decided here: actors/node/package_runner.hpp.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "chaincode/lifecycle/package.hpp"
#include "config/base/bytes.hpp"

namespace weft::ledger {
class env;
}

namespace weft::chaincode {

struct installed_package {
  std::string id, label;
  std::string type, path;  ///< As in its metadata.json; for `native`, path names the contract.
  std::shared_ptr<const connection> service;  ///< Where its contract runs; null for one that is compiled in, or dials its peer.
};

/// Thread-safe.
class package_store {
 public:
  virtual ~package_store() = default;
  /// Errors: `invalid_argument` for bytes that are no package, `unsupported` for a contract that should be compiled in and is not, or a service without an address,
  /// `already_exists` "chaincode already successfully installed (package ID '…')", `io`.
  [[nodiscard]] virtual result<installed_package> install(bytes_view package_tar_gz) = 0;
  /// Sorted by id.
  [[nodiscard]] virtual std::vector<installed_package> list() const = 0;
  [[nodiscard]] virtual std::optional<installed_package> find(std::string_view package_id) const = 0;
  /// The package's bytes. Errors: `not_found` "chaincode install package '…' not found", `io`, `corruption`.
  [[nodiscard]] virtual result<bytes> read(std::string_view package_id) const = 0;
};

/// A contract that is compiled in, with the label under which it counts as installed.
struct builtin_contract {
  std::string contract, label;
};
/// A label for a sample contract: "mycc_1.0".
[[nodiscard]] std::string default_label(std::string_view contract);

/// Packages as files "<label>.<hash>.tar.gz" of `files`, with the built-in ones beside them. Null `files`: kept in memory only.
/// `values`: of templates in connection.json, usually "peername". Files that are no packages are passed over. Errors: `io`.
[[nodiscard]] result<std::shared_ptr<package_store>> open_package_store(std::shared_ptr<ledger::env> files, const std::vector<builtin_contract>& builtins,
                                                                        template_values values = {});

}  // namespace weft::chaincode
