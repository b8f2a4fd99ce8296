// Committed blocks on their way to the store, snapshots, and catching up with one.
#include <algorithm>

#include "cluster/consenter/raft_chain.hpp"
#include "cluster/raft/planted.hpp"
#include "config/base/assert.hpp"
#include "proto/wire.hpp"
#include "proto/wire_write.hpp"

namespace weft::cluster {

namespace {
constexpr std::uint32_t height_field = 1, hash_field = 2;
}

shared_bytes chain_snapshot::encode() const {
  bytes out;
  proto::put_varint(out, height_field, height);
  proto::put_bytes(out, hash_field, last_hash);
  return shared_bytes{std::move(out)};
}

result<chain_snapshot> chain_snapshot::decode(bytes_view raw) {
  chain_snapshot out;
  bytes_view hash;
  if (proto::find_varint(raw, height_field, out.height) != proto::wire_status::found || out.height == 0 ||
      proto::find_bytes(raw, hash_field, hash) != proto::wire_status::found) {
    return fail(errc::corruption, "a raft snapshot does not say where the chain stood");
  }
  if (hash.empty()) return fail(errc::corruption, "a raft snapshot names no block");
  out.last_hash = bytes(hash);
  return out;
}

/// The blocks behind a snapshot are at the other consenters. Nothing to be done if they are here as well.
result<void> raft_chain::catch_up_to(const raft::snapshot& s) {
  WEFT_TRY(auto to, chain_snapshot::decode(s.data));
  if (to.height > tip_.next.value) fetch_to({s.at, s.members, std::move(to)});
  return {};
}

/// What is committed meanwhile is fetched as well: others have it, and nothing piles up here.
void raft_chain::fetch_to(checkpoint where) {
  if (!target_) fetched_ = tip_;
  tip_.next = block_number{where.chain.height};
  tip_.last_hash = where.chain.last_hash;
  emit(chain_do::fetch_blocks{fetched_.next.value, where.chain.height, where.chain.last_hash});
  target_ = std::move(where);
}

result<void> raft_chain::fetched(ledger::block b) {
  if (!target_ || b.number() != fetched_.next) return {};  // of an earlier attempt
  const auto where = "block " + std::to_string(b.number().value) + " from another consenter";
  if (b.header().previous_hash != fetched_.last_hash) return fail(errc::corruption, where + ": its previous hash is not that of the block before");
  const bool last = b.number().next().value == target_->chain.height;
  if (last && b.hash() != target_->chain.last_hash) return fail(errc::corruption, where + " is not the one that was agreed on");
  fetched_.next = fetched_.next.next();
  fetched_.last_hash = b.hash();
  if (is_config_block(b)) fetched_.last_config = b.number();
  if (last) {
    tip_.last_config = fetched_.last_config;
    auto reached = std::move(*target_);
    target_.reset();
    write({std::move(b), reached.at, std::move(reached.members), 0}, 0);
  } else {
    write({std::move(b), {}, {}, 0}, 0);
  }
  return pump();
}

void raft_chain::write(committed_block b, raft::log_index index) {
  emit(chain_do::write_block{b.block, index});
  with_writer_.push_back({b.block.number().value, b.block.hash(), b.at, std::move(b.members), b.size});
}

result<void> raft_chain::block_written(std::uint64_t number) {
  WEFT_ASSERT(!with_writer_.empty() && with_writer_.front().number == number, "blocks are written in order");
  auto done = std::move(with_writer_.front());
  with_writer_.pop_front();
  written_ = number + 1;
  since_snapshot_ += done.size;
  if (done.at.index != 0) newest_ = checkpoint{done.at, std::move(done.members), {number + 1, std::move(done.hash)}};
  release_flights();
  snapshot_if_due();
  lead_if_ready();
  return pump();
}

void raft_chain::snapshot_if_due() {
  if (syncing_ || !newest_) return;
  // A newcomer refuses a snapshot in which it is no member: none may grow older than a change of the members, however little is written.
  const auto present = core_->log().newest_snapshot();
  const bool aged = present && !present->empty() && present->at.index < newest_->at.index && present->members != newest_->members &&
                    !planted(mistake::snapshot_grows_old);
  if (since_snapshot_ < options_.snapshot_bytes && !aged) return;
  since_snapshot_ = 0;
  syncing_ = newest_;
  if constexpr (planted(mistake::blocks_not_synced)) return static_cast<void>(blocks_synced());
  emit(chain_do::sync_blocks{});
}

/// The store needs the log no more up to there.
result<void> raft_chain::blocks_synced() {
  WEFT_ASSERT(syncing_, "no sync was asked for");
  const auto at = std::move(*syncing_);
  syncing_.reset();
  // A leader's snapshot may have come meanwhile.
  const auto newest = core_->log().newest_snapshot();
  if (newest && newest->at.index >= at.at.index && !planted(mistake::older_snapshot_made)) return {};
  const auto& members = planted(mistake::snapshot_without_members) ? newest->members : at.members;
  auto made = std::make_shared<raft::snapshot>(raft::snapshot{at.at, members, at.chain.encode()});
  emit(chain_do::compact_log{std::move(made), at.at.index - std::min(at.at.index, options_.entries_kept)});
  return {};
}

}  // namespace weft::cluster
