#include "chaincode/lifecycle/snapshot_keys.hpp"

#include "crypto/hash/sha256.hpp"
#include "ledger/validation/definition.hpp"

namespace weft::chaincode {

namespace {
constexpr std::string_view lifecycle_ns = "_lifecycle";
}

result<std::optional<bytes>> definition_keys::get(std::string_view key) {
  WEFT_TRY(auto value, state_.get(lifecycle_ns, key));
  return value ? std::optional(std::move(value->value)) : std::nullopt;
}

organization_keys::organization_keys(const ledger::state_view& state, std::string_view msp_id)
    : state_(state), collection_(std::string(ledger::implicit_collection_prefix) + std::string(msp_id)) {}

result<std::optional<bytes>> organization_keys::hash_of(std::string_view key) {
  WEFT_TRY(auto value, state_.get_hashed(lifecycle_ns, collection_, crypto::view(crypto::sha256(key))));
  return value ? std::optional(std::move(value->value)) : std::nullopt;
}

result<std::optional<version>> organization_keys::version_of(bytes_view key_hash) const {
  WEFT_TRY(const auto value, state_.get_hashed(lifecycle_ns, collection_, key_hash));
  return value ? std::optional(value->at) : std::nullopt;
}

}  // namespace weft::chaincode
