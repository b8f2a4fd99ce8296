// A key-value store that may lose its newest un-synced batches in a crash, as LevelDB does, and that can be told to fail.
#pragma once

#include <memory>
#include <vector>

#include "config/base/random.hpp"
#include "ledger/store/kv.hpp"

namespace weft::testing {

class crash_kv final : public ledger::kv_store {
 public:
  [[nodiscard]] result<std::optional<bytes>> get(bytes_view key) const override { return now_->get(key); }
  [[nodiscard]] std::shared_ptr<const ledger::kv_snapshot> snapshot() const override { return now_->snapshot(); }
  [[nodiscard]] result<void> write(const ledger::kv_batch& batch, bool sync) override {
    if (failing) return fail(errc::io, "key-value store: disk full");
    written_.push_back(batch);
    if (sync) synced_ = written_.size();
    return now_->write(batch, sync);
  }
  /// The store after a power cut: all that was synced, and the first few of the batches after that.
  [[nodiscard]] std::shared_ptr<crash_kv> crash(random_source& random) const {
    auto survivor = std::make_shared<crash_kv>();
    const std::size_t kept = synced_ + static_cast<std::size_t>(random.below(written_.size() - synced_ + 1));
    for (std::size_t i = 0; i < kept; ++i) static_cast<void>(survivor->write(written_[i], true));
    return survivor;
  }

  bool failing = false;

 private:
  std::shared_ptr<ledger::kv_store> now_ = ledger::make_memory_kv();
  std::vector<ledger::kv_batch> written_;
  std::size_t synced_ = 0;
};

/// Every pair of a store, for comparing two.
inline std::vector<std::pair<bytes, bytes>> all_pairs(const ledger::kv_store& kv, bytes_view without_prefix = "\xff\xff") {
  std::vector<std::pair<bytes, bytes>> out;
  const auto cursor = kv.snapshot()->cursor();
  for (cursor->seek({}); cursor->valid(); cursor->next())
    if (!cursor->key().starts_with(without_prefix)) out.emplace_back(cursor->key(), cursor->value());
  return out;
}

}  // namespace weft::testing
