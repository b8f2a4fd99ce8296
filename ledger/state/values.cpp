#include "ledger/state/values.hpp"

#include "proto/wire_write.hpp"

namespace weft::ledger {
namespace {

bool take_varint(bytes_view& in, std::uint64_t& value) {
  value = 0;
  for (unsigned shift = 0; shift < 64 && !in.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(in.front());
    in.remove_prefix(1);
    value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

}  // namespace

bytes encode_value(version at, bytes_view metadata, bytes_view value) {
  bytes out;
  out.reserve(metadata.size() + value.size() + 12);
  proto::put_raw_varint(out, at.block.value);
  proto::put_raw_varint(out, at.tx.value);
  proto::put_raw_varint(out, metadata.size());
  out.append(metadata);
  out.append(value);
  return out;
}

result<versioned_value> decode_value(bytes_view stored) {
  std::uint64_t block = 0, tx = 0, metadata = 0;
  if (!take_varint(stored, block) || !take_varint(stored, tx) || !take_varint(stored, metadata) || metadata > stored.size())
    return fail(errc::corruption, "a stored value of the state is damaged: remove the state, it is made again from the block files");
  return versioned_value{bytes(stored.substr(metadata)), bytes(stored.substr(0, metadata)), {block_number(block), tx_number(tx)}};
}

}  // namespace weft::ledger
