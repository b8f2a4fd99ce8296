#include "crypto/keys/keys.hpp"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "config/base/assert.hpp"
#include "crypto/keys/der.hpp"
#include "crypto/keys/ecdsa.hpp"
#include "crypto/keys/openssl_key.hpp"
#include "crypto/keys/pem.hpp"

namespace weft::crypto {

void free_openssl::operator()(EVP_PKEY* p) const noexcept { EVP_PKEY_free(p); }

namespace {

using namespace std::string_view_literals;

/// What each kind looks like in DER. SubjectPublicKeyInfo is a fixed prefix and the raw key: DER leaves no other way to write it.
struct shape {
  key_kind kind;
  std::string_view spki_prefix;
  std::size_t raw_bytes;
  std::string_view algorithm;  ///< Body of the AlgorithmIdentifier.
  std::string_view curve;      ///< The named curve's OBJECT IDENTIFIER, with tag.
};

constexpr shape shapes[] = {
    {key_kind::p256, "\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00"sv, 65,
     "\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"sv, "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"sv},
    {key_kind::p384, "\x30\x76\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22\x03\x62\x00"sv, 97,
     "\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22"sv, "\x06\x05\x2b\x81\x04\x00\x22"sv},
    {key_kind::ed25519, "\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00"sv, 32, "\x06\x03\x2b\x65\x70"sv, ""sv},
};

const shape& shape_of(key_kind kind) { return shapes[static_cast<std::size_t>(kind)]; }

const unsigned char* data_of(bytes_view v) { return reinterpret_cast<const unsigned char*>(v.data()); }

/// Whether OpenSSL reads the bytes as a key of any algorithm: tells "not supported" from "not a key".
bool is_some_public_key(bytes_view der) {
  const auto* at = data_of(der);
  const evp_key_ptr key(d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size())));
  ERR_clear_error();
  return key != nullptr;
}

/// Null if the raw bytes are no key of this kind.
std::shared_ptr<public_key::state> make_public_state(key_kind kind, bytes_view raw) {
  auto s = std::make_shared<public_key::state>();
  s->kind = kind;
  s->raw = bytes(raw);
  s->spki = bytes(shape_of(kind).spki_prefix) + s->raw;
  if (kind == key_kind::ed25519)
    s->ed25519.reset(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, data_of(raw), raw.size()));
  else
    s->ec = ecdsa::make_public(kind, raw);
  return s->ec || s->ed25519 ? s : nullptr;
}

/// Null unless 0 < scalar < n.
std::shared_ptr<private_key::state> make_ec_private(key_kind kind, bytes_view scalar) {
  auto s = std::make_shared<private_key::state>();
  s->ec = ecdsa::make_private(kind, scalar);
  if (!s->ec) return nullptr;
  auto public_state = make_public_state(kind, ecdsa::point_of(*s->ec, kind));
  WEFT_ASSERT(public_state != nullptr, "a computed point is not on its curve");
  s->public_half = public_key(std::move(public_state));
  return s;
}

std::shared_ptr<private_key::state> make_ed25519_private(bytes_view seed) {
  auto s = std::make_shared<private_key::state>();
  s->ed25519.reset(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, data_of(seed), seed.size()));
  bytes raw(32, '\0');
  std::size_t size = raw.size();
  if (!s->ed25519 || EVP_PKEY_get_raw_public_key(s->ed25519.get(), reinterpret_cast<unsigned char*>(raw.data()), &size) != 1) {
    ERR_clear_error();
    return nullptr;
  }
  s->public_half = public_key(make_public_state(key_kind::ed25519, raw));
  return s;
}

error malformed(std::string what) { return {errc::invalid_argument, "malformed private key: " + std::move(what)}; }

/// ECPrivateKey (RFC 5915). `kind` is what the PKCS#8 wrapping said, if there was one.
result<private_key> read_sec1(bytes_view data, std::optional<key_kind> kind) {
  const auto sequence = der::only(data, der::sequence_tag);
  if (!sequence) return fail(malformed("no SEC1 structure"));
  der::reader in(sequence->body);
  const auto version = in.next(der::integer_tag);
  const auto scalar = version ? in.next(der::octet_string_tag) : std::nullopt;
  if (!scalar || version->body != "\1"sv) return fail(malformed("no SEC1 version 1"));
  if (const auto parameters = in.next(der::context_tag(0)); parameters && !kind)
    for (const auto& s : shapes)
      if (!s.curve.empty() && parameters->body == s.curve) kind = s.kind;
  if (!kind) return fail(errc::unsupported, "private key on a curve other than P-256 and P-384");
  const auto point = in.next(der::context_tag(1));
  if (!in.done()) return fail(malformed("unexpected fields"));
  auto state = make_ec_private(*kind, scalar->body);
  if (!state) return fail(malformed("the scalar is out of range"));
  if (point) {
    const auto bits = der::only(point->body, der::bit_string_tag);
    const auto raw = bits ? der::whole_bits(bits->body) : std::nullopt;
    if (!raw || *raw != state->public_half.raw()) return fail(malformed("its public point belongs to another key"));
  }
  return private_key(std::move(state));
}

