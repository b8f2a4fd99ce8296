#include "ledger/state/apply.hpp"

#include <algorithm>
#include <map>

#include "crypto/hash/sha256.hpp"
#include "ledger/block/block.hpp"
#include "ledger/state/metadata_presence.hpp"
#include "ledger/tx/envelope.hpp"
#include "proto/wire.hpp"
#include "proto/wire_write.hpp"

namespace weft::ledger {
namespace {

using found_value = std::optional<versioned_value>;

// What the batch says of a key: nothing, or what it becomes (nothing again when deleted).
template <class Map, class Key>
std::optional<found_value> in_batch(const Map& updates, const Key& key) {
  const auto it = updates.find(key);
  if (it == updates.end()) return std::nullopt;
  if (it->second.is_delete) return found_value();
  return found_value(versioned_value{it->second.value, it->second.metadata, it->second.at});
}
template <class Collections, class Key>
std::optional<found_value> in_batch(const Collections& collections, const std::string& collection, const Key& key) {
  const auto it = collections.find(collection);
  return it == collections.end() ? std::nullopt : in_batch(it->second, key);
}

// What one transaction does to one key: a value, metadata, or both.
struct change {
  bool writes = false, is_delete = false;
  bytes_view value;
  const metadata_entries* metadata = nullptr;
};
using changes = std::map<bytes_view, change>;

void note_write(changes& all, bytes_view key, bool is_delete, bytes_view value) {
  change& c = all[key];
  c.writes = true;
  c.is_delete = is_delete || value.empty();
  c.value = value;
}
void note_metadata(changes& all, const std::vector<metadata_write>& writes) {
  for (const auto& w : writes) all[w.key].metadata = &w.entries;
}

// What the key becomes, given what the transaction meets; nothing when the change has no effect.
std::optional<state_update> outcome(const change& c, const found_value& before, version at) {
  if (c.writes && c.is_delete) return state_update{true, {}, {}, at};
  if (!c.writes && !before) return std::nullopt;
  bytes metadata = c.metadata != nullptr ? encode_metadata(*c.metadata) : before ? before->metadata : bytes();
  return state_update{false, c.writes ? bytes(c.value) : before->value, std::move(metadata), at};
}

// `before(key, whole)` looks the key up, without `whole` for its metadata only; `put(key, update)` stores the outcome.
template <class Before, class Put>
result<void> apply_changes(const changes& all, version at, const Before& before, const Put& put) {
  for (const auto& [key, c] : all) {
    found_value met;
    // A delete needs no look-up, nor does a value with metadata of its own.
    if (!(c.writes && (c.is_delete || c.metadata != nullptr))) {
      WEFT_TRY(met, before(bytes(key), !c.writes));
    }
    if (auto update = outcome(c, met, at)) put(bytes(key), std::move(*update));
  }
  return {};
}

result<void> apply_public(state_batch& batch, const namespace_rwset& set, version at, const state_view& committed) {
  changes all;
  for (const auto& w : set.writes) note_write(all, w.key, w.is_delete, w.value);
  for (const auto& [key, c] : all) batch.written.push_back({set.name, std::string(key), at.tx});
  note_metadata(all, set.metadata_writes);
  const pending_state now(batch, committed);
  const bool bare = !may_have_metadata(committed, set.name);
  return apply_changes(
      all, at,
      [&](const bytes& key, bool whole) -> result<found_value> {
        if (whole || !bare) return now.get(set.name, key);
        const auto it = batch.namespaces.find(set.name);
        return it == batch.namespaces.end() ? found_value() : in_batch(it->second.keys, key).value_or(found_value());
      },
      [&](bytes key, state_update u) { batch.namespaces[set.name].keys.insert_or_assign(std::move(key), std::move(u)); });
}

result<void> apply_hashed(state_batch& batch, const std::string& ns, const collection_rwset& set, version at, const state_view& committed) {
  changes all;
  for (const auto& w : set.writes) note_write(all, w.key_hash, w.is_delete || w.is_purge, w.value_hash);
  note_metadata(all, set.metadata_writes);
  const pending_state now(batch, committed);
  const bool bare = !may_have_metadata(committed, ns);
  return apply_changes(
      all, at,
      [&](const bytes& key, bool whole) -> result<found_value> {
        if (whole || !bare) return now.get_hashed(ns, set.name, key);
        const auto it = batch.namespaces.find(ns);
        return it == batch.namespaces.end() ? found_value() : in_batch(it->second.hashed, set.name, key).value_or(found_value());
      },
      [&](bytes key, state_update u) { batch.namespaces[ns].hashed[set.name].insert_or_assign(std::move(key), std::move(u)); });
}

}  // namespace

result<found_value> pending_state::get(const std::string& ns, const std::string& key) const {
  if (const auto it = batch_.namespaces.find(ns); it != batch_.namespaces.end())
    if (auto found = in_batch(it->second.keys, key)) return *std::move(found);
  return committed_.get(ns, key);
}

result<found_value> pending_state::get_hashed(const std::string& ns, const std::string& collection, const bytes& key_hash) const {
  if (const auto it = batch_.namespaces.find(ns); it != batch_.namespaces.end())
    if (auto found = in_batch(it->second.hashed, collection, key_hash)) return *std::move(found);
  return committed_.get_hashed(ns, collection, key_hash);
}

result<found_value> pending_state::get_private(const std::string& ns, const std::string& collection, const std::string& key) const {
  if (const auto it = batch_.namespaces.find(ns); it != batch_.namespaces.end())
    if (auto found = in_batch(it->second.privates, collection, key)) return *std::move(found);
  return committed_.get_private(ns, collection, key);
}

result<void> apply_writes(state_batch& batch, const rwset& sets, version at, const state_view& committed) {
  for (const auto& ns : sets.namespaces) {
    WEFT_CHECK(apply_public(batch, ns, at, committed));
    for (const auto& c : ns.collections) WEFT_CHECK(apply_hashed(batch, ns.name, c, at, committed));
  }
  return {};
}

result<void> apply_private_writes(state_batch& batch, const private_writes& writes, const pending_state& now) {
  changes all;
  for (const auto& w : writes.writes) note_write(all, w.key, w.is_delete, w.value);
  for (const auto& w : writes.metadata_writes) static_cast<void>(all[w.key]);  // metadata belong to the hash, which everybody has
  for (const auto& [name, c] : all) {
    const std::string key(name);
    WEFT_TRY(const auto hash, now.get_hashed(writes.ns, writes.collection, crypto::to_bytes(crypto::sha256(key))));
    auto& puts = batch.namespaces[writes.ns].privates[writes.collection];
    found_value held;
    if (auto put = in_batch(puts, key)) {
      held = *std::move(put);
    } else {
      WEFT_TRY(held, now.get_private(writes.ns, writes.collection, key));
    }
    if (!hash) {
      if (held) puts.insert_or_assign(key, state_update{true, {}, {}, {}});
      continue;
    }
    if ((c.writes && c.is_delete) || (!c.writes && !held)) continue;
    bytes value = c.writes ? bytes(c.value) : held->value;
    if (crypto::view(crypto::sha256(value)) == bytes_view(hash->value)) puts.insert_or_assign(key, state_update{false, std::move(value), {}, hash->at});
  }
  return {};
}

result<state_batch> updates_of(const block& b, bytes_view filter, const state_view& committed) {
  state_batch batch;
  for (std::size_t i = 0; i < b.envelopes().size() && i < filter.size(); ++i) {
    if (filter[i] != '\0') continue;
    const envelope& e = b.envelopes()[i];
    const std::string where = "transaction " + std::to_string(i) + " of block " + std::to_string(b.number().value);
    if (!e.header()) return fail(errc::corruption, where + " is marked valid, but has no header: " + e.header().error().context);
    if (e.header()->type != static_cast<std::int32_t>(header_type::endorser_transaction)) continue;
    const auto tx = parse_endorser_tx(e);
    if (!tx) return fail(errc::corruption, where + " is marked valid, but does not parse: " + tx.error().why);
    WEFT_CHECK(apply_writes(batch, tx->sets, {b.number(), tx_number(i)}, committed));
  }
  return batch;
}

bytes encode_metadata(metadata_entries entries) {
  if (entries.empty()) return {};
  std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  bytes out;
  for (const auto& [name, value] : entries) {
    bytes entry;
    proto::put_bytes(entry, 1, name);
    proto::put_bytes(entry, 2, value);
    proto::put_present(out, 2, entry);
  }
  return out;
}

result<metadata_entries> decode_metadata(bytes_view metadata) {
  metadata_entries out;
  bool whole = true;
  const bool formed = proto::for_each_field(metadata, [&](const proto::wire_field& f) {
    if (f.number != 2 || f.type != proto::wire_type::length_delimited) return;
    auto& entry = out.emplace_back();
    whole = proto::for_each_field(f.payload, [&](const proto::wire_field& inner) {
      if (inner.type != proto::wire_type::length_delimited) return;
      if (inner.number == 1) entry.first = inner.payload;
      if (inner.number == 2) entry.second = inner.payload;
    }) && whole;
  });
  if (!formed || !whole) return fail(errc::corruption, "stored metadata of a key do not parse");
  return out;
}

}  // namespace weft::ledger
