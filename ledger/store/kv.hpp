// An ordered key-value store with atomic batches and snapshots: LevelDB in production, an ordered map in tests and simulations.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/base/bytes.hpp"

namespace weft::ledger {

/// A position in a snapshot. Starts invalid: seek first. Views hold until the next move. Not thread-safe; may outlive its snapshot.
class kv_cursor {
 public:
  virtual ~kv_cursor() = default;
  virtual void seek(bytes_view key) = 0;
  [[nodiscard]] virtual bool valid() const = 0;  ///< False at the end and after an error: ask status().
  virtual void next() = 0;
  [[nodiscard]] virtual bytes_view key() const = 0;
  [[nodiscard]] virtual bytes_view value() const = 0;
  [[nodiscard]] virtual result<void> status() const = 0;
};

/// The store as it was; later writes do not show. Thread-safe. Keeps the database open as long as it lives.
class kv_snapshot {
 public:
  virtual ~kv_snapshot() = default;
  [[nodiscard]] virtual result<std::optional<bytes>> get(bytes_view key) const = 0;
  [[nodiscard]] virtual std::unique_ptr<kv_cursor> cursor() const = 0;
};

/// Changes that happen together, in order: the last one of a key wins.
struct kv_batch {
  struct op { bool erase = false; bytes key, value; };
  std::vector<op> ops;
  void put(bytes key, bytes value) { ops.push_back({false, std::move(key), std::move(value)}); }
  void erase(bytes key) { ops.push_back({true, std::move(key), {}}); }
};

/// Thread-safe; one writer at a time is expected.
class kv_store {
 public:
  virtual ~kv_store() = default;
  [[nodiscard]] virtual result<std::optional<bytes>> get(bytes_view key) const = 0;
  [[nodiscard]] virtual std::shared_ptr<const kv_snapshot> snapshot() const = 0;
  /// All or nothing. `sync`: on disk when it returns. Errors: `io` (disk full, read-only).
  [[nodiscard]] virtual result<void> write(const kv_batch& batch, bool sync) = 0;
};

/// Sizes of one LevelDB. Small: a peer has a few of them in 60 MB.
struct leveldb_options {
  std::size_t write_buffer_bytes = 6 * MiB;  ///< Grows as it fills; twice this while one is written out. 2 MiB cost a third more CPU a write.
  std::size_t block_cache_bytes = 1 * MiB;   ///< The system's page cache stands behind it.
  int bloom_bits = 10;                       ///< Per key: one look-up in a hundred of an absent key reads a block.
  int open_files_max = 100;                  ///< Tables kept open, of 2 MiB each.
};

/// Errors: `io`; `corruption` when LevelDB cannot open what is there (the caller may drop and rebuild it from block files).
[[nodiscard]] result<std::shared_ptr<kv_store>> open_leveldb(const std::filesystem::path& folder, const leveldb_options& options = {});
[[nodiscard]] std::shared_ptr<kv_store> make_memory_kv();

}  // namespace weft::ledger
