#include "ledger/validation/mvcc.hpp"

#include "ledger/validation/range_check.hpp"
#include "ledger/validation/text.hpp"

namespace weft::ledger {
namespace {

std::optional<version> version_of(const std::optional<versioned_value>& stored) {
  return stored ? std::optional(stored->at) : std::nullopt;
}

std::string by_whom(const std::string& winner) { return winner.empty() ? "" : " by transaction " + winner; }

}  // namespace

result<judgement> mvcc_check::check(const rwset& sets) const {
  for (const auto& ns : sets.namespaces) {
    const auto updates = updates_.namespaces.find(ns.name);
    WEFT_TRY(auto found, check_namespace(ns, updates == updates_.namespaces.end() ? nullptr : &updates->second));
    if (!found.ok()) return found;
  }
  return judgement{};
}

result<judgement> mvcc_check::check_namespace(const namespace_rwset& sets, const state_batch::namespace_updates* updates) const {
  for (const auto& read : sets.reads) {
    WEFT_TRY(auto found, check_read(sets.name, read, updates));
    if (!found.ok()) return found;
  }
  for (const auto& query : sets.ranges) {
    WEFT_TRY(auto found, check_range_query(sets.name, query));
    if (!found.ok()) return found;
  }
  for (const auto& collection : sets.collections) {
    for (const auto& read : collection.reads) {
      WEFT_TRY(auto found, check_hashed_read(sets.name, collection.name, read, updates));
      if (!found.ok()) return found;
    }
  }
  return judgement{};
}

result<judgement> mvcc_check::check_read(const std::string& ns, const kv_read& read,
                                         const state_batch::namespace_updates* updates) const {
  if (updates) {
    if (const auto update = updates->keys.find(read.key); update != updates->keys.end()) {
      const auto& u = update->second;
      return conflict(ns, printable(read.key), read.at, u.is_delete ? std::nullopt : std::optional(u.at), true, u.at);
    }
  }
  WEFT_TRY(const auto stored, committed_.get(ns, read.key));
  const auto now = version_of(stored);
  if (now == read.at) return judgement{};
  return conflict(ns, printable(read.key), read.at, now, false, now);
}

result<judgement> mvcc_check::check_hashed_read(const std::string& ns, const std::string& collection, const hashed_read& read,
                                                const state_batch::namespace_updates* updates) const {
  const std::string shown = printable(collection) + "/" + to_hex(read.key_hash);
  if (updates) {
    if (const auto keys = updates->hashed.find(collection); keys != updates->hashed.end()) {
      if (const auto update = keys->second.find(read.key_hash); update != keys->second.end()) {
        const auto& u = update->second;
        return conflict(ns, shown, read.at, u.is_delete ? std::nullopt : std::optional(u.at), true, u.at);
      }
    }
  }
  WEFT_TRY(const auto stored, committed_.get_hashed(ns, collection, read.key_hash));
  const auto now = version_of(stored);
  if (now == read.at) return judgement{};
  return conflict(ns, shown, read.at, now, false, now);
}

result<judgement> mvcc_check::check_range_query(const std::string& ns, const range_query& query) const {
  WEFT_TRY(auto difference, check_range(query, ns, committed_, updates_));
  if (!difference) return judgement{};
  judgement out{verdict::phantom_read_conflict, {}};
  reason& why = out.why;
  why.ns = ns;
  why.key = printable(difference->key);
  why.read = difference->read;
  why.committed = difference->now;
  why.winner = winner(difference->now);
  const std::string end =
      query.end_key.empty() ? "the end" : "'" + printable(query.end_key) + "'" + (query.exhausted ? "" : " inclusive");
  why.text = "the range from '" + printable(query.start_key) + "' to " + end + " of '" + printable(ns) +
             "' gives another result now: " + (difference->key_is_exact ? "key '" : "about key '") + why.key + "' " +
             difference->text + by_whom(why.winner);
  return out;
}

/// `met` is the version the read was compared with, `by` who made it so (known for deletes of this block too).
judgement mvcc_check::conflict(std::string ns, std::string key, const std::optional<version>& read,
                               const std::optional<version>& met, bool in_block, const std::optional<version>& by) const {
  judgement out{verdict::mvcc_read_conflict, {}};
  reason& why = out.why;
  why.winner = winner(by);
  why.text = "key '" + key + "' of '" + printable(ns) + "' was read at " + describe(read) + ", but " +
             (in_block ? (met ? "was written earlier in this block" : "was deleted earlier in this block")
              : met    ? "is at " + describe(met)
                       : std::string("is absent")) +
             by_whom(why.winner);
  why.ns = std::move(ns);
  why.key = std::move(key);
  why.read = read;
  why.committed = met;
  return out;
}

std::string mvcc_check::winner(const std::optional<version>& at) const {
  if (!at) return {};
  if (at->block == block_.source.number())
    return at->tx.value < block_.txs.size() ? block_.txs[at->tx.value].tx_id : std::string();
  return winner_of_ ? winner_of_(*at) : std::string();
}

}  // namespace weft::ledger
