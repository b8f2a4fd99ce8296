// OpenSSL 3 deprecates EC_KEY and ECDSA_* in favour of EVP. They stay here, and only here, for two reasons: EVP has no way in for
// a nonce of our own (RFC 6979), and its contexts are bound to a key, so that a verifier of many keys would pay for one per call.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "crypto/keys/ecdsa.hpp"

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>

#include <cstring>

#include "config/base/assert.hpp"
#include "crypto/keys/der.hpp"
#include "crypto/keys/rfc6979.hpp"

namespace weft::crypto {

void free_openssl::operator()(EC_KEY* p) const noexcept { EC_KEY_free(p); }

namespace ecdsa {

namespace {

struct release {
  void operator()(BIGNUM* p) const noexcept { BN_clear_free(p); }
  void operator()(BN_CTX* p) const noexcept { BN_CTX_free(p); }
  void operator()(EC_POINT* p) const noexcept { EC_POINT_free(p); }
  void operator()(ECDSA_SIG* p) const noexcept { ECDSA_SIG_free(p); }
};
using bn_ptr = std::unique_ptr<BIGNUM, release>;
using point_ptr = std::unique_ptr<EC_POINT, release>;
using sig_ptr = std::unique_ptr<ECDSA_SIG, release>;

const unsigned char* data_of(bytes_view v) { return reinterpret_cast<const unsigned char*>(v.data()); }
int size_of(bytes_view v) { return static_cast<int>(v.size()); }
bn_ptr to_bn(bytes_view big_endian) { return bn_ptr(BN_bin2bn(data_of(big_endian), size_of(big_endian), nullptr)); }
bn_ptr to_bn(const signature::number& n) { return bn_ptr(BN_bin2bn(n.data(), signature::width, nullptr)); }

signature::number to_number(const BIGNUM* n) {
  signature::number out;
  WEFT_ASSERT(BN_bn2binpad(n, out.data(), signature::width) == signature::width, "a scalar wider than its curve");
  return out;
}

/// What never changes about a curve. Made once and kept until the process ends.
struct curve {
  EC_GROUP* group;
  const BIGNUM* order;
  signature::number order_bytes, half_order;
  std::size_t width;

