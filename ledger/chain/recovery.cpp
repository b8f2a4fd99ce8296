#include "ledger/chain/history.hpp"
#include "ledger/chain/ledger_core.hpp"
#include "ledger/state/apply.hpp"
#include "ledger/state/state_batch_ops.hpp"
#include "ledger/store/numbers.hpp"
#include "proto/wire.hpp"

namespace weft::ledger {
namespace {

constexpr std::string_view config_key = "i/config";

std::string named(const block& b) { return "block " + std::to_string(b.number().value); }

result<void> store_genesis(ledger_core& core, const block& genesis) {
  WEFT_CHECK(core.blocks->append(genesis));
  WEFT_CHECK(core.blocks->sync());
  WEFT_CHECK(core.kv->write(core.blocks->index_ops(), false));
  core.blocks->index_written();
  return {};
}

result<void> check_genesis(const block_store& blocks, const block& genesis) {
  WEFT_TRY(const block stored, blocks.read(block_number(0)));
  if (stored.hash() == genesis.hash()) return {};
  return fail(errc::failed_precondition, "the channel stored here began with another genesis block: " + to_hex(stored.hash()) + " instead of " +
                                             to_hex(genesis.hash()));
}

// The recorded commit hash, if there is one, must follow from what was replayed: then the state is the one that the block left.
result<void> check_commit_hash(const block& b, const state_batch& updates, const bytes& previous, bytes& now) {
  WEFT_TRY(now, stored_commit_hash(b));
  if (now.empty() || (previous.empty() && b.number().value > 1)) return {};
  const bytes computed = next_commit_hash(b.metadata(metadata_slot::transactions_filter), encode_updates(updates), previous);
  if (computed == now) return {};
  return fail(errc::corruption, named(b) + ": replaying it gives the commit hash " + to_hex(computed) + ", but it was stored with " + to_hex(now) +
                                    ". The state before it is not the one that it was judged by: remove the state, it is made again from the block files");
}

result<void> replay(ledger_core& core, block_number number, bytes& commit_hash) {
  WEFT_TRY(const block b, core.blocks->read(number));
  const bytes& filter = b.metadata(metadata_slot::transactions_filter);
  if (filter.size() != b.envelopes().size() && number.value > 0)
    return fail(errc::corruption, named(b) + " is stored with " + std::to_string(filter.size()) + " verdicts for " +
                                      std::to_string(b.envelopes().size()) + " transactions: no peer stored it");
  WEFT_TRY(const auto updates, updates_of(b, filter, *core.view));
  bytes now;
  WEFT_CHECK(check_commit_hash(b, updates, commit_hash, now));
  WEFT_TRY(const auto privates, core.privates->read(number));
  kv_batch batch;
  WEFT_CHECK(put_block_effects(batch, b, updates, privates, *core.view));
  WEFT_CHECK(core.kv->write(batch, false));
  WEFT_TRY(core.view, open_state_view(*core.kv));
  commit_hash = std::move(now);
  return {};
}

result<void> replay_missing(ledger_core& core, const std::function<void(block_number, block_number)>& progress, ledger_open_report& report) {
  const block_number end = core.blocks->height();
  const block_number begin = core.view->height();
  if (begin > end)
    return fail(errc::corruption, "the state stands behind block " + std::to_string(begin.value - 1) + ", but only " + std::to_string(end.value) +
                                      " blocks are stored: block files were shortened or removed. Put them back, or remove the state as well");
  if (begin.value > 0) {
    WEFT_TRY(const block before, core.blocks->read(block_number(begin.value - 1)));
    WEFT_TRY(core.commit_hash, stored_commit_hash(before));
  }
  for (block_number n = begin; n < end; n = n.next()) {
    WEFT_CHECK(replay(core, n, core.commit_hash));
    ++report.replayed_blocks;
    if (progress) progress(n.next(), end);
  }
  return {};
}

result<void> load_bundle(ledger_core& core) {
  WEFT_TRY(const auto stored, core.kv->get(config_key));
  if (!stored || stored->size() != 8)
    return fail(errc::corruption, "the index does not name the last config block: remove the state, it is made again from the block files");
  WEFT_TRY(const block b, core.blocks->read(block_number(get_big<std::uint64_t>(*stored))));
  auto bundle = channel_bundle::from_block(b);
  if (!bundle) return fail(within("config " + named(b), std::move(bundle).error()));
  core.bundle = std::move(*bundle);
  return {};
}

}  // namespace

bool is_config_block(const block& b) {
  if (b.envelopes().size() != 1) return false;
  const auto& h = b.envelopes()[0].header();
  return h && h->type == static_cast<std::int32_t>(header_type::config);
}

result<void> put_block_effects(kv_batch& batch, const block& b, const state_batch& updates, const std::vector<block_private_data>& privates,
                               const state_view& before) {
  state_batch plain;
  for (const auto& d : privates) WEFT_CHECK(apply_private_writes(plain, d.writes, {b.number(), d.tx}, before));
  put_updates(batch, b.number(), updates);
  put_updates(batch, b.number(), plain);
  put_history(batch, b.number(), updates);
  if (is_config_block(b)) {
    bytes number;
    put_big(number, b.number().value);
    batch.put(bytes(config_key), std::move(number));
  }
  return {};
}

result<bytes> stored_commit_hash(const block& b) {
  bytes_view value;
  if (proto::find_bytes(b.metadata(metadata_slot::commit_hash), 1, value) == proto::wire_status::malformed)
    return fail(errc::corruption, named(b) + ": the commit hash in its metadata does not parse");
  return bytes(value);
}

result<ledger_core> recover_ledger(std::shared_ptr<env> files, std::shared_ptr<kv_store> kv, const block& genesis,
                                   const std::function<void(block_number, block_number)>& progress, std::uint64_t segment_bytes,
                                   ledger_open_report& report) {
  if (!genesis || genesis.number() != block_number(0)) return fail(errc::invalid_argument, "a channel begins with block 0");
  ledger_core core;
  core.kv = kv;
  WEFT_TRY(core.blocks, open_deferred_block_store(files, kv, segment_bytes, &report.blocks));
  if (core.blocks->height() == block_number(0)) {
    WEFT_CHECK(channel_bundle::from_block(genesis));  // refuse what will never work before anything is stored
    WEFT_CHECK(store_genesis(core, genesis));
  } else {
    WEFT_CHECK(check_genesis(*core.blocks, genesis));
  }
  WEFT_TRY(core.privates, private_store::open(files, kv, segment_bytes, core.blocks->height(), report));
  WEFT_TRY(core.view, open_state_view(*kv));
  WEFT_CHECK(replay_missing(core, progress, report));
  WEFT_CHECK(load_bundle(core));
  return core;
}

}  // namespace weft::ledger
