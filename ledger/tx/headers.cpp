#include "ledger/tx/headers.hpp"

#include <limits>

#include "crypto/hash/sha256.hpp"
#include "ledger/tx/fields.hpp"

namespace weft::ledger {

using namespace fields;
using proto::wire_type;

namespace {

struct time_parts {
  std::int64_t seconds = 0;
  std::int32_t nanos = 0;
};

bool take_time(bytes_view message, time_parts& into) {
  return walk(message, [&](const wire_field& f) {
    if (is_number(f, 1)) into.seconds = static_cast<std::int64_t>(f.value);
    if (is_number(f, 2)) into.nanos = static_cast<std::int32_t>(f.value);
    return true;
  });
}

/// What does not fit in 64 bits of nanoseconds (before 1677, after 2262) becomes the nearest that does: outside every window anyway.
timestamp to_timestamp(time_parts t) {
  constexpr std::int64_t billion = 1'000'000'000, most = std::numeric_limits<std::int64_t>::max() / billion - 3;
  if (t.seconds > most) return timestamp::max();
  if (t.seconds < -most) return timestamp::min();
  return timestamp{std::chrono::nanoseconds{t.seconds * billion + t.nanos}};
}

bool take_channel_header(headers& h) {
  time_parts time;
  const bool ok = walk(h.channel_header, [&](const wire_field& f) {
    if (f.type == wire_type::varint) {
      if (f.number == 1) h.type = static_cast<std::int32_t>(f.value);
      if (f.number == 6) h.epoch = static_cast<std::int64_t>(f.value);
      return true;
    }
    if (f.type != wire_type::length_delimited) return true;
    switch (f.number) {
      case 3: h.has_time = true; return take_time(f.payload, time);
      case 4: return take_text(f, h.channel_id);
      case 5: return take_text(f, h.tx_id);
      case 7: h.extension = f.payload; return true;
      case 8: h.tls_cert_hash = f.payload; return true;
      default: return true;
    }
  });
  if (h.has_time) h.time = to_timestamp(time);
  return ok;
}

bool take_signature_header(headers& h) {
  return walk(h.signature_header, [&](const wire_field& f) {
    if (is_block(f, 1)) h.creator = f.payload;
    if (is_block(f, 2)) h.nonce = f.payload;
    return true;
  });
}

}  // namespace

bool take_header(bytes_view header, headers& into) {
  return walk(header, [&](const wire_field& f) {
    if (is_block(f, 1)) into.channel_header = f.payload;
    if (is_block(f, 2)) into.signature_header = f.payload;
    return true;
  });
}

std::string take_inner_headers(headers& into) {
  if (!take_channel_header(into)) return "error unmarshaling ChannelHeader: proto: cannot parse invalid wire-format data";
  if (!take_signature_header(into)) return "error unmarshaling SignatureHeader: proto: cannot parse invalid wire-format data";
  return {};
}

bool take_chaincode_id(bytes_view message, chaincode_id& into) {
  into.present = true;
  bytes_view path;
  return walk(message, [&](const wire_field& f) {
    if (is_block(f, 1)) return take_text(f, path);
    if (is_block(f, 2)) return take_text(f, into.name);
    if (is_block(f, 3)) return take_text(f, into.version);
    return true;
  });
}

bool take_extension(bytes_view extension, chaincode_id& into) {
  return walk(extension, [&](const wire_field& f) { return !is_block(f, 2) || take_chaincode_id(f.payload, into); });
}

result<headers> parse_headers(bytes_view header) {
  headers h;
  if (!take_header(header, h)) return fail(errc::invalid_argument, "error unmarshaling Header: proto: cannot parse invalid wire-format data");
  if (auto why = take_inner_headers(h); !why.empty()) return fail(errc::invalid_argument, std::move(why));
  return h;
}

std::string compute_txid(bytes_view nonce, bytes_view creator) {
  return to_hex(crypto::view(crypto::sha256_stream{}.add(nonce).add(creator).finish()));
}

}  // namespace weft::ledger
