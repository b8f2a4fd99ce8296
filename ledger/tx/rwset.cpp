// TxReadWriteSet and what lies in it, out of bytes and into bytes. interop/01 §10.
#include "ledger/tx/rwset.hpp"

#include "ledger/rwset/kvrwset/kv_rwset.pb.h"
#include "ledger/rwset/rwset.pb.h"
#include "ledger/tx/fields.hpp"
#include "ledger/tx/rwset_proto.hpp"
#include "proto/encode.hpp"

namespace weft::ledger {

using namespace fields;

namespace {

// ---- reading ----

bool take_version(bytes_view message, std::optional<version>& into) {
  if (!into) into.emplace();
  return walk(message, [&](const wire_field& f) {
    if (is_number(f, 1)) into->block = block_number(f.value);
    if (is_number(f, 2)) into->tx = tx_number(f.value);
    return true;
  });
}

bool take_read(bytes_view message, kv_read& into) {
  return walk(message, [&](const wire_field& f) {
    if (is_block(f, 1)) return take_text(f, into.key);
    return !is_block(f, 2) || take_version(f.payload, into.at);
  });
}

bool take_write(bytes_view message, kv_write& into) {
  return walk(message, [&](const wire_field& f) {
    if (is_block(f, 1)) return take_text(f, into.key);
    if (is_number(f, 2)) into.is_delete = f.value != 0;
    if (is_block(f, 3)) into.value = f.payload;
    return true;
  });
}

bool take_entry(bytes_view message, std::pair<std::string, bytes>& into) {
  return walk(message, [&](const wire_field& f) {
    if (is_block(f, 1)) return take_text(f, into.first);
    if (is_block(f, 2)) into.second = f.payload;
    return true;
  });
}

/// KVMetadataWrite when the key is text, KVMetadataWriteHash when it is a hash.
bool take_metadata_write(bytes_view message, metadata_write& into, bool key_is_text) {
  return walk(message, [&](const wire_field& f) {
    if (is_block(f, 1)) {
      into.key = f.payload;
      return !key_is_text || valid_utf8(f.payload);
    }
    return !is_block(f, 2) || take_entry(f.payload, into.entries.emplace_back());
  });
}

bool take_raw_reads(bytes_view message, range_query& into) {
  into.max_degree = into.max_level = 0;  // the other member of the oneof
  into.hashes.clear();
  return walk(message, [&](const wire_field& f) { return !is_block(f, 1) || take_read(f.payload, into.raw_reads.emplace_back()); });
}

bool take_summary(bytes_view message, range_query& into) {
  into.raw_reads.clear();
  return walk(message, [&](const wire_field& f) {
    if (is_number(f, 1)) into.max_degree = static_cast<std::uint32_t>(f.value);
    if (is_number(f, 2)) into.max_level = static_cast<std::uint32_t>(f.value);
    if (is_block(f, 3)) into.hashes.emplace_back(f.payload);
    return true;
  });
}

bool take_range(bytes_view message, range_query& into) {
  bool summarised = false;
  const bool ok = walk(message, [&](const wire_field& f) {
    if (is_block(f, 1)) return take_text(f, into.start_key);
    if (is_block(f, 2)) return take_text(f, into.end_key);
    if (is_number(f, 3)) into.exhausted = f.value != 0;
    if (is_block(f, 4)) {
      summarised = false;
      return take_raw_reads(f.payload, into);
    }
    if (!is_block(f, 5)) return true;
    summarised = true;
    return take_summary(f.payload, into);
  });
  return ok && (!summarised || into.max_degree >= 2);  // Fabric cannot rebuild a tree of a smaller degree
}

bool take_kvrwset(bytes_view message, namespace_rwset& into) {
  return walk(message, [&](const wire_field& f) {
    if (is_block(f, 1)) return take_read(f.payload, into.reads.emplace_back());
    if (is_block(f, 2)) return take_range(f.payload, into.ranges.emplace_back());
    if (is_block(f, 3)) return take_write(f.payload, into.writes.emplace_back());
    return !is_block(f, 4) || take_metadata_write(f.payload, into.metadata_writes.emplace_back(), true);
  });
}

bool take_hashed_read(bytes_view message, hashed_read& into) {
  return walk(message, [&](const wire_field& f) {
    if (is_block(f, 1)) into.key_hash = f.payload;
    return !is_block(f, 2) || take_version(f.payload, into.at);
  });
}

bool take_hashed_write(bytes_view message, hashed_write& into) {
  return walk(message, [&](const wire_field& f) {
    if (is_block(f, 1)) into.key_hash = f.payload;
    if (is_number(f, 2)) into.is_delete = f.value != 0;
    if (is_block(f, 3)) into.value_hash = f.payload;
    if (is_number(f, 4)) into.is_purge = f.value != 0;
    return true;
  });
}

bool take_hashed_rwset(bytes_view message, collection_rwset& into) {
  return walk(message, [&](const wire_field& f) {
    if (is_block(f, 1)) return take_hashed_read(f.payload, into.reads.emplace_back());
    if (is_block(f, 2)) return take_hashed_write(f.payload, into.writes.emplace_back());
    return !is_block(f, 3) || take_metadata_write(f.payload, into.metadata_writes.emplace_back(), false);
  });
}

/// `rwset` and `hashed_rwset` are bytes: of several only the last counts, so they are taken after the walk.
bool take_collection(bytes_view message, collection_rwset& into) {
  bytes_view inner;
  const bool ok = walk(message, [&](const wire_field& f) {
    if (is_block(f, 1)) return take_text(f, into.name);
    if (is_block(f, 2)) inner = f.payload;
    if (is_block(f, 3)) into.private_hash = f.payload;
    return true;
  });
  return ok && take_hashed_rwset(inner, into);
}

bool take_namespace(bytes_view message, namespace_rwset& into) {
  bytes_view inner;
  const bool ok = walk(message, [&](const wire_field& f) {
    if (is_block(f, 1)) return take_text(f, into.name);
    if (is_block(f, 2)) inner = f.payload;
    return !is_block(f, 3) || take_collection(f.payload, into.collections.emplace_back());
  });
  return ok && take_kvrwset(inner, into);
}

// ---- writing ----

void put_version(::kvrwset::Version& to, const version& from) {
  to.set_block_num(from.block.value);
  to.set_tx_num(from.tx.value);
}

void put_write(::kvrwset::KVWrite& to, const kv_write& from) {
  to.set_key(from.key);
  to.set_is_delete(from.is_delete);
  to.set_value(from.value);
}

template <class Message>
void put_entries(Message& to, const metadata_write& from) {
  for (const auto& [name, value] : from.entries) {
    auto& entry = *to.add_entries();
    entry.set_name(name);
    entry.set_value(value);
  }
}

void put_metadata_write(::kvrwset::KVMetadataWrite& to, const metadata_write& from) {
  to.set_key(from.key);
  put_entries(to, from);
}

void put_range(::kvrwset::RangeQueryInfo& to, const range_query& from) {
  to.set_start_key(from.start_key);
  to.set_end_key(from.end_key);
  to.set_itr_exhausted(from.exhausted);
  if (from.max_degree != 0) {
    auto& summary = *to.mutable_reads_merkle_hashes();
    summary.set_max_degree(from.max_degree);
    summary.set_max_level(from.max_level);
    for (const auto& hash : from.hashes) summary.add_max_level_hashes(hash);
  } else if (!from.raw_reads.empty()) {
    for (const auto& read : from.raw_reads) put_read(*to.mutable_raw_reads()->add_kv_reads(), read);
  }
}

bytes encode_kvrwset(const namespace_rwset& from) {
  ::kvrwset::KVRWSet to;
  for (const auto& read : from.reads) put_read(*to.add_reads(), read);
  for (const auto& range : from.ranges) put_range(*to.add_range_queries_info(), range);
  for (const auto& write : from.writes) put_write(*to.add_writes(), write);
  for (const auto& write : from.metadata_writes) put_metadata_write(*to.add_metadata_writes(), write);
  return proto::encode(to);
}

bytes encode_hashed_rwset(const collection_rwset& from) {
  ::kvrwset::HashedRWSet to;
  for (const auto& read : from.reads) {
    auto& r = *to.add_hashed_reads();
    r.set_key_hash(read.key_hash);
    if (read.at) put_version(*r.mutable_version(), *read.at);
  }
  for (const auto& write : from.writes) {
    auto& w = *to.add_hashed_writes();
    w.set_key_hash(write.key_hash);
    w.set_is_delete(write.is_delete);
    w.set_value_hash(write.value_hash);
    w.set_is_purge(write.is_purge);
  }
  for (const auto& write : from.metadata_writes) {
    auto& w = *to.add_metadata_writes();
    w.set_key_hash(write.key);
    put_entries(w, write);
  }
  return proto::encode(to);
}

}  // namespace

void put_read(::kvrwset::KVRead& to, const kv_read& from) {
  to.set_key(from.key);
  if (from.at) put_version(*to.mutable_version(), *from.at);
}

bool namespace_rwset::writes_anything() const {
  if (!writes.empty() || !metadata_writes.empty()) return true;
  for (const auto& c : collections)
    if (!c.writes.empty() || !c.metadata_writes.empty()) return true;
  return false;
}

result<rwset> rwset::parse(bytes_view raw) {
  rwset out;
  const bool ok = walk(raw, [&](const wire_field& f) { return !is_block(f, 2) || take_namespace(f.payload, out.namespaces.emplace_back()); });
  if (!ok) return fail(errc::invalid_argument, "malformed read/write set");
  return out;
}

bytes rwset::encode() const {
  ::rwset::TxReadWriteSet to;
  for (const auto& ns : namespaces) {
    auto& n = *to.add_ns_rwset();
    n.set_namespace_(ns.name);
    n.set_rwset(encode_kvrwset(ns));
    for (const auto& collection : ns.collections) {
      auto& c = *n.add_collection_hashed_rwset();
      c.set_collection_name(collection.name);
      c.set_hashed_rwset(encode_hashed_rwset(collection));
      c.set_pvt_rwset_hash(collection.private_hash);
    }
  }
  return proto::encode(to);
}

bytes private_writes::encode() const {
  ::kvrwset::KVRWSet to;
  for (const auto& write : writes) put_write(*to.add_writes(), write);
  for (const auto& write : metadata_writes) put_metadata_write(*to.add_metadata_writes(), write);
  return proto::encode(to);
}

result<private_writes> private_writes::parse(std::string ns, std::string collection, bytes_view kvrwset) {
  namespace_rwset inner;
  if (!take_kvrwset(kvrwset, inner)) return fail(errc::invalid_argument, "malformed private write set of " + ns + "/" + collection);
  if (!inner.reads.empty() || !inner.ranges.empty())
    return fail(errc::invalid_argument, "private write set of " + ns + "/" + collection + " holds reads");
  return private_writes{std::move(ns), std::move(collection), std::move(inner.writes), std::move(inner.metadata_writes)};
}

}  // namespace weft::ledger
