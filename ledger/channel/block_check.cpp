// Block signatures against the channel's BlockValidation policy. interop/01 §9, 06 §2, §7.
#include <algorithm>

#include "ledger/block/block.hpp"
#include "ledger/channel/bundle.hpp"
#include "ledger/channel/policy_manager.hpp"

namespace weft::ledger {
namespace {

/// Signatures of one block that are looked at: far above any cluster, and a bound on what a hostile block costs.
constexpr std::size_t block_signatures_max = 1024;
constexpr std::string_view block_validation = "/Channel/Orderer/BlockValidation";

/// Who signed: the creator that the signature names, or the consenter of that number. Empty: nobody whom this channel knows.
bytes signer_of(const block_signature& signature, const channel_bundle& bundle) {
  if (!signature.by_consenter_id) return signature.identity;
  if (!bundle.caps().channel_v3_0) return {};
  const auto& consenters = bundle.consenters();
  const auto found = std::find_if(consenters.begin(), consenters.end(), [&](const bft_consenter& c) { return c.id == signature.consenter_id; });
  return found == consenters.end() ? bytes{} : crypto::serialize_identity(found->msp_id, found->identity);
}

std::string lines(const std::vector<std::string>& reasons) {
  std::string out;
  for (const std::string& reason : reasons) out += "\n  " + reason;
  return out;
}

}  // namespace

result<void> check_block_signatures(const block& b, const channel_bundle& bundle, const crypto::verifier& verifier) {
  const std::string where = "block " + std::to_string(b.number().value) + " of channel " + bundle.channel_id();
  auto signatures = block_signatures(b);
  if (!signatures) return fail(within(where, std::move(signatures).error()));
  if (signatures->size() > block_signatures_max)
    return fail(errc::invalid_argument, where + ": " + std::to_string(signatures->size()) + " signatures, more than " + std::to_string(block_signatures_max));
  std::vector<bytes> identities;
  for (const block_signature& signature : *signatures) identities.push_back(signer_of(signature, bundle));
  std::vector<crypto::signed_data> set;
  for (std::size_t i = 0; i < identities.size(); ++i)
    if (!identities[i].empty()) set.push_back({(*signatures)[i].signed_bytes, identities[i], (*signatures)[i].signature});
  std::vector<std::string> dropped;
  const auto signers = crypto::valid_signers(set, *bundle.msps(), verifier, &dropped);
  const crypto::policy_ptr policy = bundle.policy(block_validation);
  if (policy->evaluate(signers)) return {};
  return fail(errc::permission_denied, where + ": " + std::string(block_validation) + " is not satisfied: " + denial_text(*policy, signers) + "\n" +
                                           policy->explain(signers).to_text() + lines(dropped));
}

}  // namespace weft::ledger
