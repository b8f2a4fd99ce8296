#include "ledger/channel/policy_cache.hpp"

namespace weft::ledger {

result<crypto::policy_ptr> policy_cache::compile(bytes_view signature_policy_envelope) {
  if (signature_policy_envelope.size() > cached_bytes_max) return crypto::compile(signature_policy_envelope, msps_);
  const bytes key(signature_policy_envelope);
  if (auto found = find(key)) return found;
  WEFT_TRY(crypto::policy_ptr made, crypto::compile(signature_policy_envelope, msps_));  // outside the lock: two may do it, one stays
  const std::lock_guard lock(mutex_);
  add(key, made);
  return made;
}

crypto::policy_ptr policy_cache::find(const bytes& key) {
  const std::lock_guard lock(mutex_);
  if (const auto at = young_.find(key); at != young_.end()) return at->second;
  const auto at = old_.find(key);
  if (at == old_.end()) return nullptr;
  crypto::policy_ptr policy = at->second;
  add(key, policy);
  return policy;
}

void policy_cache::add(const bytes& key, crypto::policy_ptr policy) {
  if (young_.size() >= generation_max) {
    old_ = std::move(young_);
    young_.clear();
  }
  young_.insert_or_assign(key, std::move(policy));
}

}  // namespace weft::ledger
