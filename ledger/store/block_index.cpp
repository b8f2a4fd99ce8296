#include "ledger/store/block_index.hpp"

#include "crypto/hash/sha256.hpp"
#include "ledger/store/numbers.hpp"

namespace weft::ledger {
namespace {

constexpr char format = 2;
constexpr std::string_view checkpoint_key = "i/checkpoint", tx_prefix = "t/";

bytes number_key(block_number n) {
  bytes key = "n/";
  put_big(key, n.value);
  return key;
}
bytes hash_key(bytes_view hash) { return "h/" + bytes(hash); }
constexpr char packed = 0, as_text = 1;
constexpr std::size_t packed_bytes = 32;

// Only what comes back as the same text is packed: an id in capitals is another id.
std::optional<bytes> pack(std::string_view tx_id) {
  if (tx_id.size() != 2 * packed_bytes) return std::nullopt;
  auto raw = from_hex(tx_id);
  if (!raw || to_hex(*raw) != tx_id) return std::nullopt;
  return std::move(*raw);
}
bytes tx_key(std::string_view tx_id) {
  if (tx_id.size() > block_index::tx_id_max) return "T/" + crypto::to_bytes(crypto::sha256(tx_id));
  bytes key(tx_prefix);
  if (const auto raw = pack(tx_id)) return key.append(1, packed).append(*raw);
  return key.append(1, as_text).append(tx_id);
}

tl::unexpected<error> damaged(std::string_view what) {
  return fail(errc::corruption, "the index entry of " + std::string(what) + " is damaged: remove the index, it is made again from the block files");
}

}  // namespace

std::string indexed_tx_id(const envelope& e) {
  const auto& h = e.header();
  if (!h) return {};
  if (!h->tx_id.empty()) return h->tx_id;
  if (h->nonce.empty() && h->creator.empty()) return {};
  return compute_txid(h->nonce, h->creator);
}

result<std::optional<index_checkpoint>> block_index::checkpoint() const {
  WEFT_TRY(const auto value, kv_->get(checkpoint_key));
  if (!value || value->size() < 21 || (*value)[0] != format) return std::optional<index_checkpoint>();
  const bytes_view v = *value;
  return std::optional<index_checkpoint>({block_number(get_big<std::uint64_t>(v.substr(1))), get_big<std::uint32_t>(v.substr(9)),
                                          get_big<std::uint64_t>(v.substr(13)), bytes(v.substr(21))});
}

result<std::optional<record_location>> block_index::location(block_number n) const {
  WEFT_TRY(const auto value, kv_->get(number_key(n)));
  if (!value) return std::optional<record_location>();
  if (value->size() != 16) return damaged("block " + std::to_string(n.value));
  const bytes_view v = *value;
  return std::optional<record_location>(
      {get_big<std::uint32_t>(v), get_big<std::uint64_t>(v.substr(4)), get_big<std::uint32_t>(v.substr(12))});
}

result<std::optional<block_number>> block_index::number_of(bytes_view block_hash) const {
  WEFT_TRY(const auto value, kv_->get(hash_key(block_hash)));
  if (!value) return std::optional<block_number>();
  if (value->size() != 8) return damaged("block hash " + to_hex(block_hash));
  return std::optional(block_number(get_big<std::uint64_t>(*value)));
}

result<std::optional<tx_location>> block_index::tx(std::string_view tx_id) const {
  WEFT_TRY(const auto value, kv_->get(tx_key(tx_id)));
  if (!value) return std::optional<tx_location>();
  if (value->size() != 13) return damaged("transaction " + std::string(tx_id.substr(0, tx_id_max)));
  const bytes_view v = *value;
  return std::optional<tx_location>({block_number(get_big<std::uint64_t>(v)), tx_number(get_big<std::uint32_t>(v.substr(8))),
                                     static_cast<std::uint8_t>(v[12])});
}

std::unique_ptr<kv_cursor> block_index::tx_ids() const {
  auto c = kv_->snapshot()->cursor();
  c->seek(tx_prefix);
  return c;
}

std::optional<std::string> block_index::id_at(const kv_cursor& c) {
  if (!c.valid() || !c.key().starts_with(tx_prefix)) return std::nullopt;
  const auto id = c.key().substr(tx_prefix.size());
  if (id.starts_with(packed) && id.size() == 1 + packed_bytes) return to_hex(id.substr(1));
  if (id.starts_with(as_text)) return std::string(id.substr(1));
  return std::nullopt;  // of an earlier format, behind all others
}

void block_index::put(kv_batch& batch, const index_entry& e) {
  bytes where, number;
  put_big(where, e.at.segment);
  put_big(where, e.at.offset);
  put_big(where, e.at.length);
  put_big(number, e.number.value);
  batch.put(number_key(e.number), std::move(where));
  batch.put(hash_key(e.hash), std::move(number));
  for (const auto& [id, at] : e.txs) {
    bytes value;
    put_big(value, at.block.value);
    put_big(value, static_cast<std::uint32_t>(at.index.value));
    value.push_back(static_cast<char>(at.code));
    batch.put(tx_key(id), std::move(value));
  }
}

void block_index::put(kv_batch& batch, const index_checkpoint& c) {
  bytes value(1, format);
  put_big(value, c.height.value);
  put_big(value, c.segment);
  put_big(value, c.offset);
  batch.put(bytes(checkpoint_key), value + c.last_hash);
}

}  // namespace weft::ledger
