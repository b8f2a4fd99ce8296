// Read/write sets: what a simulation saw and what it wants to change, in Fabric's bytes. interop/01 §10.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/base/bytes.hpp"
#include "config/base/ids.hpp"

namespace weft::ledger {

struct kv_read {
  std::string key;
  std::optional<version> at;  ///< Absent: the key did not exist.
  friend bool operator==(const kv_read&, const kv_read&) = default;
};
struct kv_write {
  std::string key;
  bool is_delete = false;
  bytes value;
  friend bool operator==(const kv_write&, const kv_write&) = default;
};
struct metadata_write {
  std::string key;                                     ///< Plain key, or key hash in a collection.
  std::vector<std::pair<std::string, bytes>> entries;  ///< Sorted by name; empty deletes the metadata.
  friend bool operator==(const metadata_write&, const metadata_write&) = default;
};

/// How many results a range summary holds raw; more are hashed into a Merkle tree of this degree.
inline constexpr std::uint32_t range_degree = 50;

/// What a range query saw: raw reads, or the Merkle summary of many (interop/01 §10.8).
struct range_query {
  std::string start_key, end_key;
  bool exhausted = false;
  std::vector<kv_read> raw_reads;
  std::uint32_t max_degree = 0, max_level = 0;  ///< Both 0 with raw reads.
  std::vector<bytes> hashes;
  friend bool operator==(const range_query&, const range_query&) = default;
};

/// Folds reads into a summary, one by one, as Fabric's query-result helper does.
class range_summary {
 public:
  /// Endorsers use `range_degree`; a validator recomputes with the degree that it finds. At least 2.
  explicit range_summary(std::uint32_t degree = range_degree) : degree_(degree) {}
  void add(const kv_read& read);
  /// Fills raw_reads or hashes of `out`.
  void finish(range_query& out);

 private:
  void close_leaf();
  void fold(std::uint32_t level);
  std::uint32_t degree_;
  std::vector<kv_read> pending_;
  std::vector<std::vector<bytes>> levels_;  ///< levels_[0] = leaves' hashes.
};

struct hashed_read {
  bytes key_hash;
  std::optional<version> at;
  friend bool operator==(const hashed_read&, const hashed_read&) = default;
};
struct hashed_write {
  bytes key_hash, value_hash;
  bool is_delete = false, is_purge = false;
  friend bool operator==(const hashed_write&, const hashed_write&) = default;
};
struct collection_rwset {
  std::string name;
  std::vector<hashed_read> reads;
  std::vector<hashed_write> writes;
  std::vector<metadata_write> metadata_writes;
  bytes private_hash;  ///< pvt_rwset_hash; empty with reads only.
  friend bool operator==(const collection_rwset&, const collection_rwset&) = default;
};
struct namespace_rwset {
  std::string name;
  std::vector<kv_read> reads;
  std::vector<range_query> ranges;
  std::vector<kv_write> writes;
  std::vector<metadata_write> metadata_writes;
  std::vector<collection_rwset> collections;
  [[nodiscard]] bool writes_anything() const;
  friend bool operator==(const namespace_rwset&, const namespace_rwset&) = default;
};

/// A whole TxReadWriteSet. Encoded in the order given: the simulator sorts, the parser keeps.
struct rwset {
  std::vector<namespace_rwset> namespaces;
  /// Errors: `invalid_argument` for bytes that are no TxReadWriteSet or inner KVRWSet/HashedRWSet.
  [[nodiscard]] static result<rwset> parse(bytes_view raw);
  [[nodiscard]] bytes encode() const;
  friend bool operator==(const rwset&, const rwset&) = default;
};

/// The plain private writes of one collection of one transaction.
struct private_writes {
  std::string ns, collection;
  std::vector<kv_write> writes;                ///< Sorted by key.
  std::vector<metadata_write> metadata_writes;
  /// pb(KVRWSet): its SHA-256 is the pvt_rwset_hash in the block.
  [[nodiscard]] bytes encode() const;
  [[nodiscard]] static result<private_writes> parse(std::string ns, std::string collection, bytes_view kvrwset);
};

}  // namespace weft::ledger
