#include "ledger/validation/range_check.hpp"

#include "ledger/validation/text.hpp"

namespace weft::ledger {
namespace {

using key_updates = std::map<std::string, state_update>;

const key_updates* updates_of_namespace(const state_batch& batch, const std::string& ns) {
  const auto found = batch.namespaces.find(ns);
  return found == batch.namespaces.end() ? nullptr : &found->second.keys;
}

/// Keys and versions of a range as they are after the valid transactions so far. The end key of a query that stopped early
/// belongs to it and is served last.
class merged_range {
 public:
  merged_range(const range_query& query, const std::string& ns, const state_view& committed, const state_batch& updates)
      : query_(query),
        ns_(ns),
        committed_(committed),
        updates_(updates_of_namespace(updates, ns)),
        cursor_(committed.range(ns, query.start_key, query.end_key)),
        end_pending_(!query.exhausted) {
    if (!updates_) return;
    update_ = updates_->lower_bound(query.start_key);
    update_end_ = query.end_key.empty() ? updates_->end() : updates_->lower_bound(query.end_key);
    if (!query.end_key.empty() && query.end_key < query.start_key) update_ = update_end_;
  }

  result<std::optional<kv_read>> next() {
    if (!started_) {
      WEFT_CHECK(advance());
      started_ = true;
    }
    for (;;) {
      const bool has_update = updates_ && update_ != update_end_;
      if (!stored_ && !has_update) return end_key();
      if (!has_update || (stored_ && stored_->key < update_->first)) {
        auto out = std::move(stored_);
        WEFT_CHECK(advance());
        return out;
      }
      if (stored_ && stored_->key == update_->first) WEFT_CHECK(advance());
      const auto& [key, update] = *update_++;
      if (!update.is_delete) return std::optional<kv_read>(kv_read{key, update.at});
    }
  }

 private:
  result<void> advance() {
    stored_.reset();
    WEFT_TRY(auto entry, cursor_->next());
    if (entry) stored_ = kv_read{std::move(entry->first), entry->second.at};
    return {};
  }

  result<std::optional<kv_read>> end_key() {
    if (!end_pending_) return std::optional<kv_read>{};
    end_pending_ = false;
    if (updates_) {
      if (const auto update = updates_->find(query_.end_key); update != updates_->end()) {
        if (update->second.is_delete) return std::optional<kv_read>{};
        return std::optional(kv_read{query_.end_key, update->second.at});
      }
    }
    WEFT_TRY(const auto stored, committed_.get(ns_, query_.end_key));
    if (!stored) return std::optional<kv_read>{};
    return std::optional(kv_read{query_.end_key, stored->at});
  }

  const range_query& query_;
  const std::string& ns_;
  const state_view& committed_;
  const key_updates* updates_;
  std::unique_ptr<state_cursor> cursor_;
  key_updates::const_iterator update_, update_end_;
  std::optional<kv_read> stored_;
  bool started_ = false, end_pending_;
};

phantom make_phantom(const kv_read* read, const kv_read* now) {
  phantom out;
  if (read && (!now || read->key < now->key)) {
    out.key = read->key;
    out.read = read->at;
    out.text = "is gone";
  } else if (!read || now->key < read->key) {
    out.key = now->key;
    out.now = now->at;
    out.text = "is new, at " + describe(now->at);
  } else {
    out.key = read->key;
    out.read = read->at;
    out.now = now->at;
    out.text = "was at " + describe(read->at) + " and is at " + describe(now->at);
  }
  return out;
}

result<std::optional<phantom>> compare_raw(const range_query& query, merged_range& range) {
  for (const auto& read : query.raw_reads) {
    WEFT_TRY(const auto now, range.next());
    if (!now || !(*now == read)) return std::optional(make_phantom(&read, now ? &*now : nullptr));
  }
  WEFT_TRY(const auto extra, range.next());
  if (!extra) return std::optional<phantom>{};
  return std::optional(make_phantom(nullptr, &*extra));
}

/// A summary does not say which key differs. A key that this very block touched is the likeliest; otherwise the first key of the
/// leaf whose digest differs, where the summary still has leaves.
phantom guess(const range_query& query, const range_query& now, const std::vector<std::string>& leaf_starts,
              const kv_read* touched) {
  phantom out;
  out.key_is_exact = false;
  if (touched) {
    out.key = touched->key;
    out.now = touched->at;
    out.text = "was written earlier in this block";
    return out;
  }
  std::size_t leaf = 0;
  while (leaf < query.hashes.size() && leaf < now.hashes.size() && query.hashes[leaf] == now.hashes[leaf]) ++leaf;
  if (query.max_level == 1 && leaf < leaf_starts.size())
    out.key = leaf_starts[leaf];
  else
    out.key = query.start_key;
  out.text = "or one behind it changed, came or went";
  return out;
}

result<std::optional<phantom>> compare_summary(const range_query& query, merged_range& range, block_number block) {
  range_summary summary(query.max_degree);
  std::vector<std::string> leaf_starts;
  std::optional<kv_read> touched;
  for (std::size_t count = 0;; ++count) {
    WEFT_TRY(const auto now, range.next());
    if (!now) break;
    if (count % (std::size_t{query.max_degree} + 1) == 0) leaf_starts.push_back(now->key);
    if (!touched && now->at && now->at->block == block) touched = now;
    summary.add(*now);
  }
  range_query now;
  summary.finish(now);
  const bool same = now.max_degree == query.max_degree && now.max_level == query.max_level && now.hashes == query.hashes;
  if (same) return std::optional<phantom>{};
  return std::optional(guess(query, now, leaf_starts, touched ? &*touched : nullptr));
}

}  // namespace

result<std::optional<phantom>> check_range(const range_query& query, const std::string& ns, const state_view& committed,
                                           const state_batch& updates) {
  merged_range range(query, ns, committed, updates);
  if (query.max_degree == 0) return compare_raw(query, range);
  if (query.max_degree < 2) {
    return std::optional(phantom{
        query.start_key, false, {}, {}, "starts a summary of degree " + std::to_string(query.max_degree) + ", which cannot be"});
  }
  return compare_summary(query, range, committed.height());
}

}  // namespace weft::ledger
