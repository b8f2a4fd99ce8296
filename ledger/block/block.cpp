#include "ledger/block/block.hpp"

#include <algorithm>

#include "config/base/assert.hpp"
#include "ledger/tx/fields.hpp"
#include "proto/wire_write.hpp"

namespace weft::ledger {

using namespace fields;

namespace {

bool take_header(bytes_view message, block_header& into) {
  return walk(message, [&](const wire_field& f) {
    if (is_number(f, 1)) into.number = block_number(f.value);
    if (is_block(f, 2)) into.previous_hash = f.payload;
    if (is_block(f, 3)) into.data_hash = f.payload;
    return true;
  });
}

bool take_data(bytes_view message, const shared_bytes& owner, std::vector<envelope>& into) {
  return walk(message, [&](const wire_field& f) {
    if (is_block(f, 1)) into.push_back(envelope::keep(shared_bytes(owner, f.payload)));
    return true;
  });
}

bool take_metadata(bytes_view message, std::array<bytes, metadata_slots>& into, std::size_t& seen) {
  return walk(message, [&](const wire_field& f) {
    if (!is_block(f, 1)) return true;
    if (seen < metadata_slots) into[seen] = f.payload;
    ++seen;
    return true;
  });
}

bytes encode_header(const block_header& h) {
  bytes out;
  proto::put_varint(out, 1, h.number.value);
  proto::put_bytes(out, 2, h.previous_hash);
  proto::put_bytes(out, 3, h.data_hash);
  return out;
}

}  // namespace

result<block> block::parse(shared_bytes raw) {
  auto content = std::make_shared<block_content>();
  std::array<bytes, metadata_slots> metadata;
  std::size_t seen = 0;
  bool has_header = false;
  const bool ok = walk(raw.view(), [&](const wire_field& f) {
    if (is_block(f, 1)) {
      has_header = true;
      return take_header(f.payload, content->header);
    }
    if (is_block(f, 2)) return take_data(f.payload, raw, content->envelopes);
    return !is_block(f, 3) || take_metadata(f.payload, metadata, seen);
  });
  if (!ok) return fail(errc::invalid_argument, "error unmarshaling Block: proto: cannot parse invalid wire-format data");
  if (!has_header) return fail(errc::invalid_argument, "block without header");
  content->hash = block_hash(content->header);
  block b(std::move(content), std::move(metadata));
  b.slots_seen_ = seen;
  return b;
}

block block::make(block_number number, bytes previous_hash, std::vector<envelope> envelopes) {
  auto content = std::make_shared<block_content>();
  content->header = {number, std::move(previous_hash), compute_data_hash(envelopes)};
  content->envelopes = std::move(envelopes);
  content->hash = block_hash(content->header);
  content->data_hash.pass();
  return block(std::move(content), {});
}

block_pieces block::pieces() const {
  WEFT_ASSERT(content_, "an empty block handle has no bytes");
  constexpr std::size_t tag_max = 6;  // a tag of one byte, and the length of what fits into memory in one message
  std::size_t data = 0, metadata = 0;
  for (const auto& e : content_->envelopes) data += proto::field_size(1, e.raw().size());
  for (const auto& slot : metadata_) metadata += proto::field_size(1, slot.size());

  block_pieces out;
  out.envelopes_ = content_;
  const bytes header = encode_header(content_->header);
  const auto frame_max = proto::field_size(1, header.size()) + tag_max * (content_->envelopes.size() + 2) + metadata;
  out.frame_.reserve(std::max(frame_max, sizeof out.frame_));  // never grows: there are views into it
  out.views_.reserve(2 * content_->envelopes.size() + 2);
  std::size_t from = 0;
  const auto framed = [&] {
    out.views_.push_back(bytes_view(out.frame_).substr(from));
    from = out.frame_.size();
  };
  proto::put_present(out.frame_, 1, header);
  proto::put_length(out.frame_, 2, data);
  for (const auto& e : content_->envelopes) {
    proto::put_length(out.frame_, 1, e.raw().size());
    framed();
    out.views_.push_back(e.raw().view());
  }
  proto::put_length(out.frame_, 3, metadata);
  for (const auto& slot : metadata_) proto::put_present(out.frame_, 1, slot);
  framed();
  return out;
}

bytes block_pieces::joined() const {
  std::size_t size = 0;
  for (const auto& v : views_) size += v.size();
  bytes out;
  out.reserve(size);
  for (const auto& v : views_) out.append(v);
  return out;
}

block block::without_peer_metadata() const {
  block copy = *this;
  copy.set_metadata(metadata_slot::transactions_filter, {});
  copy.set_metadata(metadata_slot::commit_hash, {});
  return copy;
}

namespace {

std::string entry(std::size_t i, std::string_view what) { return "transaction " + std::to_string(i) + " " + std::string(what); }

bool is_single_config(const std::vector<envelope>& envelopes) {
  if (envelopes.size() != 1) return false;
  const auto& header = envelopes.front().header();
  return header && header->type == static_cast<std::int32_t>(header_type::config);
}

result<void> check_data(const std::vector<envelope>& envelopes) {
  if (envelopes.empty()) return fail(errc::invalid_argument, "empty block: no transactions");
  if (is_single_config(envelopes)) return {};
  for (std::size_t i = 0; i < envelopes.size(); ++i) {
    const auto& e = envelopes[i];
    if (!e.well_formed()) return fail(errc::invalid_argument, entry(i, "is no envelope"));
    if (e.payload().empty()) return fail(errc::invalid_argument, entry(i, "has no payload"));
    if (e.signature().empty()) return fail(errc::invalid_argument, entry(i, "has no signature"));
    if (!e.canonical()) return fail(errc::invalid_argument, entry(i, "is not canonically encoded"));
  }
  return {};
}

result<void> check_all(const block& b, block_number expected, bytes_view previous_hash, bool strict) {
  if (b.number() != expected)
    return fail(errc::invalid_argument, "expected block number " + std::to_string(expected.value) + ", got " + std::to_string(b.number().value));
  if (strict && b.slots_seen() < metadata_slots)
    return fail(errc::invalid_argument, "expected " + std::to_string(metadata_slots) + " metadata slots, got " + std::to_string(b.slots_seen()));
  if (b.header().previous_hash != previous_hash && expected == block_number{1})
    return fail(errc::corruption, "previous hash differs: it belongs to a channel with genesis block " + to_hex(bytes_view(b.header().previous_hash).substr(0, 4)) + ", not to the one with " +
                                      to_hex(previous_hash.substr(0, 4)) + " that is here");
  if (b.header().previous_hash != previous_hash)
    return fail(errc::corruption, "previous hash differs: the block before has " + to_hex(previous_hash) + ", the header says " + to_hex(b.header().previous_hash));
  if (!b.content()->data_hash.passed()) {
    if (const bytes actual = compute_data_hash(b.envelopes()); actual != b.header().data_hash)
      return fail(errc::corruption, "data hash differs: the data have " + to_hex(actual) + ", the header says " + to_hex(b.header().data_hash));
    b.content()->data_hash.pass();
  }
  return check_data(b.envelopes());
}

}  // namespace

result<void> check_links(const block& b, block_number expected, bytes_view previous_hash, bool strict) {
  if (!b) return fail(errc::invalid_argument, "no block");
  auto ok = check_all(b, expected, previous_hash, strict);
  if (!ok) return fail(within("block " + std::to_string(b.number().value), std::move(ok.error())));
  return {};
}

}  // namespace weft::ledger
