#include <algorithm>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <unordered_map>

#include "ledger/state/keys.hpp"
#include "ledger/state/metadata_presence.hpp"
#include "ledger/state/state_batch_ops.hpp"
#include "ledger/state/values.hpp"
#include "ledger/store/numbers.hpp"

namespace weft::ledger {
namespace {

class range_cursor final : public state_cursor {
 public:
  range_cursor(std::unique_ptr<kv_cursor> at, bytes prefix, std::string_view start, std::string_view end)
      : at_(std::move(at)), prefix_(std::move(prefix)), end_(end) {
    at_->seek(prefix_ + bytes(start));
  }

  result<std::optional<std::pair<std::string, versioned_value>>> next() override {
    using entry = std::optional<std::pair<std::string, versioned_value>>;
    if (!at_->valid()) {
      WEFT_CHECK(at_->status());
      return entry();
    }
    if (!at_->key().starts_with(prefix_)) return entry();
    const bytes_view key = at_->key().substr(prefix_.size());
    if (!end_.empty() && key >= bytes_view(end_)) return entry();
    WEFT_TRY(auto value, decode_value(at_->value()));
    entry found(std::in_place, std::string(key), std::move(value));
    at_->next();
    return found;
  }

 private:
  std::unique_ptr<kv_cursor> at_;
  bytes prefix_, end_;
};

/// The namespace of contract definitions: every simulation and every validation reads the same few keys of it, and hardly any block writes there.
constexpr std::string_view definitions_ns = "_lifecycle";

/// What was read of that namespace, by stored key. All views between two blocks that write to it share one. Thread-safe, bounded.
class definitions_cache {
 public:
  using value = std::optional<versioned_value>;
  [[nodiscard]] std::optional<value> find(const bytes& key) const {
    const std::shared_lock lock(mutex_);
    const auto it = known_.find(key);
    return it == known_.end() ? std::nullopt : std::optional<value>(std::in_place, it->second);
  }
  void put(const bytes& key, const value& v) {
    const std::unique_lock lock(mutex_);
    if (known_.size() >= entries_max) known_.clear();
    known_.insert_or_assign(key, v);
  }

 private:
  static constexpr std::size_t entries_max = 4096;
  mutable std::shared_mutex mutex_;
  std::unordered_map<bytes, value> known_;
};

/// The namespaces of whose keys some had metadata once; no block takes one away again.
struct metadata_namespaces {
  bool complete = false;  ///< They were written down from the first block on.
  std::set<std::string, std::less<>> names;
};

/// What views of one state share until a block changes it.
struct shared_knowledge {
  std::shared_ptr<definitions_cache> definitions;
  std::shared_ptr<const metadata_namespaces> metadata;
};

class snapshot_view final : public state_view, public metadata_presence {
 public:
  snapshot_view(std::shared_ptr<const kv_snapshot> s, block_number height, shared_knowledge known)
      : snapshot_(std::move(s)), height_(height), known_(std::move(known)) {}
  [[nodiscard]] const shared_knowledge& known() const { return known_; }
  bool may_have_metadata(std::string_view ns) const override { return !known_.metadata->complete || known_.metadata->names.contains(ns); }

  block_number height() const override { return height_; }
  result<std::optional<versioned_value>> get(std::string_view ns, std::string_view key) const override {
    return get_of(ns, state_key::public_key(ns, key));
  }
  std::unique_ptr<state_cursor> range(std::string_view ns, std::string_view start, std::string_view end) const override {
    return std::make_unique<range_cursor>(snapshot_->cursor(), state_key::public_prefix(ns), start, end);
  }
  result<std::optional<versioned_value>> get_hashed(std::string_view ns, std::string_view collection, bytes_view key_hash) const override {
    return get_of(ns, state_key::hashed_key(ns, collection, key_hash));
  }
  result<std::optional<versioned_value>> get_private(std::string_view ns, std::string_view collection, std::string_view key) const override {
    return get_raw(state_key::private_key(ns, collection, key));
  }
  std::unique_ptr<state_cursor> private_range(std::string_view ns, std::string_view collection, std::string_view start,
                                              std::string_view end) const override {
    return std::make_unique<range_cursor>(snapshot_->cursor(), state_key::private_key(ns, collection, {}), start, end);
  }

 private:
  result<std::optional<versioned_value>> get_of(std::string_view ns, const bytes& key) const {
    if (ns != definitions_ns) return get_raw(key);
    if (auto known = known_.definitions->find(key)) return std::move(*known);
    WEFT_TRY(auto value, get_raw(key));
    known_.definitions->put(key, value);
    return value;
  }

  result<std::optional<versioned_value>> get_raw(const bytes& key) const {
    WEFT_TRY(const auto stored, snapshot_->get(key));
    if (!stored) return std::optional<versioned_value>();
    WEFT_TRY(auto value, decode_value(*stored));
    return std::optional<versioned_value>(std::move(value));
  }

