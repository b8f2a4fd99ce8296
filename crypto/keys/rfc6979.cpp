#include "crypto/keys/rfc6979.hpp"

#include <openssl/crypto.h>

#include "crypto/hash/sha256.hpp"

namespace weft::crypto::rfc6979 {

namespace {

constexpr std::size_t block_bytes = 64;
const bytes_view zero_byte("\0", 1), one_byte("\1", 1);

bytes padded(bytes_view key, unsigned char mask) {
  bytes out(block_bytes, static_cast<char>(mask));
  for (std::size_t i = 0; i < key.size(); ++i) out[i] = static_cast<char>(static_cast<unsigned char>(key[i]) ^ mask);
  return out;
}

}  // namespace

bytes hmac_sha256(bytes_view key, std::initializer_list<bytes_view> parts) {
  const bytes short_key = key.size() > block_bytes ? to_bytes(sha256(key)) : bytes(key);
  sha256_stream stream;
  stream.add(padded(short_key, 0x36));
  for (const auto part : parts) stream.add(part);
  const digest inner = stream.finish();
  return to_bytes(stream.add(padded(short_key, 0x5c)).add(view(inner)).finish());
}

nonces::nonces(bytes_view scalar, bytes_view reduced_digest) : key_(32, '\0'), value_(32, '\1'), width_(scalar.size()) {
  for (const auto separator : {zero_byte, one_byte}) {
    key_ = hmac_sha256(key_, {value_, separator, scalar, reduced_digest});
    value_ = hmac_sha256(key_, {value_});
  }
}

nonces::~nonces() {
  OPENSSL_cleanse(key_.data(), key_.size());
  OPENSSL_cleanse(value_.data(), value_.size());
}

bytes nonces::next() {
  if (!first_) {
    key_ = hmac_sha256(key_, {value_, zero_byte});
    value_ = hmac_sha256(key_, {value_});
  }
  first_ = false;
  bytes candidate;
  while (candidate.size() < width_) candidate += value_ = hmac_sha256(key_, {value_});
  candidate.resize(width_);
  return candidate;
}

}  // namespace weft::crypto::rfc6979
