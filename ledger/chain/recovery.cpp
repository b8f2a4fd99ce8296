#include <algorithm>

#include "crypto/keys/signer.hpp"
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

result<void> load_bundle(ledger_core& core, const bundle_source& bundles) {
  WEFT_TRY(const auto stored, core.kv->get(config_key));
  if (!stored || stored->size() != 8)
    return fail(errc::corruption, "the index does not name the last config block: remove the state, it is made again from the block files");
  const block_number at(get_big<std::uint64_t>(*stored));
  if (core.bundle && core.bundle_at == at) return {};
  WEFT_TRY(const block b, core.blocks->read(at));
  auto bundle = bundles(b);
  if (!bundle) return fail(within("config " + named(b), std::move(bundle).error()));
  core.bundle = std::move(*bundle);
  core.bundle_at = at;
  return {};
}

// Slot 2 says what is not valid, but not why: the block is judged again, by the state and the configuration that it met. Only where both
// judgements agree is the reason worth keeping; a block that cannot be judged keeps its verdicts and has no reasons.
void put_reasons_again(kv_batch& batch, const block& b, ledger_core& core, const bundle_source& bundles) {
  const bytes& filter = b.metadata(metadata_slot::transactions_filter);
  if (std::all_of(filter.begin(), filter.end(), [](char c) { return c == 0; }) || !load_bundle(core, bundles)) return;
  const auto seen = [&](std::string_view id) -> result<bool> {
    WEFT_TRY(const auto where, core.blocks->find_tx(id));
    return where && where->block < b.number();
  };
  const auto winner = [&](version at) -> std::string {
    const auto other = core.blocks->read(at.block);
    if (!other || at.tx.value >= other->envelopes().size()) return {};
    const auto& h = other->envelopes()[at.tx.value].header();
    return h ? h->tx_id : std::string{};
  };
  const auto verifier = crypto::make_verifier();
  auto judged = judge(prepare_all(b, core.bundle, *verifier), *core.view, seen, *verifier, winner);
  if (!judged) return;
  for (std::size_t i = 0; i < filter.size(); ++i)
    if (judged->verdicts[i] != static_cast<verdict>(filter[i])) judged->reasons[i] = {};
  put_reasons(batch, b.number(), *judged);
}

bool has_members_writes(const state_batch& updates, const collection_membership& member_of) {
  for (const auto& [ns, u] : updates.namespaces)
    for (const auto& [collection, entries] : u.hashed)
      if (member_of(ns, collection)) return true;
  return false;
}

// Those that a judgement would find: updates_of() has read the same transactions before.
std::vector<private_claim> claims_of(const block& b) {
  std::vector<private_claim> out;
  const bytes& filter = b.metadata(metadata_slot::transactions_filter);
  for (std::size_t i = 0; i < b.envelopes().size(); ++i) {
    if (filter[i] != '\0') continue;
    const auto& h = b.envelopes()[i].header();
    if (!h || h->type != static_cast<std::int32_t>(header_type::endorser_transaction)) continue;
    const auto tx = parse_endorser_tx(b.envelopes()[i]);
    if (!tx) continue;
    for (const auto& ns : tx->sets.namespaces)
      for (const auto& c : ns.collections)
        if (!c.private_hash.empty()) out.push_back({tx_number(i), h->tx_id, ns.name, c.name, c.private_hash});
  }
  return out;
}

result<void> replay(ledger_core& core, block_number number, bytes& commit_hash, const bundle_source& bundles) {
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
  if (core.member_of && has_members_writes(updates, core.member_of)) put_missing(batch, number, claims_of(b), privates, core.member_of);
  if (number.value > 0) put_reasons_again(batch, b, core, bundles);
  WEFT_CHECK(core.kv->write(batch, false));
  WEFT_TRY(core.view, open_state_view(*core.kv));
  commit_hash = std::move(now);
  return {};
}

result<void> replay_missing(ledger_core& core, const std::function<void(block_number, block_number)>& progress, ledger_open_report& report,
                            const bundle_source& bundles) {
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
    WEFT_CHECK(replay(core, n, core.commit_hash, bundles));
    ++report.replayed_blocks;
    if (progress) progress(n.next(), end);
  }
  return {};
}

}  // namespace

bool is_config_block(const block& b) {
  if (b.envelopes().size() != 1) return false;
  const auto& h = b.envelopes()[0].header();
  return h && h->type == static_cast<std::int32_t>(header_type::config);
}

void put_missing(kv_batch& batch, block_number number, const std::vector<private_claim>& claims, const std::vector<block_private_data>& privates,
                 const collection_membership& member_of) {
  if (!member_of) return;
  for (const auto& c : claims) {
    const auto given = [&](const block_private_data& d) { return d.tx == c.tx && d.writes.ns == c.ns && d.writes.collection == c.collection; };
    if (member_of(c.ns, c.collection) && std::none_of(privates.begin(), privates.end(), given))
      late_store::put_missing(batch, {{number, c.tx}, c.ns, c.collection, c.hash});
  }
}

result<void> put_block_effects(kv_batch& batch, const block& b, const state_batch& updates, const std::vector<block_private_data>& privates,
                               const state_view& before) {
  state_batch plain;
  for (const auto& d : privates) WEFT_CHECK(apply_private_writes(plain, d.writes, pending_state(updates, before)));
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
                                   ledger_open_report& report, const bundle_source& bundles, collection_membership member_of) {
  if (!genesis || genesis.number() != block_number(0)) return fail(errc::invalid_argument, "a channel begins with block 0");
  ledger_core core;
  core.kv = kv;
  core.member_of = std::move(member_of);
  WEFT_TRY(core.blocks, open_deferred_block_store(files, kv, segment_bytes, &report.blocks));
  if (core.blocks->height() == block_number(0)) {
    WEFT_TRY(core.bundle, bundles(genesis));  // refuse what will never work before anything is stored
    core.bundle_at = block_number(0);
    WEFT_CHECK(store_genesis(core, genesis));
  } else {
    WEFT_CHECK(check_genesis(*core.blocks, genesis));
  }
  WEFT_TRY(core.privates, private_store::open(files, kv, segment_bytes, core.blocks->height(), report));
  WEFT_TRY(core.view, open_state_view(*kv));
  WEFT_TRY(core.late, late_store::open(files, kv, segment_bytes));
  WEFT_CHECK(replay_missing(core, progress, report, bundles));
  WEFT_CHECK(core.late->recover(core.view->height(), report));
  WEFT_TRY(core.view, open_state_view(*kv));
  WEFT_CHECK(load_bundle(core, bundles));
  return core;
}

}  // namespace weft::ledger
