// The block header's DER form and what is digested from blocks. X.690 §8.3 (INTEGER), §10.1 (definite, shortest lengths).
#include <algorithm>

#include "ledger/block/block.hpp"
#include "proto/wire_write.hpp"

namespace weft::ledger {

namespace {

constexpr char tag_integer = 0x02, tag_octets = 0x04, tag_sequence = 0x30;

/// Big-endian without leading zeros; nothing for 0.
bytes big_endian(std::uint64_t value) {
  bytes out;
  for (; value != 0; value >>= 8) out.push_back(static_cast<char>(value & 0xff));
  std::reverse(out.begin(), out.end());
  return out;
}

void put_tlv(bytes& out, char tag, bytes_view content) {
  out.push_back(tag);
  if (content.size() < 0x80) {
    out.push_back(static_cast<char>(content.size()));
  } else {
    const bytes length = big_endian(content.size());
    out.push_back(static_cast<char>(0x80 | length.size()));
    out += length;
  }
  out += content;
}

}  // namespace

bytes header_bytes(const block_header& h) {
  bytes number = big_endian(h.number.value);
  if (number.empty() || static_cast<unsigned char>(number.front()) >= 0x80) number.insert(number.begin(), '\0');
  bytes content;
  put_tlv(content, tag_integer, number);
  put_tlv(content, tag_octets, h.previous_hash);
  put_tlv(content, tag_octets, h.data_hash);
  bytes out;
  put_tlv(out, tag_sequence, content);
  return out;
}

bytes block_hash(const block_header& h) { return crypto::to_bytes(crypto::sha256(header_bytes(h))); }

bytes compute_data_hash(const std::vector<envelope>& envelopes) {
  crypto::sha256_stream stream;
  for (const auto& e : envelopes) stream.add(e.raw().view());
  return crypto::to_bytes(stream.finish());
}

bytes next_commit_hash(bytes_view filter, bytes_view updates, bytes_view previous_commit_hash) {
  bytes length;
  proto::put_raw_varint(length, filter.size());
  return crypto::to_bytes(crypto::sha256_stream{}.add(length).add(filter).add(updates).add(previous_commit_hash).finish());
}

}  // namespace weft::ledger
