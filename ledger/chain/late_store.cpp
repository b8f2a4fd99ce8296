#include "ledger/chain/late_store.hpp"

#include <algorithm>

#include "crypto/hash/sha256.hpp"
#include "ledger/state/apply.hpp"
#include "ledger/state/state_batch_ops.hpp"
#include "ledger/store/numbers.hpp"

namespace weft::ledger {
namespace {

constexpr std::string_view late_prefix = "late-", missing_space = "m/", late_space = "l/", late_checkpoint = "i/late";

bytes key_of(std::string_view space, version at, std::string_view ns, std::string_view collection) {
  bytes key(space);
  put_big(key, at.block.value);
  put_big(key, at.tx.value);
  put_big(key, static_cast<std::uint32_t>(ns.size()));
  key.append(ns).append(collection);
  return key;
}

result<missing_private_data> claim_of(bytes_view key, bytes_view value) {
  constexpr std::size_t head = 2 + 8 + 8 + 4;
  const std::size_t ns = key.size() < head ? 0 : get_big<std::uint32_t>(key.substr(18));
  if (key.size() < head || key.size() - head < ns)
    return fail(errc::corruption, "a note of missing private data is damaged: remove the state, it is made again from the block files");
  const version at{block_number(get_big<std::uint64_t>(key.substr(2))), tx_number(get_big<std::uint64_t>(key.substr(10)))};
  return missing_private_data{at, std::string(key.substr(head, ns)), std::string(key.substr(head + ns)), bytes(value)};
}

void put_index(kv_batch& batch, version at, const private_writes& writes, const record_location& where) {
  bytes location, end;
  put_big(location, where.segment);
  put_big(location, where.offset);
  put_big(location, where.length);
  const log_position behind = block_log::behind(where);
  put_big(end, behind.segment);
  put_big(end, behind.offset);
  batch.put(key_of(late_space, at, writes.ns, writes.collection), std::move(location));
  batch.put(bytes(late_checkpoint), std::move(end));
}

// Without a move of the savepoint.
void put_values(kv_batch& batch, const state_view& now, const state_batch& plain) {
  if (!plain.empty()) put_updates(batch, block_number(now.height().value - 1), plain);
}

// What was given, if it is what the hash says. A set in another encoding than ours would be given on with another hash.
std::optional<private_writes> believed(const late_private_data& given, bytes_view hash) {
  if (crypto::view(crypto::sha256(given.set)) != hash) return std::nullopt;
  auto writes = private_writes::parse(given.ns, given.collection, given.set);
  if (!writes || writes->encode() != given.set) return std::nullopt;
  return std::move(*writes);
}

}  // namespace

result<std::unique_ptr<late_store>> late_store::open(std::shared_ptr<env> files, std::shared_ptr<kv_store> kv, std::uint64_t segment_bytes) {
  WEFT_TRY(auto log, block_log::open(std::move(files), segment_bytes, std::string(late_prefix)));
  return std::unique_ptr<late_store>(new late_store(std::move(log), std::move(kv)));
}

result<void> late_store::recover(block_number height, ledger_open_report& report) {
  WEFT_TRY(const auto stored, kv_->get(late_checkpoint));
  log_position from;
  if (stored && stored->size() == 12) from = {get_big<std::uint32_t>(*stored), get_big<std::uint64_t>(bytes_view(*stored).substr(4))};
  WEFT_TRY(const bool there, log_->reaches(from));
  if (!there)
    return fail(errc::corruption, log_->name(from.segment) + " ends before offset " + std::to_string(from.offset) +
                                      ": files of private data were shortened or removed. Put them back; or remove the index and state as well "
                                      "to have peers of the organization asked for them again");
  const auto visit = [&](block_number n, const record_location& at, const shared_bytes& payload) -> result<void> {
    if (n >= height) {  // its block was lost with what was never synced; the set is asked for again
      ++report.dropped_private_data;
      return {};
    }
    WEFT_TRY(const auto data, decode_private_data(payload));
    WEFT_TRY(const auto now, open_state_view(*kv_));
    kv_batch batch;
    state_batch plain;
    const state_batch none;
    for (const auto& d : data) {
      const version of{n, d.tx};
      put_index(batch, of, d.writes, at);
      batch.erase(key_of(missing_space, of, d.writes.ns, d.writes.collection));
      WEFT_CHECK(apply_private_writes(plain, d.writes, pending_state(none, *now)));
    }
    put_values(batch, *now, plain);
    ++report.privates.indexed_blocks;
    return kv_->write(batch, false);
  };
  return log_->scan(from, visit, report.privates);
}

void late_store::put_missing(kv_batch& batch, const missing_private_data& what) {
  batch.put(key_of(missing_space, what.at, what.ns, what.collection), what.hash);
}

result<std::vector<missing_private_data>> late_store::missing(const std::optional<missing_private_data>& after, std::size_t limit) const {
  std::vector<missing_private_data> out;
  const auto cursor = kv_->snapshot()->cursor();
  // The key that follows another at once has a zero byte more.
  cursor->seek(after ? key_of(missing_space, after->at, after->ns, after->collection) + '\0' : bytes(missing_space));
  for (; cursor->valid() && cursor->key().starts_with(missing_space) && out.size() < limit; cursor->next()) {
    WEFT_TRY(auto claim, claim_of(cursor->key(), cursor->value()));
    out.push_back(std::move(claim));
  }
  WEFT_CHECK(cursor->status());
  return out;
}

result<std::vector<late_outcome>> late_store::take(const std::vector<late_private_data>& found, const state_view& now, kv_batch& batch) {
  std::vector<late_outcome> out;
  state_batch plain, none;
  std::vector<bytes> taken;
  for (const auto& given : found) {
    auto key = key_of(missing_space, given.at, given.ns, given.collection);
    WEFT_TRY(const auto hash, kv_->get(key));
    if (!hash || std::find(taken.begin(), taken.end(), key) != taken.end()) {
      out.push_back(late_outcome::not_missing);
      continue;
    }
    auto writes = believed(given, *hash);
    if (!writes) {
      out.push_back(late_outcome::wrong);
      continue;
    }
    WEFT_CHECK(apply_private_writes(plain, *writes, pending_state(none, now)));
    const bytes record = encode_private_data({{given.at.tx, std::move(*writes)}});
    const bytes_view whole = record;
    WEFT_TRY(const auto where, log_->append(given.at.block, {&whole, 1}));
    put_index(batch, given.at, {given.ns, given.collection, {}, {}}, where);
    batch.erase(key);
    taken.push_back(std::move(key));
    out.push_back(late_outcome::taken);
  }
  if (!taken.empty()) WEFT_CHECK(log_->sync());
  put_values(batch, now, plain);
  return out;
}

result<std::optional<private_writes>> late_store::read(version at, std::string_view ns, std::string_view collection) const {
  WEFT_TRY(const auto stored, kv_->get(key_of(late_space, at, ns, collection)));
  if (!stored) return std::optional<private_writes>();
  if (stored->size() != 16)
    return fail(errc::corruption, "the index entry of late private data of block " + std::to_string(at.block.value) + " is damaged");
  const bytes_view v = *stored;
  const record_location where{get_big<std::uint32_t>(v), get_big<std::uint64_t>(v.substr(4)), get_big<std::uint32_t>(v.substr(12))};
  WEFT_TRY(const auto payload, log_->read(at.block, where));
  WEFT_TRY(auto data, decode_private_data(payload));
  for (auto& d : data)
    if (d.tx == at.tx && d.writes.ns == ns && d.writes.collection == collection) return std::optional(std::move(d.writes));
  return std::optional<private_writes>();
}

}  // namespace weft::ledger
