#include "crypto/keys/der.hpp"

#include "config/base/assert.hpp"

namespace weft::crypto::der {

namespace {

std::size_t byte_at(bytes_view data, std::size_t i) { return static_cast<unsigned char>(data[i]); }

struct length {
  std::size_t value = 0, octets = 0;
};

/// The length field that starts at data[1]. Four octets hold more than any message may.
std::optional<length> read_length(bytes_view data) {
  const std::size_t first = byte_at(data, 1);
  if (first < 0x80) return length{first, 1};
  const std::size_t count = first & 0x7f;
  if (count == 0 || count > 4 || data.size() < 2 + count) return std::nullopt;
  std::size_t value = 0;
  for (std::size_t i = 0; i < count; ++i) value = value << 8 | byte_at(data, 2 + i);
  const bool minimal = value >= 0x80 && byte_at(data, 2) != 0;
  if (!minimal) return std::nullopt;
  return length{value, 1 + count};
}

void append_length(bytes& out, std::size_t value) {
  if (value < 0x80) {
    out.push_back(static_cast<char>(value));
    return;
  }
  int count = 0;
  for (std::size_t v = value; v != 0; v >>= 8) ++count;
  WEFT_ASSERT(count <= 4, "a DER element of more than 4 GiB");
  out.push_back(static_cast<char>(0x80 | count));
  for (int i = count - 1; i >= 0; --i) out.push_back(static_cast<char>(value >> (8 * i) & 0xff));
}

}  // namespace

std::optional<element> reader::next() {
  if (rest_.size() < 2) return std::nullopt;
  const auto tag = static_cast<unsigned char>(rest_[0]);
  if ((tag & 0x1f) == 0x1f) return std::nullopt;
  const auto len = read_length(rest_);
  if (!len) return std::nullopt;
  const std::size_t header = 1 + len->octets;
  if (len->value > rest_.size() - header) return std::nullopt;
  const element e{tag, rest_.substr(header, len->value), rest_.substr(0, header + len->value)};
  rest_.remove_prefix(e.whole.size());
  return e;
}

std::optional<element> reader::next(unsigned char tag) {
  const bytes_view before = rest_;
  auto e = next();
  if (e && e->tag == tag) return e;
  rest_ = before;
  return std::nullopt;
}

std::optional<element> only(bytes_view data, unsigned char tag) {
  reader r(data);
  auto e = r.next(tag);
  return e && r.done() ? e : std::nullopt;
}

std::optional<bytes_view> magnitude(bytes_view body) {
  if (body.empty() || byte_at(body, 0) >= 0x80) return std::nullopt;
  if (byte_at(body, 0) != 0) return body;
  if (body.size() > 1 && byte_at(body, 1) < 0x80) return std::nullopt;
  return body.substr(1);
}

std::optional<bytes_view> whole_bits(bytes_view body) {
  if (body.empty() || body[0] != '\0') return std::nullopt;
  return body.substr(1);
}

bytes tlv(unsigned char tag, std::initializer_list<bytes_view> parts) {
  std::size_t size = 0;
  for (const auto part : parts) size += part.size();
  bytes out;
  out.reserve(size + 6);
  out.push_back(static_cast<char>(tag));
  append_length(out, size);
  for (const auto part : parts) out += part;
  return out;
}

bytes integer(bytes_view big_endian) {
  while (!big_endian.empty() && big_endian[0] == '\0') big_endian.remove_prefix(1);
  const bool needs_zero = big_endian.empty() || byte_at(big_endian, 0) >= 0x80;
  return tlv(integer_tag, {needs_zero ? bytes_view("\0", 1) : bytes_view(), big_endian});
}

bytes octet_string(bytes_view data) { return tlv(octet_string_tag, {data}); }
bytes bit_string(bytes_view data) { return tlv(bit_string_tag, {bytes_view("\0", 1), data}); }

}  // namespace weft::crypto::der
