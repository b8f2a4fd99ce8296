// `_lifecycle` of a channel's state as key spaces, as it stands and without recording what is read.
#pragma once

#include "chaincode/lifecycle/layout.hpp"
#include "ledger/state/state.hpp"

namespace weft::chaincode {

/// What everybody sees. Borrows the state.
class definition_keys final : public readable_state {
 public:
  explicit definition_keys(const ledger::state_view& state) : state_(state) {}
  [[nodiscard]] result<std::optional<bytes>> get(std::string_view key) override;

 private:
  const ledger::state_view& state_;
};

/// Digests of what one organization keeps to itself: they are on every peer, also when another one of the organization endorsed the approval.
/// Borrows the state.
class organization_keys final : public opaque_state {
 public:
  organization_keys(const ledger::state_view& state, std::string_view msp_id);
  [[nodiscard]] result<std::optional<bytes>> hash_of(std::string_view key) override;
  /// When the key with that digest was written.
  [[nodiscard]] result<std::optional<version>> version_of(bytes_view key_hash) const;

 private:
  const ledger::state_view& state_;
  std::string collection_;
};

}  // namespace weft::chaincode
