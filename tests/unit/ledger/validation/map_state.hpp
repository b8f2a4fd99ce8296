// A state in ordered maps that tests set up key by key.
#pragma once

#include <map>
#include <tuple>

#include "ledger/state/state.hpp"

namespace weft::test {

/// Everything public: a test writes what it needs. `apply` does what a store would do with a block's updates.
class map_state final : public ledger::state_view {
 public:
  using value = ledger::versioned_value;
  block_number next{1};
  std::map<std::pair<std::string, std::string>, value> keys;            ///< namespace, key
  std::map<std::tuple<std::string, std::string, bytes>, value> hashed;  ///< namespace, collection, key hash
  errc failure{};                                                       ///< Set: every look-up fails with it.

  void put(const std::string& ns, const std::string& key, bytes v, version at, bytes metadata = {});
  void apply(const ledger::state_batch& batch);

  [[nodiscard]] block_number height() const override { return next; }
  [[nodiscard]] result<std::optional<value>> get(std::string_view ns, std::string_view key) const override;
  [[nodiscard]] std::unique_ptr<ledger::state_cursor> range(std::string_view ns, std::string_view start,
                                                            std::string_view end) const override;
  [[nodiscard]] result<std::optional<value>> get_hashed(std::string_view ns, std::string_view collection,
                                                        bytes_view key_hash) const override;
  [[nodiscard]] result<std::optional<value>> get_private(std::string_view, std::string_view, std::string_view) const override;
  [[nodiscard]] std::unique_ptr<ledger::state_cursor> private_range(std::string_view, std::string_view, std::string_view,
                                                                    std::string_view) const override {
    return range("no namespace", {}, {});
  }
};

}  // namespace weft::test
