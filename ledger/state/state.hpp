// World state: versioned keys with metadata, the hashed key space of collections, and the private values behind it.
// Readers hold snapshots; one writer applies a batch per block, with a savepoint in the same batch.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/base/bytes.hpp"
#include "config/base/ids.hpp"

namespace weft::ledger {

struct versioned_value {
  bytes value;
  bytes metadata;  ///< pb(KVMetadataWrite) with sorted entries and an empty key, or empty. Opaque to the store.
  version at;
  friend bool operator==(const versioned_value&, const versioned_value&) = default;
};

/// Walks keys of one range in byte order. Not thread-safe; outlived by the view that made it.
class state_cursor {
 public:
  virtual ~state_cursor() = default;
  /// The next entry, or nothing at the end. Errors: `io`, `corruption`.
  virtual result<std::optional<std::pair<std::string, versioned_value>>> next() = 0;
};

/// A consistent view of the state after some block. Thread-safe to read.
/// The hashed key space is addressed by (namespace, collection, key hash); its value is the value hash.
class state_view {
 public:
  virtual ~state_view() = default;
  [[nodiscard]] virtual block_number height() const = 0;  ///< Number of the next block.
  [[nodiscard]] virtual result<std::optional<versioned_value>> get(std::string_view ns, std::string_view key) const = 0;
  /// [start, end); an empty end means the end of the namespace. Snapshot as of the view.
  [[nodiscard]] virtual std::unique_ptr<state_cursor> range(std::string_view ns, std::string_view start, std::string_view end) const = 0;
  [[nodiscard]] virtual result<std::optional<versioned_value>> get_hashed(std::string_view ns, std::string_view collection,
                                                                          bytes_view key_hash) const = 0;
  [[nodiscard]] virtual result<std::optional<versioned_value>> get_private(std::string_view ns, std::string_view collection,
                                                                           std::string_view key) const = 0;
  /// Private values of a collection that this peer holds, as `range`.
  [[nodiscard]] virtual std::unique_ptr<state_cursor> private_range(std::string_view ns, std::string_view collection, std::string_view start,
                                                                    std::string_view end) const = 0;
};

/// What one key becomes.
struct state_update {
  bool is_delete = false;
  bytes value, metadata;
  version at;
};
/// The net effect of a block, ordered as the commit hash wants it.
struct state_batch {
  struct namespace_updates {
    std::map<std::string, state_update> keys;
    std::map<std::string, std::map<bytes, state_update>> hashed;        ///< collection → key hash → value hash
    std::map<std::string, std::map<std::string, state_update>> privates; ///< collection → key → value; only on peers that hold it
  };
  /// One public write of one transaction, deletes included: what the history of a key is made of.
  struct written_key {
    std::string ns, key;
    tx_number tx;
  };
  std::map<std::string, namespace_updates> namespaces;
  std::vector<written_key> written;  ///< In block order; a key comes once for each transaction that wrote its value.
  [[nodiscard]] bool empty() const { return namespaces.empty(); }
};

/// Owner of the state of one channel. `apply` has one caller; `view` may be called from anywhere.
class state_store {
 public:
  virtual ~state_store() = default;
  [[nodiscard]] virtual std::shared_ptr<const state_view> view() const = 0;
  /// Applies the updates of block `number` atomically and moves the savepoint behind it. Errors: `io`, `failed_precondition` when
  /// `number` is not the height.
  [[nodiscard]] virtual result<void> apply(block_number number, const state_batch& batch) = 0;
  [[nodiscard]] virtual block_number height() const = 0;
};

class kv_store;
/// The state kept in `kv`, under keys that begin with "s/". It writes without sync: block files are behind it. Errors: `corruption`, `io`.
[[nodiscard]] result<std::shared_ptr<state_store>> open_state_store(std::shared_ptr<kv_store> kv);

/// pb(Updates) of a batch, for the commit hash (interop/01 §11). Public and hashed updates; namespace "" is skipped.
[[nodiscard]] bytes encode_updates(const state_batch& batch);

}  // namespace weft::ledger
