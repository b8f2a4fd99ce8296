// A state view that remembers what was looked up, for the time of one block: policies, MVCC and metadata ask for the same keys.
#pragma once

#include <string>
#include <unordered_map>

#include "ledger/state/metadata_presence.hpp"

namespace weft::ledger {

/// Borrows `inner`. Not thread-safe, unlike other views: it lives inside one judgement. Ranges are not remembered.
class cached_view final : public state_view, public metadata_presence {
 public:
  explicit cached_view(const state_view& inner) : inner_(inner) {}
  [[nodiscard]] block_number height() const override { return inner_.height(); }
  [[nodiscard]] result<std::optional<versioned_value>> get(std::string_view ns, std::string_view key) const override;
  [[nodiscard]] std::unique_ptr<state_cursor> range(std::string_view ns, std::string_view start,
                                                    std::string_view end) const override {
    return inner_.range(ns, start, end);
  }
  [[nodiscard]] result<std::optional<versioned_value>> get_hashed(std::string_view ns, std::string_view collection,
                                                                  bytes_view key_hash) const override;
  [[nodiscard]] result<std::optional<versioned_value>> get_private(std::string_view ns, std::string_view collection,
                                                                   std::string_view key) const override {
    return inner_.get_private(ns, collection, key);
  }
  [[nodiscard]] std::unique_ptr<state_cursor> private_range(std::string_view ns, std::string_view collection, std::string_view start,
                                                            std::string_view end) const override {
    return inner_.private_range(ns, collection, start, end);
  }
  [[nodiscard]] bool may_have_metadata(std::string_view ns) const override { return ledger::may_have_metadata(inner_, ns); }

 private:
  const state_view& inner_;
  mutable std::unordered_map<std::string, std::optional<versioned_value>> known_;
};

}  // namespace weft::ledger
