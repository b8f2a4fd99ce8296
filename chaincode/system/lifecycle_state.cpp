#include "chaincode/system/lifecycle_state.hpp"

namespace weft::chaincode {

class organization_hashes::one final : public opaque_state {
 public:
  one(stub& s, const std::string& msp_id) : stub_(s), collection_(std::string(ledger::implicit_collection_prefix) + msp_id) {}
  result<std::optional<bytes>> hash_of(std::string_view key) override { return stub_.get_private_hash(collection_, key); }

 private:
  stub& stub_;
  std::string collection_;
};

organization_hashes::organization_hashes(stub& s, const ledger::channel_bundle& bundle) {
  for (const auto& org : bundle.application_orgs()) states_[org.msp_id] = std::make_unique<one>(s, org.msp_id);
}

organization_states organization_hashes::states() const {
  organization_states out;
  for (const auto& [msp_id, state] : states_) out[msp_id] = state.get();
  return out;
}

}  // namespace weft::chaincode
