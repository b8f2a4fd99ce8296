#include "crypto/x509/signed_object.hpp"

#include <openssl/evp.h>

#include <algorithm>

#include "config/base/assert.hpp"
#include "crypto/keys/der.hpp"
#include "crypto/keys/ecdsa.hpp"
#include "crypto/keys/signer.hpp"

namespace weft::crypto {

namespace {

using namespace std::string_view_literals;

constexpr auto ecdsa_sha256 = "\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02"sv;
constexpr auto ecdsa_sha384 = "\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x03"sv;
constexpr auto ecdsa_sha512 = "\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x04"sv;
constexpr auto ed25519 = "\x30\x05\x06\x03\x2b\x65\x70"sv;

/// The hash of an ECDSA algorithm; null for all others.
const EVP_MD* hash_of(bytes_view algorithm) {
  if (algorithm == ecdsa_sha256) return EVP_sha256();
  if (algorithm == ecdsa_sha384) return EVP_sha384();
  if (algorithm == ecdsa_sha512) return EVP_sha512();
  return nullptr;
}

bytes hash_with(const EVP_MD* md, bytes_view data) {
  bytes out(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  WEFT_ASSERT(EVP_Digest(data.data(), data.size(), reinterpret_cast<unsigned char*>(out.data()), &size, md, nullptr) == 1, "OpenSSL cannot hash");
  out.resize(size);
  return out;
}

key_kind curve_of(const ecdsa::signature& s) {
  const ecdsa::signature::number none{};
  const bool fits_32 = std::equal(s.r.begin(), s.r.begin() + 16, none.begin()) && std::equal(s.s.begin(), s.s.begin() + 16, none.begin());
  return fits_32 ? key_kind::p256 : key_kind::p384;
}

}  // namespace

std::optional<signed_object> split_signed(bytes_view data) {
  const auto outer = der::only(data, der::sequence_tag);
  if (!outer) return std::nullopt;
  der::reader in(outer->body);
  const auto part = in.next(der::sequence_tag);
  const auto algorithm = part ? in.next(der::sequence_tag) : std::nullopt;
  const auto bits = algorithm ? in.next(der::bit_string_tag) : std::nullopt;
  const auto signature = bits ? der::whole_bits(bits->body) : std::nullopt;
  if (!signature || !in.done()) return std::nullopt;
  return signed_object{part->whole, algorithm->whole, *signature};
}

bool verify_signed(const signed_object& object, const public_key& key) {
  static const auto plain = make_verifier();
  if (!key) return false;
  if (key.kind() == key_kind::ed25519) return object.algorithm == ed25519 && plain->verify(key, object.signed_part, object.signature);
  const EVP_MD* md = hash_of(object.algorithm);
  return md && ecdsa::verify(*key.native(), hash_with(md, object.signed_part), object.signature, ecdsa::s_rule::any);
}

bytes with_low_s(bytes_view data) {
  const auto object = split_signed(data);
  const auto signature = object && hash_of(object->algorithm) ? ecdsa::parse(object->signature) : std::nullopt;
  if (!signature) return bytes(data);
  const key_kind curve = curve_of(*signature);
  if (!ecdsa::in_range(*signature, curve) || ecdsa::is_low(*signature, curve)) return bytes(data);
  const bytes low = ecdsa::encode(ecdsa::to_low(*signature, curve));
  return der::sequence({object->signed_part, object->algorithm, der::bit_string(low)});
}

bytes_view signature_algorithm(key_kind kind) { return kind == key_kind::ed25519 ? ed25519 : ecdsa_sha256; }

}  // namespace weft::crypto
