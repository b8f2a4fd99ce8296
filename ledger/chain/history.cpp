#include "ledger/chain/history.hpp"

#include "ledger/store/numbers.hpp"
#include "ledger/tx/envelope.hpp"

namespace weft::ledger {
namespace {

// As in the state: 00 becomes 00 FF, 00 01 closes. The key is closed too, because numbers follow it.
void put_name(bytes& out, std::string_view name) {
  for (const char c : name) {
    out.push_back(c);
    if (c == '\0') out.push_back('\xff');
  }
  out.push_back('\0');
  out.push_back('\1');
}

bytes prefix_of(std::string_view ns, std::string_view key) {
  bytes out = "y/";
  put_name(out, ns);
  put_name(out, key);
  return out;
}

const kv_write* find_write(const rwset& sets, std::string_view ns, std::string_view key) {
  const kv_write* found = nullptr;
  for (const auto& set : sets.namespaces) {
    if (set.name != ns) continue;
    for (const auto& w : set.writes)
      if (w.key == key) found = &w;
  }
  return found;
}

result<history_entry> entry_of(const block& b, tx_number tx, std::string_view ns, std::string_view key) {
  const auto broken = [&](const std::string& why) {
    return fail(errc::corruption, "history names transaction " + std::to_string(tx.value) + " of block " + std::to_string(b.number().value) + ", but " + why);
  };
  if (tx.value >= b.envelopes().size()) return broken("the block has none such");
  const envelope& e = b.envelopes()[tx.value];
  const auto parsed = parse_endorser_tx(e);
  if (!parsed) return broken("it does not parse: " + parsed.error().why);
  const kv_write* write = find_write(parsed->sets, ns, key);
  if (write == nullptr) return broken("it does not write that key");
  const bool is_delete = write->is_delete || write->value.empty();
  return history_entry{e.header()->tx_id, e.header()->time, is_delete, is_delete ? bytes() : write->value, {b.number(), tx}};
}

}  // namespace

void put_history(kv_batch& batch, block_number number, const state_batch& updates) {
  for (const auto& w : updates.written) {
    bytes key = prefix_of(w.ns, w.key);
    put_big(key, ~number.value);
    put_big(key, ~w.tx.value);
    batch.put(std::move(key), {});
  }
}

result<std::vector<history_entry>> read_history(const kv_store& kv, const block_store& blocks, block_number height, std::string_view ns,
                                                std::string_view key, std::size_t limit) {
  std::vector<history_entry> out;
  const bytes prefix = prefix_of(ns, key);
  const auto cursor = kv.snapshot()->cursor();
  block last;  // several transactions of one block may have written the key
  for (cursor->seek(prefix); cursor->valid() && cursor->key().starts_with(prefix) && out.size() < limit; cursor->next()) {
    const bytes_view numbers = cursor->key().substr(prefix.size());
    if (numbers.size() != 16) return fail(errc::corruption, "a history mark is damaged: remove the state, it is made again from the block files");
    const block_number number(~get_big<std::uint64_t>(numbers));
    if (number >= height) continue;
    if (!last || last.number() != number) {
      WEFT_TRY(last, blocks.read(number));
    }
    WEFT_TRY(auto entry, entry_of(last, tx_number(~get_big<std::uint64_t>(numbers.substr(8))), ns, key));
    out.push_back(std::move(entry));
  }
  WEFT_CHECK(cursor->status());
  return out;
}

}  // namespace weft::ledger