  std::shared_ptr<const kv_snapshot> snapshot_;
  block_number height_;
  shared_knowledge known_;
};

result<shared_knowledge> read_knowledge(const kv_snapshot& snapshot) {
  auto metadata = std::make_shared<metadata_namespaces>();
  const auto at = snapshot.cursor();
  for (at->seek(state_key::with_metadata); at->valid() && at->key().starts_with(state_key::with_metadata); at->next()) {
    const auto name = at->key().substr(state_key::with_metadata.size());
    if (name.empty()) metadata->complete = true;
    else metadata->names.emplace(name.substr(1));
  }
  WEFT_CHECK(at->status());
  return shared_knowledge{std::make_shared<definitions_cache>(), std::move(metadata)};
}

result<std::shared_ptr<const state_view>> open_view(std::shared_ptr<const kv_snapshot> snapshot, shared_knowledge known) {
  WEFT_TRY(const auto stored, snapshot->get(state_key::height));
  if (stored && stored->size() != 8)
    return fail(errc::corruption, "the savepoint of the state is damaged: remove the state, it is made again from the block files");
  const block_number height(stored ? get_big<std::uint64_t>(*stored) : 0);
  return std::make_shared<snapshot_view>(std::move(snapshot), height, std::move(known));
}

bool any_metadata(const state_batch::namespace_updates& updates) {
  const auto has = [](const auto& entry) { return !entry.second.metadata.empty(); };
  return std::any_of(updates.keys.begin(), updates.keys.end(), has) ||
         std::any_of(updates.hashed.begin(), updates.hashed.end(), [&](const auto& c) { return std::any_of(c.second.begin(), c.second.end(), has); });
}

void put_update(kv_batch& out, bytes key, const state_update& u) {
  if (u.is_delete)
    out.erase(std::move(key));
  else
    out.put(std::move(key), encode_value(u.at, u.metadata, u.value));
}

class kv_state final : public state_store {
 public:
  kv_state(std::shared_ptr<kv_store> kv, std::shared_ptr<const state_view> now) : kv_(std::move(kv)), now_(std::move(now)) {}

  std::shared_ptr<const state_view> view() const override {
    const std::lock_guard lock(mutex_);
    return now_;
  }
  result<void> apply(block_number number, const state_batch& batch) override {
    if (number != height())
      return fail(errc::failed_precondition,
                  "the state is at height " + std::to_string(height().value) + " and cannot take block " + std::to_string(number.value));
    kv_batch ops;
    put_updates(ops, number, batch);
    WEFT_CHECK(kv_->write(ops, false));
    WEFT_TRY(auto next, next_state_view(*kv_, *view(), batch));
    const std::lock_guard lock(mutex_);
    now_ = std::move(next);
    return {};
  }
  block_number height() const override { return view()->height(); }

 private:
  std::shared_ptr<kv_store> kv_;
  mutable std::mutex mutex_;
  std::shared_ptr<const state_view> now_;
};

}  // namespace

void put_updates(kv_batch& out, block_number number, const state_batch& updates) {
  if (number == block_number(0)) out.put(bytes(state_key::with_metadata), {});
  for (const auto& [ns, of_ns] : updates.namespaces) {
    if (any_metadata(of_ns)) out.put(bytes(state_key::with_metadata) + "/" + ns, {});
    for (const auto& [key, u] : of_ns.keys) put_update(out, state_key::public_key(ns, key), u);
    for (const auto& [collection, entries] : of_ns.hashed)
      for (const auto& [hash, u] : entries) put_update(out, state_key::hashed_key(ns, collection, hash), u);
    for (const auto& [collection, entries] : of_ns.privates)
      for (const auto& [key, u] : entries) put_update(out, state_key::private_key(ns, collection, key), u);
  }
  bytes height;
  put_big(height, number.next().value);
  out.put(bytes(state_key::height), std::move(height));
}

bool may_have_metadata(const state_view& view, std::string_view ns) {
  const auto* knows = dynamic_cast<const metadata_presence*>(&view);
  return knows == nullptr || knows->may_have_metadata(ns);
}

result<std::shared_ptr<const state_view>> open_state_view(const kv_store& kv) {
  auto snapshot = kv.snapshot();
  WEFT_TRY(auto known, read_knowledge(*snapshot));
  return open_view(std::move(snapshot), std::move(known));
}

result<std::shared_ptr<const state_view>> next_state_view(const kv_store& kv, const state_view& before, const state_batch& applied) {
  const auto* last = dynamic_cast<const snapshot_view*>(&before);
  if (last == nullptr || before.height() == block_number(0) || applied.namespaces.contains(std::string(definitions_ns))) return open_state_view(kv);
  for (const auto& [ns, updates] : applied.namespaces)
    if (!last->may_have_metadata(ns) && any_metadata(updates)) return open_state_view(kv);
  return open_view(kv.snapshot(), last->known());
}

result<std::shared_ptr<state_store>> open_state_store(std::shared_ptr<kv_store> kv) {
  WEFT_TRY(auto now, open_state_view(*kv));
  return std::make_shared<kv_state>(std::move(kv), std::move(now));
}

}  // namespace weft::ledger
