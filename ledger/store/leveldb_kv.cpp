// LevelDB behind kv_store. Nothing of it is seen outside this file.
#include <leveldb/cache.h>
#include <leveldb/db.h>
#include <leveldb/env.h>
#include <leveldb/filter_policy.h>
#include <leveldb/write_batch.h>

#include <system_error>

#include "ledger/store/kv.hpp"

namespace weft::ledger {
namespace {

leveldb::Slice slice(bytes_view b) { return {b.data(), b.size()}; }
bytes_view view(const leveldb::Slice& s) { return {s.data(), s.size()}; }

error translated(const leveldb::Status& s, const std::string& folder) {
  // InvalidArgument and NotFound at opening mean files that do not fit together: damage, to the caller.
  const bool damaged = s.IsCorruption() || s.IsInvalidArgument() || s.IsNotFound();
  return {damaged ? errc::corruption : errc::io, "key-value store " + folder + ": " + s.ToString()};
}

// LevelDB's own log of compactions tells nobody anything that the ledger does not say better.
class silent final : public leveldb::Logger {
 public:
  void Logv(const char*, va_list) override {}
};

// What belongs together and must go in this order: the database before what it uses.
struct database {
  std::string folder;
  silent log;
  std::unique_ptr<leveldb::Cache> cache;
  std::unique_ptr<const leveldb::FilterPolicy> filter;
  std::unique_ptr<leveldb::DB> db;
};

// Blocks are checked when they come from the file; afterwards they live in the cache.
leveldb::ReadOptions reading(const leveldb::Snapshot* at = nullptr) {
  leveldb::ReadOptions options;
  options.verify_checksums = true;
  options.snapshot = at;
  return options;
}

result<std::optional<bytes>> get_from(const database& d, bytes_view key, const leveldb::Snapshot* at) {
  bytes value;
  const leveldb::Status s = d.db->Get(reading(at), slice(key), &value);
  if (s.ok()) return std::optional<bytes>(std::move(value));
  if (s.IsNotFound()) return std::optional<bytes>();
  return fail(translated(s, d.folder));
}

class leveldb_cursor final : public kv_cursor {
 public:
  leveldb_cursor(std::shared_ptr<const database> d, const leveldb::Snapshot* at)
      : database_(std::move(d)), iterator_(database_->db->NewIterator(reading(at))) {}
  void seek(bytes_view key) override { iterator_->Seek(slice(key)); }
  bool valid() const override { return iterator_->Valid(); }
  void next() override {
    if (iterator_->Valid()) iterator_->Next();
  }
  bytes_view key() const override { return iterator_->Valid() ? view(iterator_->key()) : bytes_view{}; }
  bytes_view value() const override { return iterator_->Valid() ? view(iterator_->value()) : bytes_view{}; }
  result<void> status() const override {
    if (iterator_->status().ok()) return {};
    return fail(translated(iterator_->status(), database_->folder));
  }

 private:
  std::shared_ptr<const database> database_;
  std::unique_ptr<leveldb::Iterator> iterator_;  // pins what it sees by itself: it may outlive the snapshot
};

class leveldb_snapshot final : public kv_snapshot {
 public:
  explicit leveldb_snapshot(std::shared_ptr<const database> d) : database_(std::move(d)), at_(database_->db->GetSnapshot()) {}
  leveldb_snapshot(const leveldb_snapshot&) = delete;
  leveldb_snapshot& operator=(const leveldb_snapshot&) = delete;
  ~leveldb_snapshot() override { database_->db->ReleaseSnapshot(at_); }
  result<std::optional<bytes>> get(bytes_view key) const override { return get_from(*database_, key, at_); }
  std::unique_ptr<kv_cursor> cursor() const override { return std::make_unique<leveldb_cursor>(database_, at_); }

 private:
  std::shared_ptr<const database> database_;
  const leveldb::Snapshot* at_;
};

class leveldb_kv final : public kv_store {
 public:
  explicit leveldb_kv(std::shared_ptr<const database> d) : database_(std::move(d)) {}
  result<std::optional<bytes>> get(bytes_view key) const override { return get_from(*database_, key, nullptr); }
  std::shared_ptr<const kv_snapshot> snapshot() const override { return std::make_shared<leveldb_snapshot>(database_); }
  result<void> write(const kv_batch& batch, bool sync) override {
    leveldb::WriteBatch ops;
    for (const auto& op : batch.ops) {
      if (op.erase)
        ops.Delete(slice(op.key));
      else
        ops.Put(slice(op.key), slice(op.value));
    }
    leveldb::WriteOptions options;
    options.sync = sync;
    const leveldb::Status s = database_->db->Write(options, &ops);
    if (!s.ok()) return fail(translated(s, database_->folder));
    return {};
  }

 private:
  std::shared_ptr<const database> database_;
};

}  // namespace

result<std::shared_ptr<kv_store>> open_leveldb(const std::filesystem::path& folder, const leveldb_options& options) {
  try {
    std::filesystem::create_directories(folder);
    auto d = std::make_shared<database>();
    d->folder = folder.string();
    d->cache.reset(leveldb::NewLRUCache(options.block_cache_bytes));
    d->filter.reset(leveldb::NewBloomFilterPolicy(options.bloom_bits));
    leveldb::Options o;
    o.create_if_missing = true;
    o.info_log = &d->log;
    o.block_cache = d->cache.get();
    o.filter_policy = d->filter.get();
    o.write_buffer_size = options.write_buffer_bytes;
    o.compression = leveldb::kNoCompression;  // a third of what merging costs; the block files beside it are twenty times as large
    o.max_open_files = options.open_files_max;
    leveldb::DB* db = nullptr;
    const leveldb::Status s = leveldb::DB::Open(o, folder.string(), &db);
    d->db.reset(db);
    if (!s.ok()) return fail(translated(s, d->folder));
    return std::make_shared<leveldb_kv>(std::move(d));
  } catch (const std::filesystem::filesystem_error& e) {
    return fail(errc::io, e.what());
  }
}

}  // namespace weft::ledger
