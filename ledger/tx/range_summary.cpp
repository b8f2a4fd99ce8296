// The Merkle summary of a range query's results. interop/01 §10.8.
#include "crypto/hash/sha256.hpp"
#include "ledger/rwset/kvrwset/kv_rwset.pb.h"
#include "ledger/tx/rwset.hpp"
#include "ledger/tx/rwset_proto.hpp"
#include "proto/encode.hpp"

namespace weft::ledger {

namespace {

bytes combine(const std::vector<bytes>& hashes) {
  crypto::sha256_stream stream;
  for (const auto& hash : hashes) stream.add(hash);
  return crypto::to_bytes(stream.finish());
}

}  // namespace

void range_summary::add(const kv_read& read) {
  pending_.push_back(read);
  if (pending_.size() > degree_) close_leaf();
}

void range_summary::close_leaf() {
  ::kvrwset::QueryReads leaf;
  for (const auto& read : pending_) put_read(*leaf.add_kv_reads(), read);
  pending_.clear();
  if (levels_.empty()) levels_.emplace_back();
  levels_[0].push_back(crypto::to_bytes(crypto::sha256(proto::encode(leaf))));
  for (std::uint32_t level = 0; levels_[level].size() > degree_; ++level) fold(level);
}

/// Replaces a level's hashes by one hash of the level above: the single one itself, or the digest of all of them.
void range_summary::fold(std::uint32_t level) {
  if (levels_[level].empty()) return;
  if (levels_.size() == level + 1) levels_.emplace_back();
  levels_[level + 1].push_back(levels_[level].size() == 1 ? levels_[level].front() : combine(levels_[level]));
  levels_[level].clear();
}

void range_summary::finish(range_query& out) {
  if (levels_.empty()) {
    out.raw_reads = std::move(pending_);
    out.max_degree = out.max_level = 0;
    out.hashes.clear();
  } else {
    if (!pending_.empty()) close_leaf();
    const auto top = static_cast<std::uint32_t>(levels_.size() - 1);
    for (std::uint32_t level = 0; level < top; ++level) fold(level);
    if (levels_.back().size() > degree_) fold(top);
    out.raw_reads.clear();
    out.max_degree = degree_;
    out.max_level = static_cast<std::uint32_t>(levels_.size());
    out.hashes = std::move(levels_.back());
  }
  pending_.clear();
  levels_.clear();
}

}  // namespace weft::ledger
