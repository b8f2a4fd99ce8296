// The ordered-map twin. Values keep their history as long as a snapshot can see it, so snapshots are as real as LevelDB's.
#include <map>
#include <mutex>
#include <set>
#include <shared_mutex>

#include "ledger/store/kv.hpp"

namespace weft::ledger {
namespace {

using sequence = std::uint64_t;

struct table {
  mutable std::shared_mutex mutex;
  std::map<bytes, std::map<sequence, std::optional<bytes>>, std::less<>> keys;  // key → sequence → value, or nothing: erased
  std::multiset<sequence> pinned;
  sequence now = 0;

  // The value of one key as of `at`.
  static const std::optional<bytes>* visible(const std::map<sequence, std::optional<bytes>>& versions, sequence at) {
    const auto after = versions.upper_bound(at);
    return after == versions.begin() ? nullptr : &std::prev(after)->second;
  }

  [[nodiscard]] std::optional<bytes> get(bytes_view key, sequence at) const {
    const auto it = keys.find(key);
    if (it == keys.end()) return std::nullopt;
    const auto* value = visible(it->second, at);
    return value == nullptr ? std::nullopt : *value;
  }

  // Versions that neither the present nor a snapshot sees go away; called for keys as they are written.
  void forget(std::map<bytes, std::map<sequence, std::optional<bytes>>, std::less<>>::iterator it) {
    auto& versions = it->second;
    for (auto v = versions.begin(); v != versions.end();) {
      const auto next = std::next(v);
      const sequence until = next == versions.end() ? now + 1 : next->first;
      const auto reader = pinned.lower_bound(v->first);
      const bool seen = next == versions.end() || (reader != pinned.end() && *reader < until);
      v = seen ? next : versions.erase(v);
    }
    if (versions.size() == 1 && !versions.begin()->second) keys.erase(it);  // erased, and absent to everybody older
  }

  void apply(const kv_batch& batch) {
    const std::unique_lock lock(mutex);
    ++now;
    for (const auto& op : batch.ops) keys[op.key][now] = op.erase ? std::nullopt : std::optional<bytes>(op.value);
    for (const auto& op : batch.ops)
      if (const auto it = keys.find(op.key); it != keys.end()) forget(it);
  }
};

class pin {
 public:
  explicit pin(std::shared_ptr<table> t) : table_(std::move(t)) {
    const std::unique_lock lock(table_->mutex);
    at_ = table_->now;
    table_->pinned.insert(at_);
  }
  pin(const pin&) = delete;
  pin& operator=(const pin&) = delete;
  ~pin() {
    const std::unique_lock lock(table_->mutex);
    table_->pinned.erase(table_->pinned.find(at_));
  }
  [[nodiscard]] const table& in() const { return *table_; }
  [[nodiscard]] sequence at() const { return at_; }

 private:
  std::shared_ptr<table> table_;
  sequence at_ = 0;
};

class memory_cursor final : public kv_cursor {
 public:
  explicit memory_cursor(std::shared_ptr<const pin> p) : pin_(std::move(p)) {}

  void seek(bytes_view key) override {
    const std::shared_lock lock(pin_->in().mutex);
    settle(pin_->in().keys.lower_bound(key));
  }
  bool valid() const override { return valid_; }
  void next() override {
    if (!valid_) return;
    const std::shared_lock lock(pin_->in().mutex);
    settle(pin_->in().keys.upper_bound(key_));
  }
  bytes_view key() const override { return key_; }
  bytes_view value() const override { return value_; }
  result<void> status() const override { return {}; }

 private:
  template <class Iterator>
  void settle(Iterator it) {
    for (; it != pin_->in().keys.end(); ++it) {
      const auto* value = table::visible(it->second, pin_->at());
      if (value == nullptr || !*value) continue;
      valid_ = true;
      key_ = it->first;
      value_ = **value;
      return;
    }
    valid_ = false;
    key_.clear();
    value_.clear();
  }

  std::shared_ptr<const pin> pin_;
  bool valid_ = false;
  bytes key_, value_;
};

class memory_snapshot final : public kv_snapshot {
 public:
  explicit memory_snapshot(std::shared_ptr<table> t) : pin_(std::make_shared<pin>(std::move(t))) {}
  result<std::optional<bytes>> get(bytes_view key) const override {
    const std::shared_lock lock(pin_->in().mutex);
    return pin_->in().get(key, pin_->at());
  }
  std::unique_ptr<kv_cursor> cursor() const override { return std::make_unique<memory_cursor>(pin_); }

 private:
  std::shared_ptr<const pin> pin_;
};

class memory_kv final : public kv_store {
 public:
  result<std::optional<bytes>> get(bytes_view key) const override {
    const std::shared_lock lock(table_->mutex);
    return table_->get(key, table_->now);
  }
  std::shared_ptr<const kv_snapshot> snapshot() const override { return std::make_shared<memory_snapshot>(table_); }
  result<void> write(const kv_batch& batch, bool) override {
    table_->apply(batch);
    return {};
  }

 private:
  std::shared_ptr<table> table_ = std::make_shared<table>();
};

}  // namespace

std::shared_ptr<kv_store> make_memory_kv() { return std::make_shared<memory_kv>(); }

}  // namespace weft::ledger