  curve(int nid, std::size_t scalar_width) : group(EC_GROUP_new_by_curve_name(nid)), order(nullptr), width(scalar_width) {
    WEFT_ASSERT(group != nullptr, "OpenSSL does not know a NIST curve");
    order = EC_GROUP_get0_order(group);
    const bn_ptr half(BN_new());
    WEFT_ASSERT(half && BN_rshift1(half.get(), order), "out of memory");
    order_bytes = to_number(order);
    half_order = to_number(half.get());
  }
};

const curve& curve_of(key_kind kind) {
  static const curve p256(NID_X9_62_prime256v1, 32), p384(NID_secp384r1, 48);
  WEFT_ASSERT(kind != key_kind::ed25519, "Ed25519 is no ECDSA curve");
  return kind == key_kind::p256 ? p256 : p384;
}

BN_CTX* scratch() {
  thread_local const std::unique_ptr<BN_CTX, release> context(BN_CTX_secure_new());
  return context.get();
}

int compare(const signature::number& a, const signature::number& b) { return std::memcmp(a.data(), b.data(), signature::width); }
bool is_zero(const signature::number& n) { return compare(n, signature::number{}) == 0; }

/// One ECDSA_SIG per thread, refilled for each verification.
struct sig_slot {
  sig_ptr sig{ECDSA_SIG_new()};
  BIGNUM *r = BN_new(), *s = BN_new();
  sig_slot() { WEFT_ASSERT(sig && r && s && ECDSA_SIG_set0(sig.get(), r, s), "out of memory"); }
  const ECDSA_SIG* fill(const signature& value) {
    BN_bin2bn(value.r.data(), signature::width, r);
    BN_bin2bn(value.s.data(), signature::width, s);
    return sig.get();
  }
};

std::optional<signature::number> read_scalar(der::reader& in) {
  const auto integer = in.next(der::integer_tag);
  const auto magnitude = integer ? der::magnitude(integer->body) : std::nullopt;
  if (!magnitude || magnitude->empty() || magnitude->size() > signature::width) return std::nullopt;
  signature::number n{};
  std::memcpy(n.data() + (signature::width - magnitude->size()), magnitude->data(), magnitude->size());
  return n;
}

bytes_view view_of(const signature::number& n) { return {reinterpret_cast<const char*>(n.data()), n.size()}; }

/// k⁻¹ and r for the first usable nonce of RFC 6979 §3.2.
struct nonce {
  bn_ptr k_inverse, r;
};

std::optional<nonce> try_nonce(const curve& c, bytes_view candidate) {
  bn_ptr k = to_bn(candidate), x(BN_new());
  const point_ptr point(EC_POINT_new(c.group));
  if (!k || !x || !point || BN_is_zero(k.get()) || BN_cmp(k.get(), c.order) >= 0) return std::nullopt;
  BN_set_flags(k.get(), BN_FLG_CONSTTIME);
  nonce n{nullptr, bn_ptr(BN_new())};
  if (!n.r || !EC_POINT_mul(c.group, point.get(), k.get(), nullptr, nullptr, scratch()) ||
      !EC_POINT_get_affine_coordinates(c.group, point.get(), x.get(), nullptr, scratch()) || !BN_nnmod(n.r.get(), x.get(), c.order, scratch()) ||
      BN_is_zero(n.r.get()))
    return std::nullopt;
  n.k_inverse.reset(BN_mod_inverse(nullptr, k.get(), c.order, scratch()));
  return n.k_inverse ? std::optional<nonce>(std::move(n)) : std::nullopt;
}

/// The digest as bits2octets (RFC 6979 §2.3.4) sees it: SHA-256 is no longer than either order, so reduction is all there is to do.
bytes reduced(const curve& c, const digest& d) {
  const bn_ptr z = to_bn(view(d));
  WEFT_ASSERT(z && BN_nnmod(z.get(), z.get(), c.order, scratch()), "out of memory");
  const auto padded = to_number(z.get());
  return bytes(view_of(padded).substr(signature::width - c.width));
}

sig_ptr sign_deterministically(const curve& c, EC_KEY* key, key_kind kind, const digest& d) {
  bytes scalar = scalar_of(*key, kind);
  rfc6979::nonces candidates(scalar, reduced(c, d));
  OPENSSL_cleanse(scalar.data(), scalar.size());
  constexpr int tries_max = 64;  // Each fails with a probability of 2⁻³² at most.
  for (int i = 0; i < tries_max; ++i) {
    if (const auto n = try_nonce(c, candidates.next()))
      if (sig_ptr sig{ECDSA_do_sign_ex(d.data(), static_cast<int>(d.size()), n->k_inverse.get(), n->r.get(), key)}) return sig;
  }
  return nullptr;
}

ec_key_ptr make_key(const curve& c) {
  ec_key_ptr key(EC_KEY_new());
  WEFT_ASSERT(key && EC_KEY_set_group(key.get(), c.group), "out of memory");
  return key;
}

}  // namespace

std::size_t scalar_bytes(key_kind kind) { return curve_of(kind).width; }

std::optional<signature> parse(bytes_view data) {
  const auto sequence = der::only(data, der::sequence_tag);
  if (!sequence) return std::nullopt;
  der::reader in(sequence->body);
  const auto r = read_scalar(in);
  const auto s = r ? read_scalar(in) : std::nullopt;
  if (!s || !in.done()) return std::nullopt;
  return signature{*r, *s};
}

bytes encode(const signature& s) { return der::sequence({der::integer(view_of(s.r)), der::integer(view_of(s.s))}); }

bool is_low(const signature& s, key_kind kind) { return compare(s.s, curve_of(kind).half_order) <= 0; }

signature to_low(const signature& s, key_kind kind) {
  if (is_low(s, kind)) return s;
  const bn_ptr n = to_bn(s.s);
  WEFT_ASSERT(n && BN_sub(n.get(), curve_of(kind).order, n.get()) && !BN_is_negative(n.get()), "s is not below the curve's order");
  return {s.r, to_number(n.get())};
}

bool in_range(const signature& s, key_kind kind) {
  const auto& n = curve_of(kind).order_bytes;
  return !is_zero(s.r) && !is_zero(s.s) && compare(s.r, n) < 0 && compare(s.s, n) < 0;
}

bool verify(const public_key::state& key, bytes_view digest, bytes_view signature_der, s_rule rule) {
  const auto parsed = parse(signature_der);
  if (!parsed || !in_range(*parsed, key.kind) || (rule == s_rule::low && !is_low(*parsed, key.kind))) return false;
  thread_local sig_slot slot;
  const bool good = ECDSA_do_verify(data_of(digest), size_of(digest), slot.fill(*parsed), key.ec.get()) == 1;
  if (!good) ERR_clear_error();
  return good;
}

std::optional<bytes> sign(const private_key::state& key, const digest& message_digest, nonce_rule rule) {
  const key_kind kind = key.public_half.kind();
  const curve& c = curve_of(kind);
  const sig_ptr sig = rule == nonce_rule::random
                          ? sig_ptr(ECDSA_do_sign(message_digest.data(), static_cast<int>(message_digest.size()), key.ec.get()))
                          : sign_deterministically(c, key.ec.get(), kind, message_digest);
  if (!sig) {
    ERR_clear_error();
    return std::nullopt;
  }
  return encode(to_low({to_number(ECDSA_SIG_get0_r(sig.get())), to_number(ECDSA_SIG_get0_s(sig.get()))}, kind));
}

ec_key_ptr make_public(key_kind kind, bytes_view point) {
  const curve& c = curve_of(kind);
  if (point.size() != 1 + 2 * c.width || point[0] != '\x04') return nullptr;
  const point_ptr p(EC_POINT_new(c.group));
  WEFT_ASSERT(p != nullptr, "out of memory");
  if (!EC_POINT_oct2point(c.group, p.get(), data_of(point), point.size(), scratch())) {  // checks the curve's equation
    ERR_clear_error();
    return nullptr;
  }
  auto key = make_key(c);
  WEFT_ASSERT(EC_KEY_set_public_key(key.get(), p.get()), "out of memory");
  return key;
}

ec_key_ptr make_private(key_kind kind, bytes_view scalar) {
  const curve& c = curve_of(kind);
  if (scalar.size() > signature::width) return nullptr;
  const bn_ptr d = to_bn(scalar);
  const point_ptr p(EC_POINT_new(c.group));
  WEFT_ASSERT(d && p, "out of memory");
  if (BN_is_zero(d.get()) || BN_cmp(d.get(), c.order) >= 0) return nullptr;
  BN_set_flags(d.get(), BN_FLG_CONSTTIME);
  auto key = make_key(c);
  WEFT_ASSERT(EC_POINT_mul(c.group, p.get(), d.get(), nullptr, nullptr, scratch()) && EC_KEY_set_private_key(key.get(), d.get()) &&
                  EC_KEY_set_public_key(key.get(), p.get()),
              "OpenSSL cannot make a key from a valid scalar");
  return key;
}

bytes point_of(const EC_KEY& key, key_kind kind) {
  const curve& c = curve_of(kind);
  bytes out(1 + 2 * c.width, '\0');
  const auto written = EC_POINT_point2oct(c.group, EC_KEY_get0_public_key(&key), POINT_CONVERSION_UNCOMPRESSED,
                                          reinterpret_cast<unsigned char*>(out.data()), out.size(), scratch());
  WEFT_ASSERT(written == out.size(), "a key without a point");
  return out;
}

bytes scalar_of(const EC_KEY& key, key_kind kind) {
  bytes out(curve_of(kind).width, '\0');
  const int written = BN_bn2binpad(EC_KEY_get0_private_key(&key), reinterpret_cast<unsigned char*>(out.data()), size_of(out));
  WEFT_ASSERT(written == size_of(out), "a key without a scalar");
  return out;
}

}  // namespace ecdsa
}  // namespace weft::crypto
