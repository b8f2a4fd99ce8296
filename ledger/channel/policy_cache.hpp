// Compiled signature policies by their bytes. Internal to ledger/channel.
#pragma once

#include <memory>
#include <mutex>
#include <string_view>
#include <unordered_map>

#include "crypto/policy/policy.hpp"

namespace weft::ledger {

/// Two generations: when the young one is full it becomes the old one, and what was old and unused is dropped. Thread-safe.
class policy_cache {
 public:
  static constexpr std::size_t generation_max = 512;         ///< Entries; twice as many are held at most.
  static constexpr std::size_t cached_bytes_max = 16 * KiB;  ///< Longer policies are compiled each time: bounds memory to some 16 MiB.

  explicit policy_cache(std::shared_ptr<const crypto::msp_manager> msps) : msps_(std::move(msps)) {}
  /// Errors: `invalid_argument`; failures are not remembered.
  [[nodiscard]] result<crypto::policy_ptr> compile(bytes_view signature_policy_envelope);

 private:
  using generation = std::unordered_map<bytes, crypto::policy_ptr>;
  [[nodiscard]] crypto::policy_ptr find(const bytes& key);
  void add(const bytes& key, crypto::policy_ptr policy);

  std::shared_ptr<const crypto::msp_manager> msps_;
  std::mutex mutex_;
  generation young_, old_;
};

}  // namespace weft::ledger