/// PrivateKeyInfo (RFC 5208) and OneAsymmetricKey (RFC 5958).
result<private_key> read_pkcs8(bytes_view data) {
  const auto sequence = der::only(data, der::sequence_tag);
  if (!sequence) return fail(malformed("no PKCS#8 structure"));
  der::reader in(sequence->body);
  const auto version = in.next(der::integer_tag);
  const auto algorithm = version ? in.next(der::sequence_tag) : std::nullopt;
  const auto key = algorithm ? in.next(der::octet_string_tag) : std::nullopt;
  if (!key) return fail(malformed("no PKCS#8 fields"));
  for (const auto& s : shapes) {
    if (algorithm->body != s.algorithm) continue;
    if (s.kind != key_kind::ed25519) return read_sec1(key->body, s.kind);
    const auto seed = der::only(key->body, der::octet_string_tag);
    auto state = seed && seed->body.size() == 32 ? make_ed25519_private(seed->body) : nullptr;
    if (!state) return fail(malformed("no 32-byte Ed25519 seed"));
    return private_key(std::move(state));
  }
  return fail(errc::unsupported, "private key that is neither P-256, P-384 nor Ed25519");
}

/// The key's content inside PKCS#8: SEC1 without parameters, as Go writes it, or the Ed25519 seed.
bytes pkcs8_content(const private_key::state& s) {
  const auto& pub = s.public_half;
  if (pub.kind() != key_kind::ed25519) {
    bytes scalar = ecdsa::scalar_of(*s.ec, pub.kind());
    bytes content = der::sequence({"\x02\x01\x01"sv, der::octet_string(scalar), der::tlv(der::context_tag(1), {der::bit_string(pub.raw())})});
    OPENSSL_cleanse(scalar.data(), scalar.size());
    return content;
  }
  bytes seed(32, '\0');
  std::size_t size = seed.size();
  WEFT_ASSERT(EVP_PKEY_get_raw_private_key(s.ed25519.get(), reinterpret_cast<unsigned char*>(seed.data()), &size) == 1, "no Ed25519 seed");
  return der::octet_string(seed);
}

}  // namespace

std::string_view to_string(key_kind kind) noexcept {
  switch (kind) {
    case key_kind::p256: return "P-256";
    case key_kind::p384: return "P-384";
    case key_kind::ed25519: return "Ed25519";
  }
  return "unknown";
}

result<public_key> public_key::from_spki(bytes_view der) {
  for (const auto& s : shapes) {
    if (der.substr(0, s.spki_prefix.size()) != s.spki_prefix) continue;
    const auto raw = der.substr(s.spki_prefix.size());
    auto made = raw.size() == s.raw_bytes ? make_public_state(s.kind, raw) : nullptr;
    if (!made) return fail(errc::invalid_argument, "malformed " + std::string(to_string(s.kind)) + " public key");
    return public_key(std::move(made));
  }
  if (is_some_public_key(der)) return fail(errc::unsupported, "public key that is neither P-256, P-384 nor Ed25519");
  return fail(errc::invalid_argument, "bytes that are no public key");
}

key_kind public_key::kind() const {
  WEFT_ASSERT(state_ != nullptr, "an empty public key has no kind");
  return state_->kind;
}
bytes_view public_key::raw() const { return state_ ? bytes_view(state_->raw) : bytes_view(); }
bytes_view public_key::spki() const { return state_ ? bytes_view(state_->spki) : bytes_view(); }
bytes public_key::ski() const { return state_ ? to_bytes(sha256(state_->raw)) : bytes(); }

private_key private_key::generate(random_source& random, key_kind kind) {
  WEFT_ASSERT(kind != key_kind::p384, "P-384 keys are read, never made");
  bytes scalar(32, '\0');
  for (;;) {  // Rejection: a draw misses [1, n−1] once in 2³². Every Ed25519 seed is good.
    random.fill(scalar.data(), scalar.size());
    if (auto made = kind == key_kind::p256 ? make_ec_private(kind, scalar) : make_ed25519_private(scalar)) {
      OPENSSL_cleanse(scalar.data(), scalar.size());
      return private_key(std::move(made));
    }
  }
}

result<private_key> private_key::from_pem(std::string_view text) {
  for (;;) {
    WEFT_TRY(auto block, pem::next(text));
    if (!block) return fail(errc::invalid_argument, "no private key in this PEM text");
    if (block->label == "ENCRYPTED PRIVATE KEY") return fail(errc::unsupported, "private key is encrypted; decrypt it first");
    if (block->label != "PRIVATE KEY" && block->label != "EC PRIVATE KEY") continue;
    auto key = block->label == "PRIVATE KEY" ? read_pkcs8(block->der) : read_sec1(block->der, std::nullopt);
    OPENSSL_cleanse(block->der.data(), block->der.size());
    return key;
  }
}

std::string private_key::to_pem() const {
  WEFT_ASSERT(state_ != nullptr, "an empty private key");
  bytes content = pkcs8_content(*state_);
  const auto& algorithm = shape_of(public_half().kind()).algorithm;
  bytes der = der::sequence({"\x02\x01\x00"sv, der::sequence({algorithm}), der::octet_string(content)});
  std::string text = pem::encode("PRIVATE KEY", der);
  OPENSSL_cleanse(content.data(), content.size());
  OPENSSL_cleanse(der.data(), der.size());
  return text;
}

const public_key& private_key::public_half() const { return state_->public_half; }

}  // namespace weft::crypto
