// Index: d/<number> → location of the record; i/private → where the last indexed record ends.
#include "ledger/chain/private_store.hpp"

#include "ledger/store/numbers.hpp"
#include "proto/wire.hpp"
#include "proto/wire_write.hpp"

namespace weft::ledger {
namespace {

constexpr std::string_view private_prefix = "pvt-";
constexpr std::string_view private_checkpoint = "i/private";

bytes key_of(block_number n) {
  bytes key = "d/";
  put_big(key, n.value);
  return key;
}

void put_index(kv_batch& batch, block_number n, const record_location& at) {
  bytes where, end;
  put_big(where, at.segment);
  put_big(where, at.offset);
  put_big(where, at.length);
  const log_position behind = block_log::behind(at);
  put_big(end, behind.segment);
  put_big(end, behind.offset);
  batch.put(key_of(n), std::move(where));
  batch.put(bytes(private_checkpoint), std::move(end));
}

result<block_private_data> decode_entry(bytes_view entry) {
  std::uint64_t tx = 0;
  std::string ns, collection;
  bytes_view set;
  const bool formed = proto::for_each_field(entry, [&](const proto::wire_field& f) {
    if (f.number == 1 && f.type == proto::wire_type::varint) tx = f.value;
    if (f.type != proto::wire_type::length_delimited) return;
    if (f.number == 2) ns = f.payload;
    if (f.number == 3) collection = f.payload;
    if (f.number == 4) set = f.payload;
  });
  if (!formed) return fail(errc::corruption, "stored private data do not parse");
  auto writes = private_writes::parse(std::move(ns), std::move(collection), set);
  if (!writes) return fail(errc::corruption, "stored private data do not parse: " + writes.error().context);
  return block_private_data{tx_number(tx), std::move(*writes)};
}

}  // namespace

// A record: repeated field 1 of {tx = 1, namespace = 2, collection = 3, pb(KVRWSet) = 4}.
bytes encode_private_data(const std::vector<block_private_data>& data) {
  bytes out;
  for (const auto& d : data) {
    bytes entry;
    proto::put_varint(entry, 1, d.tx.value);
    proto::put_bytes(entry, 2, d.writes.ns);
    proto::put_bytes(entry, 3, d.writes.collection);
    proto::put_bytes(entry, 4, d.writes.encode());
    proto::put_present(out, 1, entry);
  }
  return out;
}

result<std::vector<block_private_data>> decode_private_data(bytes_view raw) {
  std::vector<block_private_data> out;
  std::vector<bytes_view> entries;
  const bool formed = proto::for_each_field(raw, [&](const proto::wire_field& f) { entries.push_back(f.payload); });
  if (!formed) return fail(errc::corruption, "stored private data do not parse");
  for (const bytes_view e : entries) {
    WEFT_TRY(auto data, decode_entry(e));
    out.push_back(std::move(data));
  }
  return out;
}

result<std::unique_ptr<private_store>> private_store::open(std::shared_ptr<env> files, std::shared_ptr<kv_store> index,
                                                           std::uint64_t segment_bytes, block_number height, ledger_open_report& report) {
  WEFT_TRY(auto log, block_log::open(std::move(files), segment_bytes, std::string(private_prefix)));
  std::unique_ptr<private_store> s(new private_store(std::move(log), std::move(index)));
  WEFT_CHECK(s->recover(height, report));
  return s;
}

result<void> private_store::recover(block_number height, ledger_open_report& report) {
  WEFT_TRY(const auto stored, index_->get(private_checkpoint));
  log_position from;
  if (stored && stored->size() == 12) from = {get_big<std::uint32_t>(*stored), get_big<std::uint64_t>(bytes_view(*stored).substr(4))};
  WEFT_TRY(const bool there, log_->reaches(from));
  if (!there)
    return fail(errc::corruption, log_->name(from.segment) + " ends before offset " + std::to_string(from.offset) +
                                      ": files of private data were shortened or removed. Put them back; or remove the index and state as well "
                                      "to go on without the private data that are gone");
  kv_batch batch;  // what it names was synced before its block was written; anything later is dropped
  std::optional<log_position> orphans;
  std::optional<block_number> last;
  const auto visit = [&](block_number n, const record_location& at, const shared_bytes&) -> result<void> {
    if (last && n <= *last)
      return fail(errc::corruption, log_->name(at.segment) + " at offset " + std::to_string(at.offset) + ": private data of block " +
                                        std::to_string(n.value) + " stand behind those of block " + std::to_string(last->value));
    last = n;
    if (n >= height) {
      if (!orphans) orphans = log_position{at.segment, at.offset};
      ++report.dropped_private_data;
      return {};
    }
    put_index(batch, n, at);
    ++report.privates.indexed_blocks;
    return {};
  };
  WEFT_CHECK(log_->scan(from, visit, report.privates));
  if (orphans) WEFT_CHECK(log_->cut(*orphans));
  return batch.ops.empty() ? result<void>() : index_->write(batch, false);
}

result<void> private_store::append(block_number number, const std::vector<block_private_data>& data, kv_batch& batch) {
  const bytes record = encode_private_data(data);
  const bytes_view whole = record;
  WEFT_TRY(const auto at, log_->append(number, {&whole, 1}));
  WEFT_CHECK(log_->sync());
  put_index(batch, number, at);
  return {};
}

result<std::vector<block_private_data>> private_store::read(block_number number) const {
  WEFT_TRY(const auto stored, index_->get(key_of(number)));
  if (!stored) return std::vector<block_private_data>();
  if (stored->size() != 16) return fail(errc::corruption, "the index entry of private data of block " + std::to_string(number.value) + " is damaged");
  const bytes_view v = *stored;
  const record_location at{get_big<std::uint32_t>(v), get_big<std::uint64_t>(v.substr(4)), get_big<std::uint32_t>(v.substr(12))};
  WEFT_TRY(const auto payload, log_->read(number, at));
  return decode_private_data(payload);
}

}  // namespace weft::ledger
